import type { Prng } from '@quorate/base';
import type { SimulatedCluster } from '../simulated-cluster.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import type { Nemesis } from './nemesis.ts';
import { crashFor, drawDownMs, pickToDamage, pickUp } from './victims.ts';

/** The node must stop itself: what is on its disk is no longer known. */
export const failedSync: Nemesis = {
  name: 'failed-fsync',
  strike(cluster, prng) {
    const node = pickUp(cluster, prng);
    if (node === null || node.diskFault) return false;
    node.diskFault = true;
    node.disk.injectSyncFault('fail', () => true, 1);
    cluster.scheduler.schedule(prng.between(500, 4000), () => restartIfHalted(cluster, node));
    return true;
  },
};

/** Started after a crash, the node cannot read its disk; later it can. */
export const failedRead: Nemesis = {
  name: 'failed-read',
  strike(cluster, prng) {
    const node = pickUp(cluster, prng);
    if (node === null || node.diskFault) return false;
    const skip = prng.between(0, 3);
    let reads = 0;
    cluster.crash(node, prng.chance(0.5));
    cluster.scheduler.schedule(drawDownMs(prng), () => {
      if (node.up) return;
      node.disk.injectReadFault(() => reads++ >= skip, 1);
      cluster.start(node);
      node.diskFault = true;
      cluster.scheduler.schedule(prng.between(100, 2000), () => restartIfHalted(cluster, node));
    });
    return true;
  },
};

function restartIfHalted(cluster: SimulatedCluster, node: SimulatedNode): void {
  if (node.halted === null) return;
  cluster.crash(node, true);
  cluster.start(node);
}

export const slowDisk: Nemesis = {
  name: 'slow-disk',
  strike(cluster, prng) {
    const node = prng.pick(cluster.nodes);
    const maxMs = prng.pick([20, 200, 3000]);
    slowDown(cluster, node, cluster.usualDiskLatency.minMs, maxMs, prng.between(500, 5000));
    return true;
  },
};

/** Nothing comes back for a long while: a controller that resets, a network disk that is gone. */
export const stalledDisk: Nemesis = {
  name: 'stalled-disk',
  strike(cluster, prng) {
    const node = prng.pick(cluster.nodes);
    const stallMs = prng.between(500, 4000);
    slowDown(cluster, node, stallMs, stallMs, stallMs);
    return true;
  },
};

function slowDown(
  cluster: SimulatedCluster,
  node: SimulatedNode,
  minMs: number,
  maxMs: number,
  lastsMs: number,
): void {
  const usual = cluster.usualDiskLatency;
  node.disk.latency = { ...usual, minMs, maxMs };
  cluster.endLater(lastsMs, () => {
    node.disk.latency = usual;
  });
}

/** No room, or almost none, and later room again. */
export const fullDisk: Nemesis = {
  name: 'full-disk',
  strike(cluster, prng) {
    const node = prng.pick(cluster.nodes);
    const room = prng.pick([0, 100, 5000, 50_000]);
    node.disk.capacityBytes = node.disk.usedBytes + prng.between(0, room);
    cluster.endLater(prng.between(500, 8000), () => {
      node.disk.capacityBytes = Number.POSITIVE_INFINITY;
      restartIfHalted(cluster, node);
    });
    return true;
  },
};

/** Syncs report success and make nothing durable; then, most often, the power goes. */
export const lostSync: Nemesis = {
  name: 'lost-fsync',
  strike(cluster, prng) {
    const node = pickToDamage(cluster, prng);
    if (node === null || !node.up) return false;
    node.mayBeDamaged = true;
    const isHit = prng.pick([isAny, isLog, isSnapshot]);
    node.disk.injectSyncFault('lose', isHit, prng.pick([1, 3, 30]));
    crashSoon(cluster, prng, node, 0.8, 400);
    return true;
  },
};

/** A bit of what is on the medium turns; it shows when it is read next. */
export const flippedBit: Nemesis = {
  name: 'bit-flip',
  strike(cluster, prng) {
    const node = pickToDamage(cluster, prng);
    if (node === null) return false;
    const isHit = prng.pick([isLog, isLog, isSnapshot, isAny]);
    if (node.disk.corrupt(prng, isHit) === null) return false;
    node.mayBeDamaged = true;
    crashSoon(cluster, prng, node, 0.7, 3000);
    return true;
  },
};

/** A write lands elsewhere, and its own place keeps what it had. */
export const misdirectedWrite: Nemesis = {
  name: 'misdirected-write',
  strike(cluster, prng) {
    const node = pickToDamage(cluster, prng);
    if (node === null || !node.up) return false;
    node.mayBeDamaged = true;
    node.disk.injectMisdirectedWrite(prng.pick([isAny, isLog, isLog]), prng.between(1, 2));
    crashSoon(cluster, prng, node, 0.7, 3000);
    return true;
  },
};

/** Damage shows when the disk is read, and it is read at the start. */
function crashSoon(
  cluster: SimulatedCluster,
  prng: Prng,
  node: SimulatedNode,
  probability: number,
  withinMs: number,
): void {
  if (!prng.chance(probability)) return;
  const losePower = prng.chance(0.7);
  const downMs = drawDownMs(prng);
  cluster.endLater(prng.between(1, withinMs), () => {
    if (node.up) crashFor(cluster, node, losePower, downMs);
  });
}

const isAny = (): boolean => true;
const isLog = (path: string): boolean => path.includes('/wal/');
/** Of snapshots, or of what they refer to. */
const isSnapshot = (path: string): boolean =>
  path.includes('/snapshots/') || path.includes('/machines/');

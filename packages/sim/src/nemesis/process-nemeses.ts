import type { Prng } from '@quorate/base';
import type { SimulatedCluster, SimulatedNode } from '../simulated-cluster.ts';
import type { Nemesis } from './nemesis.ts';

function pickUp(cluster: SimulatedCluster, prng: Prng): SimulatedNode | null {
  const up = cluster.nodes.filter((node) => node.up && !node.world.paused);
  return up.length === 0 ? null : prng.pick(up);
}

function pickLeader(cluster: SimulatedCluster, prng: Prng): SimulatedNode | null {
  const leaders = cluster.nodes.filter((node) => cluster.leads(node));
  return leaders.length === 0 ? null : prng.pick(leaders);
}

function crashFor(
  cluster: SimulatedCluster,
  node: SimulatedNode,
  losePower: boolean,
  downMs: number,
): void {
  cluster.crash(node, losePower);
  cluster.scheduler.schedule(downMs, () => {
    if (!node.up) cluster.start(node);
  });
}

/** Down for a moment or for several elections. */
function drawDownMs(prng: Prng): number {
  return prng.chance(0.5) ? prng.between(1, 200) : prng.between(200, 6000);
}

/** kill -9: the machine lives on, and with it what was written and not synced. */
export const killProcess: Nemesis = {
  name: 'kill',
  strike(cluster, prng) {
    const node = pickUp(cluster, prng);
    if (node === null) return false;
    crashFor(cluster, node, false, drawDownMs(prng));
    return true;
  },
};

export const losePower: Nemesis = {
  name: 'power loss',
  strike(cluster, prng) {
    const node = pickUp(cluster, prng);
    if (node === null) return false;
    crashFor(cluster, node, true, drawDownMs(prng));
    return true;
  },
};

export const leaderLosesPower: Nemesis = {
  name: 'power loss of a leader',
  strike(cluster, prng) {
    const node = pickLeader(cluster, prng);
    if (node === null) return false;
    crashFor(cluster, node, true, drawDownMs(prng));
    return true;
  },
};

export const allLosePower: Nemesis = {
  name: 'power loss of all',
  strike(cluster, prng) {
    for (const node of cluster.nodes) {
      if (node.up) crashFor(cluster, node, true, drawDownMs(prng));
    }
    return true;
  },
};

/** SIGSTOP, a long garbage collection, a virtual machine that is moved. */
export const pause: Nemesis = {
  name: 'pause',
  strike(cluster, prng) {
    const node = prng.chance(0.5) ? pickLeader(cluster, prng) : pickUp(cluster, prng);
    if (node === null || node.world.paused) return false;
    cluster.pause(node);
    cluster.scheduler.schedule(prng.between(50, 5000), () => cluster.resume(node));
    return true;
  },
};

/** The node must stop itself: what is on its disk is no longer known. */
export const failedSync: Nemesis = {
  name: 'failed fsync',
  strike(cluster, prng) {
    const node = pickUp(cluster, prng);
    if (node === null || node.diskFault) return false;
    node.diskFault = true;
    node.disk.injectSyncFault('fail', () => true, 1);
    const downMs = prng.between(500, 4000);
    cluster.scheduler.schedule(downMs, () => {
      if (node.halted === null) return;
      cluster.crash(node, true);
      cluster.start(node);
    });
    return true;
  },
};

export const slowDisk: Nemesis = {
  name: 'slow disk',
  strike(cluster, prng) {
    const node = prng.pick(cluster.nodes);
    const usual = cluster.usualDiskLatency;
    node.disk.latency = { ...usual, maxMs: prng.pick([20, 200, 3000]) };
    cluster.scheduler.schedule(prng.between(500, 5000), () => {
      node.disk.latency = usual;
    });
    return true;
  },
};

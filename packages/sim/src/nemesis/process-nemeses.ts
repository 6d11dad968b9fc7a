import type { Prng } from '@quorate/base';
import type { SimulatedCluster } from '../simulated-cluster.ts';
import { nextRelease, presentRelease, type SimulatedNode } from '../simulated-node.ts';
import type { Nemesis } from './nemesis.ts';
import { crashFor, drawDownMs, pickLeader, pickUp } from './victims.ts';

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

/** What was not synced is there, gone or torn. */
export const losePower: Nemesis = {
  name: 'power-loss',
  strike(cluster, prng) {
    const node = pickUp(cluster, prng);
    if (node === null) return false;
    crashFor(cluster, node, true, drawDownMs(prng));
    return true;
  },
};

/**
 * A process is killed, starts again on what the cache still has, and then the power goes: what it
 * built on in between may never have been durable.
 */
export const powerLossAfterKill: Nemesis = {
  name: 'power-loss-after-kill',
  strike(cluster, prng) {
    const node = prng.chance(0.4) ? pickLeader(cluster, prng) : pickUp(cluster, prng);
    if (node === null) return false;
    const times = prng.pick([1, 1, 2, 4]);
    const own = prng.fork();
    let isOver = false;
    cluster.endLater(60_000, () => {
      isOver = true;
    });
    const strikeOnce = (left: number): void => {
      if (left === 0 || isOver || !node.up) return;
      crashFor(cluster, node, false, own.between(0, 20));
      cluster.endLater(own.pick([30, 60, 150, 400]) + own.between(0, 30), () => {
        if (node.up) crashFor(cluster, node, true, drawDownMs(own));
        cluster.scheduler.schedule(own.between(300, 900), () => strikeOnce(left - 1));
      });
    };
    strikeOnce(times);
    return true;
  },
};

export const leaderLosesPower: Nemesis = {
  name: 'leader-power-loss',
  strike(cluster, prng) {
    const node = pickLeader(cluster, prng);
    if (node === null) return false;
    crashFor(cluster, node, true, drawDownMs(prng));
    return true;
  },
};

/**
 * The leader's process ends, and whoever looks after it tells the others, which then do not wait;
 * now and then they are told though it lives.
 */
export const leaderForgotten: Nemesis = {
  name: 'leader-forgotten',
  strike(cluster, prng) {
    const node = pickLeader(cluster, prng);
    if (node === null) return false;
    if (prng.chance(0.8)) crashFor(cluster, node, false, drawDownMs(prng));
    for (const { host } of cluster.nodes) {
      if (host === null || prng.chance(0.2)) continue;
      for (const { id } of cluster.options.groups) {
        if (host.group(id).status().leader === node.id) host.group(id).forgetLeader();
      }
    }
    return true;
  },
};

export const allLosePower: Nemesis = {
  name: 'all-power-loss',
  strike(cluster, prng) {
    for (const node of cluster.nodes) {
      if (node.up) crashFor(cluster, node, true, drawDownMs(prng));
    }
    return true;
  },
};

/** SIGSTOP, or a long garbage collection: the disk and the clocks go on. */
export const pause: Nemesis = {
  name: 'pause',
  strike(cluster, prng) {
    const node = prng.chance(0.5) ? pickLeader(cluster, prng) : pickUp(cluster, prng);
    if (node === null || node.world.paused) return false;
    cluster.pause(node);
    cluster.endLater(prng.between(50, 5000), () => cluster.resume(node));
    return true;
  },
};

/** A virtual machine that is frozen or moved: its disk and its timers stand still with it. */
export const suspend: Nemesis = {
  name: 'suspend',
  strike(cluster, prng) {
    const node = prng.chance(0.5) ? pickLeader(cluster, prng) : pickUp(cluster, prng);
    if (node === null || node.world.paused) return false;
    cluster.suspend(node);
    cluster.endLater(prng.between(50, 5000), () => cluster.resume(node));
    return true;
  },
};

/** One node after another is closed in an orderly way and started again, as for an upgrade. */
export const rollingRestart: Nemesis = {
  name: 'rolling-restart',
  strike(cluster, prng) {
    const order = prng.shuffle(cluster.nodes);
    restartInTurn(cluster, order, prng, (node, done) => {
      if (node.host === null || node.world.paused) done();
      else cluster.stop(node, done);
    });
    return true;
  },
};

/**
 * One node after another is started again with the next release, or all go back to this one, in an
 * orderly way or not; whatever strikes meanwhile meets a cluster that is mixed.
 */
export const rollingUpgrade: Nemesis = {
  name: 'rolling-upgrade',
  strike(cluster, prng) {
    const isNew = cluster.nodes.every(({ protocolVersions }) => protocolVersions === nextRelease);
    const release = isNew ? presentRelease : nextRelease;
    const isOrderly = prng.chance(0.7);
    restartInTurn(cluster, prng.shuffle(cluster.nodes), prng, (node, done) => {
      node.protocolVersions = release;
      if (isOrderly && node.host !== null && !node.world.paused) {
        cluster.stop(node, done);
        return;
      }
      cluster.crash(node, false);
      done();
    });
    return true;
  },
};

/** As a rolling restart by someone in a hurry. */
export const rollingKill: Nemesis = {
  name: 'rolling-kill',
  strike(cluster, prng) {
    restartInTurn(cluster, prng.shuffle(cluster.nodes), prng, (node, done) => {
      cluster.crash(node, false);
      done();
    });
    return true;
  },
};

function restartInTurn(
  cluster: SimulatedCluster,
  order: readonly SimulatedNode[],
  prng: Prng,
  end: (node: SimulatedNode, done: () => void) => void,
): void {
  const downMs = prng.between(1, 300);
  const pauseMs = prng.between(0, 800);
  let isOver = false;
  cluster.endLater(60_000, () => {
    isOver = true;
  });
  const next = (position: number): void => {
    const node = order[position];
    if (node === undefined || isOver) return;
    end(node, () => {
      cluster.scheduler.schedule(downMs, () => {
        cluster.start(node);
        cluster.scheduler.schedule(pauseMs, () => next(position + 1));
      });
    });
  };
  next(0);
}

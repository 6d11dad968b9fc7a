import type { Prng } from '@quorate/base';
import type { SimulatedCluster } from '../simulated-cluster.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import type { Nemesis } from './nemesis.ts';
import { crashFor, drawDownMs, pickLeader } from './victims.ts';

const usualLatency = { minLatencyMs: 0.2, maxLatencyMs: 2 };

type Pair = readonly [SimulatedNode, SimulatedNode];

function pairsBetween(left: readonly SimulatedNode[], right: readonly SimulatedNode[]): Pair[] {
  return left.flatMap((a) => right.map((b) => [a, b] as const));
}

function cut(cluster: SimulatedCluster, prng: Prng, pairs: readonly Pair[], oneWay: boolean): void {
  const mode = prng.chance(0.5) ? 'stall' : 'break';
  for (const [a, b] of pairs) cluster.network.partition(a.id, b.id, { oneWay, mode });
  cluster.endLater(prng.between(100, 6000), () => {
    for (const [a, b] of pairs) cluster.network.heal(a.id, b.id);
  });
}

function cutOff(
  cluster: SimulatedCluster,
  prng: Prng,
  left: readonly SimulatedNode[],
  oneWay: boolean,
): void {
  const right = cluster.nodes.filter((node) => !left.includes(node));
  cut(cluster, prng, pairsBetween(left, right), oneWay);
}

export const partition: Nemesis = {
  name: 'partition',
  strike(cluster, prng) {
    const size = prng.between(1, cluster.nodes.length - 1);
    cutOff(cluster, prng, prng.shuffle(cluster.nodes).slice(0, size), false);
    return true;
  },
};

export const isolateLeader: Nemesis = {
  name: 'leader-cut-off',
  strike(cluster, prng) {
    const leaders = cluster.nodes.filter((node) => cluster.leads(node));
    if (leaders.length === 0) return false;
    const leader = prng.pick(leaders);
    cutOff(cluster, prng, [leader], prng.chance(0.3));
    if (prng.chance(0.5)) cluster.options.burst?.(leader.id, prng.pick([3, 12, 40]), prng.fork());
    return true;
  },
};

/**
 * A leader is cut off, and comes back with what nobody else has just when its successor dies: both
 * logs claim to be right (paper, figures 7 and 8).
 */
export const oldLeaderReturns: Nemesis = {
  name: 'old-leader-returns',
  strike(cluster, prng) {
    const old = pickLeader(cluster, prng);
    if (old === null) return false;
    const others = cluster.nodes.filter((node) => node !== old);
    for (const other of others) cluster.network.partition(old.id, other.id, { mode: 'stall' });
    // It goes on taking commands until it notices.
    if (prng.chance(0.5)) cluster.options.burst?.(old.id, prng.pick([3, 12, 40]), prng.fork());
    const downMs = drawDownMs(prng);
    const losePower = prng.chance(0.5);
    const graceMs = prng.pick([5, 20, 200]);
    const [group] = cluster.groupsLedBy(old);
    const findSuccessor = (): SimulatedNode | undefined =>
      others.find((node) => cluster.groupsLedBy(node).includes(group ?? 0));
    let isOver = false;
    const swap = (): void => {
      if (isOver) return;
      isOver = true;
      for (const other of others) cluster.network.heal(old.id, other.id);
      const successor = findSuccessor();
      if (successor !== undefined) crashFor(cluster, successor, losePower, downMs);
    };
    const watch = (): void => {
      if (isOver) return;
      const isSucceeded = findSuccessor() !== undefined;
      cluster.scheduler.schedule(isSucceeded ? graceMs : 10, isSucceeded ? swap : watch);
    };
    watch();
    cluster.endLater(prng.between(500, 5000), swap);
    return true;
  },
};

/**
 * What a leader hears comes late, and then nothing that it says arrives: answers still come to it
 * that were given long ago (rule 2).
 */
export const leaderFades: Nemesis = {
  name: 'leader-fades',
  strike(cluster, prng) {
    const leader = pickLeader(cluster, prng);
    if (leader === null) return false;
    const others = cluster.nodes.filter((node) => node !== leader);
    // What is older than the shortest wait for an election counts for nothing: a little
    // less than that is worst.
    const { electionTimeoutMs = 1000 } = cluster.options.tuning;
    const maxLatencyMs = prng.pick([0.3, 0.6, 0.8, 0.95]) * electionTimeoutMs;
    const late = { minLatencyMs: maxLatencyMs * prng.pick([0.5, 0.9]), maxLatencyMs };
    for (const { id } of others) cluster.network.setConditions(late, id, leader.id);
    const lateMs = electionTimeoutMs + prng.between(0, electionTimeoutMs);
    const cutMs = electionTimeoutMs + prng.between(0, 3 * electionTimeoutMs);
    let isOver = false;
    cluster.scheduler.schedule(lateMs, () => {
      if (isOver) return;
      for (const { id } of others) cluster.network.partition(leader.id, id, { oneWay: true });
    });
    cluster.endLater(lateMs + cutMs, () => {
      isOver = true;
      for (const { id } of others) {
        cluster.network.setConditions(usualLatency, id, leader.id);
        cluster.network.heal(leader.id, id);
      }
    });
    return true;
  },
};

/** What goes from one side to the other is lost, the other way all is well. */
export const oneWayPartition: Nemesis = {
  name: 'one-way-partition',
  strike(cluster, prng) {
    const size = prng.between(1, cluster.nodes.length - 1);
    cutOff(cluster, prng, prng.shuffle(cluster.nodes).slice(0, size), true);
    return true;
  },
};

/** Two sides that do not see each other, and one node that both see. */
export const bridge: Nemesis = {
  name: 'bridge',
  strike(cluster, prng) {
    const [, ...others] = prng.shuffle(cluster.nodes);
    if (others.length < 2) return false;
    const size = prng.between(1, others.length - 1);
    cut(cluster, prng, pairsBetween(others.slice(0, size), others.slice(size)), false);
    return true;
  },
};

/** One link that comes and goes. */
export const flappingLink: Nemesis = {
  name: 'flapping-link',
  strike(cluster, prng) {
    const [a, b] = prng.shuffle(cluster.nodes);
    if (a === undefined || b === undefined) return false;
    const options = {
      oneWay: prng.chance(0.3),
      mode: prng.chance(0.5) ? 'stall' : 'break',
    } as const;
    const upMs = prng.pick([20, 100, 700]);
    const downMs = prng.pick([20, 100, 700]);
    let isOver = false;
    const fall = (): void => {
      if (isOver) return;
      cluster.network.partition(a.id, b.id, options);
      cluster.scheduler.schedule(downMs, rise);
    };
    const rise = (): void => {
      if (isOver) return;
      cluster.network.heal(a.id, b.id);
      cluster.scheduler.schedule(upMs, fall);
    };
    fall();
    cluster.endLater(prng.between(500, 8000), () => {
      isOver = true;
      cluster.network.heal(a.id, b.id);
    });
    return true;
  },
};

export const resetConnections: Nemesis = {
  name: 'connection-reset',
  strike(cluster, prng) {
    const [a, b] = prng.shuffle(cluster.nodes);
    if (a === undefined || b === undefined) return false;
    cluster.network.breakConnection(a.id, b.id);
    return true;
  },
};

export const slowLinks: Nemesis = {
  name: 'slow-links',
  strike(cluster, prng) {
    const [from, to] = prng.shuffle(cluster.nodes);
    if (from === undefined || to === undefined) return false;
    const maxLatencyMs = prng.pick([20, 150, 800]);
    const conditions = { minLatencyMs: maxLatencyMs / 4, maxLatencyMs };
    cluster.network.setConditions(conditions, from.id, to.id);
    cluster.endLater(prng.between(500, 5000), () => {
      cluster.network.setConditions(usualLatency, from.id, to.id);
    });
    return true;
  },
};

/** Whole messages are lost, repeated and overtaken. */
export const messageFaults: Nemesis = {
  name: 'message-faults',
  strike(cluster, prng) {
    Object.assign(cluster.messageFaults, {
      drop: prng.pick([0, 0.02, 0.2]),
      duplicate: prng.pick([0, 0.05, 0.3]),
      delay: prng.pick([0, 0.05, 0.3]),
      repeatLate: 0,
      maxDelayMs: prng.pick([5, 100, 1500]),
      only: null,
    });
    cluster.endLater(prng.between(500, 5000), () => cluster.endMessageFaults());
    return true;
  },
};

import type { Prng } from '@quorate/base';
import type { SimulatedCluster, SimulatedNode } from '../simulated-cluster.ts';
import type { Nemesis } from './nemesis.ts';

function partitionSides(
  cluster: SimulatedCluster,
  prng: Prng,
  left: readonly SimulatedNode[],
  oneWay: boolean,
): void {
  const mode = prng.chance(0.5) ? 'stall' : 'break';
  const right = cluster.nodes.filter((node) => !left.includes(node));
  const pairs = left.flatMap((a) => right.map((b) => [a.id, b.id] as const));
  for (const [a, b] of pairs) cluster.network.partition(a, b, { oneWay, mode });
  cluster.scheduler.schedule(prng.between(100, 6000), () => {
    for (const [a, b] of pairs) cluster.network.heal(a, b);
  });
}

export const partition: Nemesis = {
  name: 'partition',
  strike(cluster, prng) {
    const size = prng.between(1, cluster.nodes.length - 1);
    partitionSides(cluster, prng, prng.shuffle(cluster.nodes).slice(0, size), false);
    return true;
  },
};

export const isolateLeader: Nemesis = {
  name: 'leader cut off',
  strike(cluster, prng) {
    const leaders = cluster.nodes.filter((node) => cluster.leads(node));
    if (leaders.length === 0) return false;
    partitionSides(cluster, prng, [prng.pick(leaders)], prng.chance(0.3));
    return true;
  },
};

/** What goes from one side to the other is lost, the other way all is well. */
export const oneWayPartition: Nemesis = {
  name: 'one-way partition',
  strike(cluster, prng) {
    const size = prng.between(1, cluster.nodes.length - 1);
    partitionSides(cluster, prng, prng.shuffle(cluster.nodes).slice(0, size), true);
    return true;
  },
};

export const resetConnections: Nemesis = {
  name: 'connection reset',
  strike(cluster, prng) {
    const [a, b] = prng.shuffle(cluster.nodes);
    if (a === undefined || b === undefined) return false;
    cluster.network.breakConnection(a.id, b.id);
    return true;
  },
};

export const slowLinks: Nemesis = {
  name: 'slow links',
  strike(cluster, prng) {
    const [from, to] = prng.shuffle(cluster.nodes);
    if (from === undefined || to === undefined) return false;
    const maxLatencyMs = prng.pick([20, 150, 800]);
    const conditions = { minLatencyMs: maxLatencyMs / 4, maxLatencyMs };
    cluster.network.setConditions(conditions, from.id, to.id);
    cluster.scheduler.schedule(prng.between(500, 5000), () => {
      cluster.network.setConditions({ minLatencyMs: 0.2, maxLatencyMs: 2 }, from.id, to.id);
    });
    return true;
  },
};

/** Whole messages are lost, repeated and overtaken. */
export const messageFaults: Nemesis = {
  name: 'message loss, repetition, reordering',
  strike(cluster, prng) {
    Object.assign(cluster.messageFaults, {
      drop: prng.pick([0, 0.02, 0.2]),
      duplicate: prng.pick([0, 0.05, 0.3]),
      delay: prng.pick([0, 0.05, 0.3]),
      maxDelayMs: prng.pick([5, 100, 1500]),
    });
    cluster.scheduler.schedule(prng.between(500, 5000), () => cluster.endMessageFaults());
    return true;
  },
};

import type { Prng } from '@quorate/base';
import type { SimulatedCluster } from '../simulated-cluster.ts';
import type { SimulatedNode } from '../simulated-node.ts';

export function pickUp(cluster: SimulatedCluster, prng: Prng): SimulatedNode | null {
  const up = cluster.nodes.filter((node) => node.up && !node.world.paused);
  return up.length === 0 ? null : prng.pick(up);
}

export function pickLeader(cluster: SimulatedCluster, prng: Prng): SimulatedNode | null {
  const leaders = cluster.nodes.filter((node) => cluster.leads(node));
  return leaders.length === 0 ? null : prng.pick(leaders);
}

/** A node whose disk may be damaged for good, so that a majority of disks stays whole. */
export function pickToDamage(cluster: SimulatedCluster, prng: Prng): SimulatedNode | null {
  const candidates = cluster.nodes.filter((node) => cluster.mayDamage(node));
  return candidates.length === 0 ? null : prng.pick(candidates);
}

export function crashFor(
  cluster: SimulatedCluster,
  node: SimulatedNode,
  losePower: boolean,
  downMs: number,
): void {
  cluster.crash(node, losePower);
  cluster.scheduler.schedule(downMs, () => cluster.start(node));
}

/** Down for a moment or for several elections. */
export function drawDownMs(prng: Prng): number {
  return prng.chance(0.7) ? prng.between(1, 200) : prng.between(200, 4000);
}

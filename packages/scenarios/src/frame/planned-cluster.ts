import type { NodeId } from '@quorate/schema';
import {
  type ClusterPlan,
  handOverBoundMs,
  isMember,
  mendLostNodes,
  runUntilHolds,
  type SimulatedCluster,
  type SimulatedClusterOptions,
  serviceBoundMs,
  usualTuning,
} from '@quorate/sim';
import { drawsOf, mender } from './client-draws.ts';

/** What a plan says of a cluster that clients use. */
export function clusterOf(
  plan: ClusterPlan,
): Pick<SimulatedClusterOptions, 'seed' | 'nodes' | 'tuning' | 'clockDrift' | 'diskMs'> {
  const { seed, nodes, clockDrift, diskMs } = plan;
  const tuning = {
    ...usualTuning,
    ...plan.tuning,
    quiesceAfterMs: plan.quiesceMs === 0 ? null : plan.quiesceMs,
    maxClockDrift: plan.leases ? clockDrift : null,
  };
  return { seed, nodes, tuning, clockDrift, diskMs };
}

/**
 * Ends all faults.
 *
 * @param begin lets a client begin; gives what tells whether it was answered, or what it lacks
 * @returns how long that took, in virtual time; null if it was not in time
 */
export function healedAfterMs(
  cluster: SimulatedCluster,
  plan: ClusterPlan,
  begin: () => () => string | null,
): number | null {
  cluster.heal();
  const { nowMs } = cluster.scheduler;
  if (plan.mends) mendLostNodes(cluster, drawsOf(plan.seed, mender));
  const isServing = runUntilHolds(cluster, serviceBoundMs(plan), begin());
  return isServing ? cluster.scheduler.nowMs - nowMs : null;
}

/** @returns whether the run goes on behind what was under way when the faults ended */
export function passesHandOvers(cluster: SimulatedCluster, plan: ClusterPlan): boolean {
  const handedOverMs = plan.faultyMs + handOverBoundMs(plan);
  return cluster.runUntil(Math.max(cluster.scheduler.nowMs, handedOverMs));
}

/** Whoever was removed from the group keeps what it had then. */
export function isFull(cluster: SimulatedCluster, group: number, node: NodeId): boolean {
  const leader = cluster.nodes.find(({ host }) => host?.group(group).status().role === 'leader');
  const status = leader?.host?.group(group).status();
  return status !== undefined && isMember(status, node);
}

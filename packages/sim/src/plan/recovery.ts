import type { GroupStatus } from '@quorate/runtime';
import type { GroupId, NodeId } from '@quorate/schema';
import { InvariantViolation } from '../invariants/invariant.ts';
import type { SimulatedCluster } from '../simulated-cluster.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import { type ClusterPlan, usualTuning } from './cluster-plan.ts';

const stepMs = 50;

/** What is still to come when the faults end: operations of a disk that stood still. */
const pendingDiskMs = 4000;
/** A link is tried again at least so often, by the kernel, by us, or by both in turn. */
const reconnectMs = 3000;
/** A disk that was full is tried again at least so often. */
const diskRetryMs = 5000;
/** One AppendEntries and its answer, on links that are well. */
const roundTripMs = 8;
/** Pre-vote and vote, each drawn from one to two timeouts, and some that are split. */
const electionTimeouts = 10;

/**
 * Runs until `holds`, and fails the run when it does not within `boundMs`.
 *
 * @returns whether the run goes on
 */
export function runUntilHolds(
  cluster: SimulatedCluster,
  boundMs: number,
  holds: () => string | null,
): boolean {
  const deadlineMs = cluster.scheduler.nowMs + boundMs;
  for (;;) {
    const missing = holds();
    if (missing === null) return true;
    const { nowMs } = cluster.scheduler;
    if (nowMs >= deadlineMs) {
      const why = `${missing}, ${Math.round(boundMs)} ms after all faults had ended`;
      cluster.fail(new InvariantViolation('progress', why));
      return false;
    }
    if (!cluster.runUntil(nowMs + stepMs)) return false;
  }
}

/** A hand-over that was asked for while there were faults is over by then, one way or the other. */
export function handOverBoundMs(plan: ClusterPlan): number {
  return 2 * timeoutMs(plan);
}

/** Within this a healed cluster must acknowledge a write. */
export function serviceBoundMs(plan: ClusterPlan): number {
  return pendingDiskMs + reconnectMs + diskRetryMs + electionTimeouts * timeoutMs(plan);
}

/** Within this, once nobody writes any more, every replica must have everything. */
export function catchUpBoundMs(plan: ClusterPlan, cluster: SimulatedCluster): number {
  const requestTimeoutMs = plan.tuning.requestTimeoutMs ?? usualTuning.requestTimeoutMs;
  let behind = 0;
  for (const { id } of cluster.options.groups) {
    const statuses = statusesOf(cluster, id);
    const last = Math.max(0, ...statuses.map((status) => status.lastIndex));
    const applied = Math.min(last, ...statuses.map((status) => status.appliedIndex));
    behind += last - applied;
  }
  const perEntryMs = roundTripMs + plan.diskMs;
  // The transfer of a snapshot that went wrong is begun anew after a request timeout.
  const anewMs = 2 * requestTimeoutMs;
  const boundMs = serviceBoundMs(plan) + anewMs + behind * perEntryMs;
  const isMending = cluster.nodes.some((node) => isToBeMended(node, plan));
  return isMending ? boundMs + mendingBoundMs(plan, cluster, perEntryMs) : boundMs;
}

/** It leaves every group and joins them again; each may take an election, and then all entries. */
function mendingBoundMs(plan: ClusterPlan, cluster: SimulatedCluster, perEntryMs: number): number {
  let entries = 0;
  for (const { id } of cluster.options.groups) {
    entries += Math.max(0, ...statusesOf(cluster, id).map((status) => status.lastIndex));
  }
  const lost = cluster.nodes.filter((node) => isToBeMended(node, plan)).length;
  return lost * (2 * serviceBoundMs(plan) + entries * perEntryMs);
}

function isToBeMended({ lost, isBeingMended }: SimulatedNode, plan: ClusterPlan): boolean {
  return isBeingMended || (lost !== null && plan.mends);
}

function timeoutMs(plan: ClusterPlan): number {
  return plan.tuning.electionTimeoutMs ?? usualTuning.electionTimeoutMs;
}

/** Of the nodes that have their data and are there. */
function statusesOf(cluster: SimulatedCluster, group: GroupId): readonly GroupStatus[] {
  return cluster.nodes.flatMap(({ host }) => (host === null ? [] : [host.group(group).status()]));
}

/** @returns what is missing for every member to have everything; null when nothing is */
export function whatIsBehind(cluster: SimulatedCluster, plan: ClusterPlan): string | null {
  const lost = cluster.nodes.find((node) => isToBeMended(node, plan));
  if (lost !== undefined) return `node ${lost.id} is not repaired or replaced`;
  const down = cluster.nodes.find((node) => node.host === null && node.lost === null);
  if (down !== undefined) return `node ${down.id} does not serve`;
  for (const { id } of cluster.options.groups) {
    const statuses = statusesOf(cluster, id);
    const leader = statuses.find(({ role }) => role === 'leader');
    if (leader === undefined) return `group ${id} has no leader`;
    const behind = statuses
      .filter(({ node }) => isMember(leader, node))
      .map((status) => whatIsMissing(status, leader))
      .find((missing) => missing !== null);
    if (behind !== undefined) return `${behind} of group ${id}`;
  }
  return null;
}

/** Whoever was removed may stay behind for ever. */
export function isMember({ configuration }: GroupStatus, node: NodeId): boolean {
  const { voters, votersOutgoing, learners, learnersNext } = configuration;
  return [voters, votersOutgoing, learners, learnersNext].some((ids) => ids.includes(node));
}

function whatIsMissing(status: GroupStatus, leader: GroupStatus): string | null {
  const { node, term, role, lastIndex, appliedIndex } = status;
  if (term !== leader.term || status.leader !== leader.node) {
    return `node ${node} does not follow node ${leader.node}, the leader`;
  }
  // A witness has nothing to apply.
  const isApplied = role === 'witness' || appliedIndex === leader.lastIndex;
  if (lastIndex !== leader.lastIndex || !isApplied) {
    const has = `has ${lastIndex} and applied ${appliedIndex}`;
    return `node ${node} ${has} of ${leader.lastIndex} entries`;
  }
  return null;
}

/**
 * With nothing wrong and nothing to do there is nothing to elect: no term may change any more.
 *
 * @returns whether the run goes on
 */
export function staysQuiet(cluster: SimulatedCluster, plan: ClusterPlan): boolean {
  const before = terms(cluster);
  if (!cluster.runUntil(cluster.scheduler.nowMs + 4 * timeoutMs(plan))) return false;
  const after = terms(cluster);
  // The last command of a client that was stopped may come through only now.
  if (before === after) {
    return runUntilHolds(cluster, serviceBoundMs(plan), () => whatIsBehind(cluster, plan));
  }
  const why = `without faults and without work leaders changed: ${before}, then ${after}`;
  cluster.fail(new InvariantViolation('no needless election', why));
  return false;
}

/** `g1 t3 n2, ...` */
function terms(cluster: SimulatedCluster): string {
  return cluster.options.groups
    .map(({ id }) => {
      const statuses = statusesOf(cluster, id);
      const term = Math.max(0, ...statuses.map((status) => status.term));
      const leader = statuses.find(({ role }) => role === 'leader');
      return `g${id} t${term} n${leader?.node ?? 0}`;
    })
    .join(', ');
}

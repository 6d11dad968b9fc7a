import { assert } from '@quorate/base';
import type { LogIndex, NodeId, RaftMessage, Term } from '@quorate/schema';
import type { Replica } from '../replica.ts';
import type { LeaderState } from '../role.ts';

/**
 * Whether nothing is left to do in the group but to say that all is as it was: everyone has
 * everything, and knows it.
 */
export function mayLeaderSleep(replica: Replica, role: LeaderState): boolean {
  const { log, membership, memberships, durability } = replica;
  const { lastIndex } = log;
  const isQuiet =
    replica.commitIndex === lastIndex &&
    durability.durableIndex === lastIndex &&
    replica.appliedIndex === lastIndex &&
    durability.oldestPendingMs === null &&
    role.transfer === null &&
    role.fences.size === 0 &&
    role.durabilityWaits.isEmpty &&
    role.reads.isEmpty &&
    membership.isVoter &&
    !membership.isJoint &&
    membership.promotable.length === 0 &&
    memberships.unrecorded.size === 0;
  if (!isQuiet) return false;
  for (const [id, progress] of role.progress) {
    const hasAll =
      progress.state === 'replicate' &&
      progress.matchIndex === lastIndex &&
      progress.sentCommitIndex >= lastIndex &&
      progress.departsAt === null &&
      !progress.repairing &&
      !memberships.isImpostor(id);
    if (!hasAll) return false;
  }
  return true;
}

/** Whether this follower of `leader` has the same log, and so can sleep with it. */
export function mayFollowerSleep(
  replica: Replica,
  leader: NodeId,
  term: Term,
  lastIndex: LogIndex,
): boolean {
  return (
    replica.role.kind === 'follower' &&
    replica.leaderId === leader &&
    replica.currentTerm === term &&
    replica.log.lastIndex === lastIndex &&
    replica.log.lastTerm === term &&
    replica.durability.durableIndex === lastIndex &&
    !replica.repairing
  );
}

/** Whether the message only answers what the leader sent before it slept: no news to wake for. */
export function isEcho(replica: Replica, message: RaftMessage): boolean {
  const { type, term } = message;
  return (
    term === replica.currentTerm &&
    replica.role.kind === 'leader' &&
    (type === 'HeartbeatResponse' || type === 'AppendEntriesResponse')
  );
}

/**
 * Goes back to heartbeats of the group's own. What was heard meanwhile from the nodes counts as if
 * the group had heard it, so nobody is missed for having slept.
 */
export function wake(replica: Replica): void {
  const contacts = replica.asleepUnder;
  assert(contacts !== null, 'only a sleeping group wakes');
  replica.asleepUnder = null;
  const { role } = replica;
  if (role.kind === 'leader') {
    for (const [id, progress] of role.progress) {
      // A node that answers for itself has not said that its replica still follows: no lease and
      // no read rests on it before the group's own round (rule 11).
      progress.supportedAtMs = Math.max(progress.supportedAtMs, contacts.supportedAtMs(id));
    }
    role.nextHeartbeatMs = replica.nowMs;
    role.supportCheckMs = replica.nowMs;
    return;
  }
  const heardMs = contacts.heardMs(replica.leaderId);
  replica.lastLeaderContactMs = Math.max(replica.lastLeaderContactMs, heardMs);
  replica.resetElectionDeadline(replica.lastLeaderContactMs);
}

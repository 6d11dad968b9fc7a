import { assert } from '@quorate/base';
import type { NodeId, Term } from '@quorate/schema';
import { EntryKind, noNode } from '@quorate/schema';
import type { Replica } from '../replica.ts';
import type { Progress } from '../replication/progress.ts';
import { trackOthers } from '../replication/replicate.ts';
import { followerState, leaderState } from '../role.ts';

/**
 * Every way to become a follower: a higher term, a leader of this term, or the loss of a quorum.
 *
 * @param leader 0 when it is not known who leads `term`
 */
export function becomeFollower(replica: Replica, term: Term, leader: NodeId): void {
  assert(term >= replica.currentTerm, 'a follower never goes back to an earlier term');
  const newTerm = term > replica.currentTerm;
  if (!newTerm && replica.role.kind === 'follower' && replica.leaderId === leader) return;
  if (replica.role.kind === 'leader') failWaitsOfLeader(replica);
  if (newTerm || replica.leaderId !== leader) failForwarded(replica);
  if (newTerm) {
    replica.adoptTerm(term);
    replica.outbox.dropHeld();
  }
  const keepsOwed = !newTerm && replica.role.kind === 'follower';
  const role = keepsOwed ? replica.role : followerState();
  replica.setRole(role, leader);
  replica.resetElectionDeadline();
}

function failWaitsOfLeader(replica: Replica): void {
  assert(replica.role.kind === 'leader', 'only a leader has reads to confirm');
  for (const read of replica.role.reads.drain()) {
    // Followers notice the new leader themselves and fail their own.
    if (read.from === replica.nodeId) replica.failedReads.push(read.context);
  }
  const { durabilityWaits } = replica.role;
  for (const context of durabilityWaits.contextsOf(replica.nodeId)) {
    replica.failedDurability.push(context);
  }
}

/** What was asked of the leader will not be answered any more. */
export function failForwarded(replica: Replica): void {
  for (const context of replica.forwardedReads) replica.failedReads.push(context);
  replica.forwardedReads.clear();
  for (const context of replica.forwardedWaits) replica.failedDurability.push(context);
  replica.forwardedWaits.clear();
}

/**
 * A quorum has voted for this node. It appends an empty entry, because only the commitment of an
 * entry of its own term tells it what is committed (dissertation 3.6.2, 6.4).
 */
export function becomeLeader(replica: Replica): void {
  assert(replica.role.kind === 'candidate', 'only a candidate becomes leader');
  const { log, nowMs } = replica;
  const progress = new Map<NodeId, Progress>();
  trackOthers(replica, progress, log.lastIndex + 1);
  const empty = {
    index: log.lastIndex + 1,
    term: replica.currentTerm,
    kind: EntryKind.empty,
    timestampMicros: replica.lastTimestampMicros + 1,
    data: new Uint8Array(0),
  };
  replica.setRole(leaderState(progress, empty.index, nowMs), replica.nodeId);
  replica.append([empty]);
}

/** Gives up the lead in the same term: nobody is known to lead until an election says so. */
export function stepDown(replica: Replica): void {
  assert(replica.role.kind === 'leader', 'only a leader steps down');
  becomeFollower(replica, replica.currentTerm, noNode);
}

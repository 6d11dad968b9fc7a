import { noNode } from '@quorate/schema';
import { voteResult } from '../membership/quorum.ts';
import type { Replica } from '../replica.ts';
import { becomeFollower, becomeLeader, failForwarded } from './transitions.ts';

/**
 * Asks whether an election could be won, without raising the term: a node that was cut off does not
 * disturb the others when it comes back (dissertation 9.6).
 */
export function startPreVote(replica: Replica): void {
  failForwarded(replica);
  replica.setRole({ kind: 'preCandidate', votes: new Map([[replica.nodeId, true]]) }, noNode);
  replica.resetElectionDeadline();
  for (const to of replica.membership.otherVoters) {
    // Promises nothing, so it need not wait for anything to be durable.
    replica.outbox.send({
      type: 'PreVote',
      from: replica.nodeId,
      to,
      term: replica.currentTerm + 1,
      lastLogIndex: replica.log.lastIndex,
      lastLogTerm: replica.log.lastTerm,
    });
  }
  countVotes(replica);
}

/**
 * Campaigns in a new term (dissertation 3.4). Every vote, its own included, counts only once it is
 * durable where it was given.
 *
 * @param leadershipTransfer the leader asked for it: voters need not be loyal to that leader
 */
export function startElection(replica: Replica, leadershipTransfer: boolean): void {
  replica.adoptTerm(replica.currentTerm + 1);
  replica.outbox.dropHeld();
  replica.voteFor(replica.nodeId);
  replica.setRole({ kind: 'candidate', votes: new Map() }, noNode);
  replica.resetElectionDeadline();
  const term = replica.currentTerm;
  for (const to of replica.membership.otherVoters) {
    replica.promise({
      type: 'RequestVote',
      from: replica.nodeId,
      to,
      term,
      lastLogIndex: replica.log.lastIndex,
      lastLogTerm: replica.log.lastTerm,
      leadershipTransfer,
    });
  }
  replica.promise({
    type: 'RequestVoteResponse',
    from: replica.nodeId,
    to: replica.nodeId,
    term,
    granted: true,
  });
}

/** Goes on to the next stage when the votes so far have decided this one. */
export function countVotes(replica: Replica): void {
  const { role } = replica;
  if (role.kind !== 'preCandidate' && role.kind !== 'candidate') return;
  const result = voteResult(replica.configuration, role.votes);
  if (result === 'lost') becomeFollower(replica, replica.currentTerm, noNode);
  if (result !== 'won') return;
  if (role.kind === 'preCandidate') startElection(replica, false);
  else becomeLeader(replica);
}

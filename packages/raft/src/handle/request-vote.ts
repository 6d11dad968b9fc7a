import type { RequestVote, RequestVoteResponse } from '@quorate/schema';
import { noNode } from '@quorate/schema';
import { countVotes } from '../election/campaign.ts';
import { mayLead } from '../election/eligibility.ts';
import type { Replica } from '../replica.ts';

/**
 * Decides whether to grant the vote asked for.
 *
 * Why: at most one vote a term, and only to a log at least as up to date (dissertation 3.4, 3.6.1).
 * None while loyal to a leader, in whatever way this term became known (rule 2).
 * The answer leaves once term and vote are durable (bugs 2, 3).
 */
export function handleRequestVote(replica: Replica, message: RequestVote): void {
  const free = replica.votedFor === noNode && replica.leaderId === noNode;
  const granted =
    replica.mayVote &&
    (free || replica.votedFor === message.from) &&
    (message.leadershipTransfer || !replica.loyal) &&
    mayLead(replica, message);
  if (granted) {
    replica.voteFor(message.from);
    replica.resetElectionDeadline();
  }
  replica.promise({
    type: 'RequestVoteResponse',
    from: replica.nodeId,
    to: message.from,
    term: replica.currentTerm,
    granted,
  });
}

export function handleRequestVoteResponse(replica: Replica, message: RequestVoteResponse): void {
  const { role } = replica;
  if (role.kind !== 'candidate') return;
  role.votes.set(message.from, message.granted);
  countVotes(replica);
}

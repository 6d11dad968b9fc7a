import type { PreVote, PreVoteResponse } from '@quorate/schema';
import { countVotes } from '../election/campaign.ts';
import { mayLead } from '../election/eligibility.ts';
import type { Replica } from '../replica.ts';

/**
 * Says whether this node would vote for the sender, were it to campaign. Nothing changes here: no
 * term, no vote, no timer (dissertation 9.6).
 *
 * Why loyalty counts: a node that merely lost its own link must not unseat a leader others hear.
 */
export function handlePreVote(replica: Replica, message: PreVote): void {
  const granted =
    message.term > replica.currentTerm &&
    replica.mayVote &&
    !replica.loyal &&
    replica.role.kind !== 'leader' &&
    mayLead(replica, message);
  replica.outbox.send({
    type: 'PreVoteResponse',
    from: replica.nodeId,
    to: message.from,
    // A refusal tells a node that has fallen behind of the higher term it missed (bug 11).
    term: granted ? message.term : replica.currentTerm,
    granted,
  });
}

/** Counts only for the campaign that asked: a late answer finds another term or role (bug 12). */
export function handlePreVoteResponse(replica: Replica, message: PreVoteResponse): void {
  const { role } = replica;
  if (role.kind !== 'preCandidate') return;
  if (message.granted && message.term !== replica.currentTerm + 1) return;
  role.votes.set(message.from, message.granted);
  countVotes(replica);
}

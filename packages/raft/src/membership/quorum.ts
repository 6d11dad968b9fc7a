import type { Configuration, LogIndex, NodeId } from '@quorate/schema';

export type VoteResult = 'won' | 'lost' | 'pending';

/** More than half. */
function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}

/**
 * The largest value that a majority of `voters` has reached. An empty half decides nothing and so
 * holds nothing back.
 */
function majorityValue(voters: readonly NodeId[], reachedBy: (id: NodeId) => number): number {
  if (voters.length === 0) return Number.POSITIVE_INFINITY;
  const values = voters.map(reachedBy).sort((a, b) => a - b);
  return values[voters.length - majorityOf(voters.length)] as number;
}

/**
 * The largest value that every quorum needed has reached: a log index that may be committed, a time
 * at which a quorum still supported the leader, a heartbeat round that a quorum has answered.
 * While joint, both halves must have reached it (dissertation 4.3).
 */
export function quorumValue(
  configuration: Configuration,
  reachedBy: (id: NodeId) => number,
): LogIndex {
  return Math.min(
    majorityValue(configuration.voters, reachedBy),
    majorityValue(configuration.votersOutgoing, reachedBy),
  );
}

function majorityVote(voters: readonly NodeId[], votes: ReadonlyMap<NodeId, boolean>): VoteResult {
  if (voters.length === 0) return 'won';
  let granted = 0;
  let missing = 0;
  for (const id of voters) {
    const vote = votes.get(id);
    if (vote === undefined) missing++;
    else if (vote) granted++;
  }
  const needed = majorityOf(voters.length);
  if (granted >= needed) return 'won';
  return granted + missing >= needed ? 'pending' : 'lost';
}

/** The outcome of an election with the votes known so far. */
export function voteResult(
  configuration: Configuration,
  votes: ReadonlyMap<NodeId, boolean>,
): VoteResult {
  const incoming = majorityVote(configuration.voters, votes);
  const outgoing = majorityVote(configuration.votersOutgoing, votes);
  if (incoming === outgoing) return incoming;
  if (incoming === 'lost' || outgoing === 'lost') return 'lost';
  return 'pending';
}

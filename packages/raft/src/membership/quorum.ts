import { assert } from '@quorate/base';
import type { Configuration, LogIndex, NodeId, QuorumSizes } from '@quorate/schema';

export type VoteResult = 'won' | 'lost' | 'pending';

/** More than half. */
export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}

/**
 * What the voters of one half have reached, in descending order as far as it is filled. One array
 * for all: this runs for every acknowledgement, and the core is never entered while it runs.
 */
const descending: number[] = [];

/** The largest value that `size` of the voters have reached. */
function reachedByAll(
  voters: readonly NodeId[],
  sizes: QuorumSizes | null,
  reachedBy: (id: NodeId) => number,
): number {
  const count = voters.length;
  // An empty half decides nothing and so holds nothing back.
  if (count === 0) return Number.POSITIVE_INFINITY;
  const needed = sizes === null ? majorityOf(count) : sizes.commit;
  assert(needed <= count, 'a quorum is not larger than its voters');
  for (let filled = 0; filled < count; filled++) {
    const value = reachedBy(voters[filled] as NodeId);
    let at = filled;
    for (; at > 0; at--) {
      const smaller = descending[at - 1] as number;
      if (smaller >= value) break;
      descending[at] = smaller;
    }
    descending[at] = value;
  }
  return descending[needed - 1] as number;
}

/**
 * The largest value that every quorum needed for a commit has reached: a log index that may be
 * committed, a time at which a quorum still supported the leader, a heartbeat round that a quorum
 * has answered. Such a quorum meets every quorum that elects (rule 5), which makes it enough for
 * the last two. While joint, both halves must have reached it (dissertation 4.3).
 *
 * @param reachedBy must not call this function
 */
export function quorumValue(
  configuration: Configuration,
  reachedBy: (id: NodeId) => number,
): LogIndex {
  const { voters, quorum, votersOutgoing, quorumOutgoing } = configuration;
  const incoming = reachedByAll(voters, quorum, reachedBy);
  if (votersOutgoing.length === 0) return incoming;
  return Math.min(incoming, reachedByAll(votersOutgoing, quorumOutgoing, reachedBy));
}

function voteOf(
  voters: readonly NodeId[],
  sizes: QuorumSizes | null,
  votes: ReadonlyMap<NodeId, boolean>,
): VoteResult {
  if (voters.length === 0) return 'won';
  let granted = 0;
  let missing = 0;
  for (const id of voters) {
    const vote = votes.get(id);
    if (vote === undefined) missing++;
    else if (vote) granted++;
  }
  const needed = sizes === null ? majorityOf(voters.length) : sizes.election;
  if (granted >= needed) return 'won';
  return granted + missing >= needed ? 'pending' : 'lost';
}

/** The outcome of an election with the votes known so far. */
export function voteResult(
  configuration: Configuration,
  votes: ReadonlyMap<NodeId, boolean>,
): VoteResult {
  const incoming = voteOf(configuration.voters, configuration.quorum, votes);
  const outgoing = voteOf(configuration.votersOutgoing, configuration.quorumOutgoing, votes);
  if (incoming === outgoing) return incoming;
  if (incoming === 'lost' || outgoing === 'lost') return 'lost';
  return 'pending';
}

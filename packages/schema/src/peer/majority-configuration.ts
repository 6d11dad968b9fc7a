import type { Configuration, NodeId } from './types.ts';

/**
 * A configuration that is not joint and of whose nodes nothing more is known: majorities of
 * `voters` commit and elect. A group begins with one.
 *
 * @param voters in any order, and so `learners`; no id twice
 */
export function majorityConfiguration(
  voters: readonly NodeId[],
  learners: readonly NodeId[] = [],
): Configuration {
  return {
    voters: voters.toSorted((a, b) => a - b),
    votersOutgoing: [],
    learners: learners.toSorted((a, b) => a - b),
    learnersNext: [],
    autoLeave: false,
    members: [],
    quorum: null,
    quorumOutgoing: null,
    durability: null,
  };
}

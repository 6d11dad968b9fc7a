import type { NodeId, QuorumSizes } from '@quorate/schema';
import { majorityOf } from './quorum.ts';

/** One half of a configuration: who decides there, and how many of them it takes. */
export interface Electorate {
  readonly voters: readonly NodeId[];
  /** Null: majorities. */
  readonly quorum: QuorumSizes | null;
}

/** The sizes in force, majorities written out. */
function sizesOf({ voters, quorum }: Electorate): QuorumSizes {
  const majority = majorityOf(voters.length);
  return quorum ?? { commit: majority, election: majority };
}

/**
 * The sizes for more voters than before: as many hold a commit as were chosen to, and so many more
 * elect as it takes for the two to meet (rule 5).
 */
export function sizesWith({ commit, election }: QuorumSizes, voters: number): QuorumSizes {
  return { commit, election: Math.max(election, voters - commit + 1, majorityOf(voters)) };
}

/** Whether two quorums of these sizes, one of `a` and one of `b`, always have a node in common. */
export function quorumsMeet(
  a: readonly NodeId[],
  sizeOfA: number,
  b: readonly NodeId[],
  sizeOfB: number,
): boolean {
  if (sizeOfA > a.length || sizeOfB > b.length) return true; // There is none of one kind.
  // Disjoint ones exist as soon as the union has room for both (Hall's theorem for two sets).
  return sizeOfA + sizeOfB > new Set([...a, ...b]).size;
}

/**
 * What is wrong with a half and its sizes (rule 5), or null.
 *
 * Why the data: a commit quorum of witnesses alone would commit an entry that nobody holds. Sizes
 * that are chosen need two holders, so that one lost disk loses nothing; majorities, which a group
 * may begin with, need one.
 *
 * @param isWitness whether a voter holds no data
 */
export function electorateProblem(
  electorate: Electorate,
  isWitness: (id: NodeId) => boolean,
): string | null {
  const { voters, quorum } = electorate;
  const count = voters.length;
  const { commit, election } = sizesOf(electorate);
  const chosen = `commit ${commit} and election ${election} of ${count} voters`;
  for (const size of [commit, election]) {
    if (!Number.isSafeInteger(size) || size < 1 || size > count) {
      return `${chosen}: a size is from 1 to the number of voters`;
    }
  }
  if (commit + election <= count) {
    return `${chosen}: commit and election together must be more than ${count}`;
  }
  if (2 * election <= count) return `${chosen}: election must be more than half of ${count}`;
  const needed = quorum !== null && count > 1 ? 2 : 1;
  const witnesses = voters.filter(isWitness).length;
  if (commit - witnesses >= needed) return null;
  return (
    `${chosen}, ${witnesses} of them witnesses: ` +
    `a commit must be on at least ${needed} that hold data`
  );
}

/**
 * Whether one half may follow another at once, without a joint configuration between them (rule 6).
 * While the new one spreads, some decide by the old and some by the new: then nothing may be
 * committed by one that an election by the other does not see, and no two leaders be elected.
 */
export function mayFollowAtOnce(from: Electorate, to: Electorate): boolean {
  const old = sizesOf(from);
  const next = sizesOf(to);
  return (
    quorumsMeet(from.voters, old.commit, to.voters, next.election) &&
    quorumsMeet(to.voters, next.commit, from.voters, old.election) &&
    quorumsMeet(from.voters, old.election, to.voters, next.election)
  );
}

export function equalSizes(a: QuorumSizes | null, b: QuorumSizes | null): boolean {
  return a === b || (a?.commit === b?.commit && a?.election === b?.election);
}

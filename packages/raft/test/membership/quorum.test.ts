import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { quorumValue, voteResult } from '../../src/membership/quorum.ts';
import { configurationOf } from '../support/messages.ts';

const nodes = [1, 2, 3, 4];

function subsets(of: readonly number[]): number[][] {
  const sets: number[][] = [[]];
  for (const id of of) for (const set of [...sets]) sets.push([...set, id]);
  return sets;
}

/** By definition: more than half of each half that is there. */
function isQuorum(halves: readonly (readonly number[])[], set: ReadonlySet<number>): boolean {
  return halves.every(
    (half) => half.length === 0 || half.filter((id) => set.has(id)).length * 2 > half.length,
  );
}

/** Every assignment of one of `values` to each node. */
function assignments<T>(values: readonly T[]): Map<number, T>[] {
  let all: Map<number, T>[] = [new Map()];
  for (const id of nodes) {
    all = all.flatMap((known) => values.map((value) => new Map(known).set(id, value)));
  }
  return all;
}

describe('in every configuration of up to four nodes, joint or not', () => {
  const everySubset = subsets(nodes);
  const all = everySubset.flatMap((voters) => everySubset.map((outgoing) => [voters, outgoing]));

  it('the quorum value is the largest that a quorum has reached', () => {
    const reached = assignments([0, 1, 2]);
    for (const [voters = [], outgoing = []] of all) {
      if (voters.length + outgoing.length === 0) continue;
      const configuration = configurationOf(voters, outgoing);
      for (const values of reached) {
        const naive = [2, 1, 0].find((value) =>
          isQuorum(
            [voters, outgoing],
            new Set(nodes.filter((id) => (values.get(id) ?? 0) >= value)),
          ),
        );
        const actual = quorumValue(configuration, (id) => values.get(id) ?? 0);
        if (actual === naive) continue;
        assert.fail(`${actual}, not ${naive}: ${JSON.stringify([voters, outgoing, [...values]])}`);
      }
    }
  });

  it('an election is won by a quorum and lost when none is left', () => {
    const ballots = assignments([true, false, undefined]);
    for (const [voters = [], outgoing = []] of all) {
      const configuration = configurationOf(voters, outgoing);
      for (const ballot of ballots) {
        const votes = new Map<number, boolean>();
        for (const [id, vote] of ballot) if (vote !== undefined) votes.set(id, vote);
        const granted = new Set(nodes.filter((id) => votes.get(id) === true));
        const possible = new Set(nodes.filter((id) => votes.get(id) !== false));
        const halves = [voters, outgoing];
        const naive = isQuorum(halves, granted)
          ? 'won'
          : isQuorum(halves, possible)
            ? 'pending'
            : 'lost';
        assert.equal(voteResult(configuration, votes), naive);
      }
    }
  });

  it('two quorums meet', () => {
    for (const [voters = [], outgoing = []] of all) {
      if (voters.length + outgoing.length === 0) continue;
      const quorums = everySubset
        .map((set) => new Set(set))
        .filter((set) => isQuorum([voters, outgoing], set));
      for (const a of quorums) {
        for (const b of quorums) assert.ok([...a].some((id) => b.has(id)));
      }
    }
  });
});

describe('what others say', () => {
  it('counts for nothing: learners and strangers decide no election and no commitment', () => {
    const configuration = { ...configurationOf([1, 2, 3]), learners: [4, 5] };
    const votes = new Map([4, 5, 9].map((id) => [id, true]));
    assert.equal(voteResult(configuration, votes), 'pending');
    assert.equal(
      quorumValue(configuration, (id) => (id > 3 ? 100 : 0)),
      0,
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { quorumValue, voteResult } from '../../src/membership/quorum.ts';
import { configurationOf } from '../support/messages.ts';
import { decides, setOf } from './electorates.ts';

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

describe('with chosen sizes', () => {
  const some = [
    { ...configurationOf([1, 2, 3, 4]), quorum: { commit: 2, election: 3 } },
    { ...configurationOf([1, 2, 3]), quorum: { commit: 1, election: 3 } },
    { ...configurationOf([1, 2, 3, 4], [2, 3]), quorum: { commit: 4, election: 3 } },
    {
      ...configurationOf([2, 4], [1, 2, 3, 4]),
      quorumOutgoing: { commit: 2, election: 4 },
    },
    {
      ...configurationOf([1, 2, 3], [1, 2, 3]),
      quorum: { commit: 3, election: 2 },
      quorumOutgoing: { commit: 2, election: 3 },
    },
  ];

  it('the quorum value is the largest that a commit quorum of each half has reached', () => {
    for (const configuration of some) {
      for (const values of assignments([0, 1, 2])) {
        const naive = [2, 1, 0].find((value) =>
          decides(
            configuration,
            'commit',
            setOf(nodes.filter((id) => (values.get(id) ?? 0) >= value)),
          ),
        );
        assert.equal(
          quorumValue(configuration, (id) => values.get(id) ?? 0),
          naive,
        );
      }
    }
  });

  it('an election takes an election quorum of each half', () => {
    for (const configuration of some) {
      for (const ballot of assignments([true, false, undefined])) {
        const votes = new Map<number, boolean>();
        for (const [id, vote] of ballot) if (vote !== undefined) votes.set(id, vote);
        const granted = setOf(nodes.filter((id) => votes.get(id) === true));
        const possible = setOf(nodes.filter((id) => votes.get(id) !== false));
        const naive = decides(configuration, 'election', granted)
          ? 'won'
          : decides(configuration, 'election', possible)
            ? 'pending'
            : 'lost';
        assert.equal(voteResult(configuration, votes), naive);
      }
    }
  });

  it('a commit takes no more than there are', () => {
    const broken = { ...configurationOf([1, 2]), quorum: { commit: 3, election: 2 } };
    assert.throws(() => quorumValue(broken, () => 1), /not larger than its voters/);
  });
});

describe('the quorum value', () => {
  it('asks for each voter once', () => {
    const asked: number[] = [];
    quorumValue(configurationOf([1, 2, 3], [3, 4]), (id) => asked.push(id));
    assert.deepEqual(asked, [1, 2, 3, 3, 4]);
  });

  it('is right for times, which are no integers, and whatever was asked before', () => {
    const many = configurationOf(Array.from({ length: 50 }, (_, at) => at + 1));
    assert.equal(
      quorumValue(many, (id) => (id * 37) % 53),
      [...many.voters].map((id) => (id * 37) % 53).sort((a, b) => b - a)[25],
    );
    const three = configurationOf([1, 2, 3]);
    const times = [0.5, Number.POSITIVE_INFINITY, -2.25];
    assert.equal(
      quorumValue(three, (id) => times[id - 1] as number),
      0.5,
    );
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

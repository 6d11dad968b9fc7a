import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { majorityConfiguration } from '@quorate/schema';
import {
  type Electorate,
  electorateProblem,
  equalSizes,
  mayFollowAtOnce,
  quorumsMeet,
  sizesWith,
} from '../../src/membership/quorum-rules.ts';
import { alwaysMeet, areSafeTogether, everySizes, firstNodes } from './electorates.ts';

const noWitness = (): boolean => false;

function configurationOf({ voters, quorum }: Electorate) {
  return { ...majorityConfiguration(voters), quorum };
}

/** Those whose quorums intersect, as enumerating all sets of nodes finds them. */
function soundElectorates(count: number): Electorate[] {
  const voters = firstNodes(count);
  return everySizes(count)
    .map((quorum) => ({ voters, quorum }))
    .filter((electorate) => {
      const configuration = configurationOf(electorate);
      return areSafeTogether(configuration, configuration, count);
    });
}

describe('sizes', () => {
  it('grow with the voters: as many commit, and no more elect than it takes', () => {
    for (let count = 1; count <= 6; count++) {
      for (const { quorum } of soundElectorates(count)) {
        if (quorum === null) continue;
        const next = sizesWith(quorum, count + 1);
        const grown = { voters: firstNodes(count + 1), quorum: next };
        assert.equal(next.commit, quorum.commit);
        assert.ok(areSafeTogether(configurationOf(grown), configurationOf(grown), count + 1));
        const less = { ...next, election: next.election - 1 };
        const isLess = electorateProblem({ ...grown, quorum: less }, noWitness) !== null;
        assert.ok(isLess || next.election === quorum.election);
      }
    }
  });

  it('are accepted exactly when quorums intersect and two voters with data commit (rule 5)', () => {
    for (let count = 1; count <= 6; count++) {
      const sound = soundElectorates(count).map((electorate) => electorate.quorum);
      for (const quorum of everySizes(count)) {
        for (let witnesses = 0; witnesses <= count; witnesses++) {
          const problem = electorateProblem(
            { voters: firstNodes(count), quorum },
            (id) => id <= witnesses,
          );
          const intersects = sound.some((one) => equalSizes(one, quorum));
          const holders = quorum.commit - witnesses;
          const accepted = intersects && holders >= (count > 1 ? 2 : 1);
          assert.equal(problem === null, accepted, `${JSON.stringify(quorum)} of ${count}`);
        }
      }
    }
  });

  it('of majorities are bound only to commit on somebody who holds data', () => {
    for (let count = 1; count <= 6; count++) {
      const voters = firstNodes(count);
      for (let witnesses = 0; witnesses <= count; witnesses++) {
        const problem = electorateProblem({ voters, quorum: null }, (id) => id <= witnesses);
        assert.equal(problem === null, Math.floor(count / 2) + 1 > witnesses);
      }
    }
  });

  it('that are no numbers of voters are refused, and the reason says which', () => {
    const voters = [1, 2, 3];
    for (const quorum of [
      { commit: 0, election: 3 },
      { commit: 2.5, election: 2 },
      { commit: 2, election: 4 },
      { commit: Number.NaN, election: 2 },
    ]) {
      assert.match(electorateProblem({ voters, quorum }, noWitness) ?? '', /from 1 to the number/);
    }
    const problem = (commit: number, election: number) =>
      electorateProblem({ voters: firstNodes(5), quorum: { commit, election } }, noWitness);
    assert.match(problem(2, 3) ?? '', /^commit 2 and election 3 of 5.*together.*more than 5/);
    assert.match(problem(4, 2) ?? '', /election must be more than half of 5/);
    assert.match(problem(1, 5) ?? '', /on at least 2 that hold data/);
    assert.equal(problem(2, 4), null);
    assert.match(electorateProblem({ voters: [], quorum: null }, noWitness) ?? '', /from 1/);
  });
});

describe('two quorums', () => {
  it('meet exactly when no two disjoint ones exist', () => {
    const sets = [[1], [2], [1, 2], [1, 2, 3], [3, 4], [2, 3, 4], [1, 2, 3, 4, 5], [4, 5, 6, 7]];
    for (const a of sets) {
      for (const b of sets) {
        for (const { commit } of everySizes(a.length)) {
          for (const { commit: other } of everySizes(b.length)) {
            const one = configurationOf({ voters: a, quorum: { commit, election: commit } });
            const two = configurationOf({ voters: b, quorum: { commit: other, election: other } });
            const meet = alwaysMeet(one, 'commit', two, 'commit', 7);
            assert.equal(quorumsMeet(a, commit, b, other), meet, `${commit} ${a}; ${other} ${b}`);
          }
        }
      }
    }
  });

  it('meet when there is none of one kind', () => {
    assert.equal(quorumsMeet([1], 2, [2, 3], 1), true);
    assert.equal(quorumsMeet([], 1, [2, 3], 1), true);
    assert.equal(quorumsMeet([1, 2, 3, 4], 1, [1], 2), true);
  });
});

describe('a single step with sizes (rule 6)', () => {
  it('is safe exactly when enumeration finds it so: 334 of 1,211 additions are not', () => {
    let additions = 0;
    let unsafe = 0;
    for (let count = 2; count <= 7; count++) {
      for (const from of soundElectorates(count)) {
        for (const to of soundElectorates(count + 1)) {
          const isSafe = areSafeTogether(configurationOf(from), configurationOf(to), count + 1);
          assert.equal(mayFollowAtOnce(from, to), isSafe, JSON.stringify([from, to]));
          // A removal is the same pair the other way round.
          assert.equal(mayFollowAtOnce(to, from), isSafe);
          additions += 1;
          if (!isSafe) unsafe += 1;
        }
      }
    }
    assert.deepEqual([additions, unsafe], [1211, 334]);
  });

  it('is not safe from {2,4} of 5 to {2,5} of 6', () => {
    const from = { voters: [2, 3, 4, 5, 6], quorum: { commit: 2, election: 4 } };
    const to = { voters: [1, 2, 3, 4, 5, 6], quorum: { commit: 2, election: 5 } };
    // Commits on {1, 2} by the new sizes, elects by the old ones from {3, 4, 5, 6}.
    assert.equal(mayFollowAtOnce(from, to), false);
  });

  it('by one voter is always safe with majorities', () => {
    for (let count = 1; count <= 8; count++) {
      const from = { voters: firstNodes(count), quorum: null };
      const to = { voters: firstNodes(count + 1), quorum: null };
      assert.ok(mayFollowAtOnce(from, to) && mayFollowAtOnce(to, from));
    }
    const more = { voters: [1, 2, 3, 4, 5], quorum: null };
    assert.equal(mayFollowAtOnce({ voters: [1, 2, 3], quorum: null }, more), false);
  });
});

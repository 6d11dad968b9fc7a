import { test } from 'node:test';
import { checkUnderFaults } from '@quorate/sim';
import { Tally } from './tally.ts';

const choices = ['tea', 'coffee', 'water'];

/** Who voted for what. */
type Votes = Readonly<Record<string, string>>;

// Three simulated nodes whose processes are killed, whose disks fail and whose links break. One
// number decides a run: one that fails says how to play it again.
test('votes are counted once, whatever goes wrong', () => {
  const report = checkUnderFaults({
    create: () => new Tally(),
    commands: (prng) => ({ voter: `voter ${prng.below(30)}`, choice: prng.pick(choices) }),
    queries: (prng) => prng.pick(choices),
    // What is right, said once more and simply: nothing of it comes from the state machine.
    model: {
      initial: {} as Votes,
      apply: (votes, { voter, choice }) => {
        const isFirst = votes[voter] === undefined;
        const state: Votes = isFirst ? { ...votes, [voter]: choice } : votes;
        const result = { isCounted: state[voter] === choice, votes: count(state, choice) };
        return { state, result };
      },
      query: count,
    },
    seeds: 10,
  });
  console.log(`${report.runs} runs, ${report.acknowledged} votes, ${report.reads} reads`);
});

function count(votes: Votes, choice: string): number {
  return Object.values(votes).filter((vote) => vote === choice).length;
}

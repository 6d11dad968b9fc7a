// Real processes under random faults, for as long as you like; not part of the tests:
//   node packages/election/test/processes/run.ts --minutes 5 --seed 1 --nodes 3
// Clocks drift by up to `--drift`, which is what the nodes allow for. The last line is JSON; exit 1
// when two led at once, or nobody did after all faults had ended. A mistake that must be found:
// `--careless`, with candidates that do not look at the clock before they act.
import { parseArgs } from 'node:util';
import { Prng } from '@quorate/base';
import { temporaryDirectory } from '../node/temporary-directory.ts';
import { Candidates } from './candidates.ts';
import { Faults } from './faults.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    nodes: { type: 'string', default: '3' },
    drift: { type: 'string', default: '0.01' },
    careless: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
const nodes = Number(values.nodes);
const drift = Number(values.drift);
const prng = new Prng(seed);
const mostMsWithoutLeader = 60_000;
const msPerMinute = 60_000;

/** @returns who leads, once all faults have ended; null: nobody for far too long */
async function leaderOf(candidates: Candidates): Promise<number | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), mostMsWithoutLeader);
  const led = candidates.leader().then(({ id }) => id);
  const leader = await Promise.race([led, late.promise]);
  clearTimeout(timer);
  return leader;
}

async function run(candidates: Candidates): Promise<boolean> {
  const faults = new Faults(candidates, prng);
  const endMs = performance.now() + minutes * msPerMinute;
  let leader = await leaderOf(candidates);
  let rounds = 0;
  while (performance.now() < endMs && leader !== null) {
    await faults.round(leader);
    // Some go on while the next ones come.
    if (prng.chance(0.4)) continue;
    await faults.end();
    leader = await leaderOf(candidates);
    rounds += 1;
  }
  await faults.end();
  const { judge, crashes } = candidates;
  const problems = [...judge.problems(), ...crashes];
  if (leader === null || (await leaderOf(candidates)) === null) {
    problems.push(`nobody led for ${mostMsWithoutLeader} ms after all faults had ended`);
  }
  for (const problem of problems) console.log(problem);
  const { tokens, acts, refusedActs, unaskedHandOvers } = judge;
  const counted = { tokens, acts, refusedActs, unaskedHandOvers };
  const drawn = Object.fromEntries(
    [...faults.counts].toSorted(([one], [other]) => one.localeCompare(other)),
  );
  const isRight = problems.length === 0;
  console.log(
    JSON.stringify({
      isRight,
      minutes,
      seed,
      nodes,
      drift,
      rounds,
      ...counted,
      problems,
      faults: drawn,
    }),
  );
  return isRight;
}

/** Most often as wrong as they may be. */
function drawnRate(): number {
  return 1 + drift * prng.pick([-1, -1, 0, 1, 1, 2 * prng.float() - 1]);
}

using directory = temporaryDirectory();
await using candidates = await Candidates.start(nodes, directory.path, {
  clockRates: Array.from({ length: nodes }, drawnRate),
  isCareless: values.careless,
});
process.exitCode = (await run(candidates)) ? 0 : 1;

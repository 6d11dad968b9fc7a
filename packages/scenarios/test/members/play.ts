import { runMembersScenario } from './members-scenario.ts';

// `node play.ts SEEDS [FIRST]`: plays so many seeds and tells of the first that goes wrong.

const [count = 20, first = 1] = process.argv.slice(2).map(Number);
const done = new Map<string, number>();
for (let seed = first; seed < first + count; seed++) {
  const result = runMembersScenario(seed);
  for (const [what, times] of result.done) done.set(what, (done.get(what) ?? 0) + times);
  if (result.violation === null) continue;
  process.stdout.write(`seed ${seed}: ${result.violation.message}\n`);
  process.exit(1);
}
process.stdout.write(`${count} seeds: ${JSON.stringify(Object.fromEntries(done))}\n`);

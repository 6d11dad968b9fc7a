// Plants mutants, one after another, and demands that the tests that guard against them fail:
// `node packages/raft/test/mutants/run.ts [NAME...]`; a NAME may also be 'bug 16' or 'rule 3'.
import { mutants } from './registry.ts';
import { type Trial, tryMutant } from './try-mutant.ts';

const wanted = process.argv.slice(2);
const chosen = mutants.filter(
  ({ name, guard }) => wanted.length === 0 || wanted.includes(name) || wanted.includes(guard),
);
const trials: Trial[] = [];
for (const mutant of chosen) {
  const trial = await tryMutant(mutant);
  trials.push(trial);
  console.log(`${mutant.guard.padEnd(8)} ${mutant.name}: ${trial.verdict}`);
  if (trial.verdict !== 'caught') console.log(trial.output);
}
const caught = trials.filter(({ verdict }) => verdict === 'caught').length;
const missed = trials.filter(({ verdict }) => verdict !== 'caught').map((t) => t.mutant.name);
console.log(`${caught} of ${trials.length} mutants caught`);
console.log(JSON.stringify({ mutants: trials.length, caught, missed }));
process.exitCode = trials.length > 0 && missed.length === 0 ? 0 : 1;

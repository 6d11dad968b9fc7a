// Plants mutants, one after another, and demands that the tests that guard against them fail:
// `npm run mutants -- [NAME...]`; a NAME may also be 'bug 16' or 'rule 3'.
import { parseArgs } from 'node:util';
import type { Mutant } from './mutant.ts';
import { mutants } from './registry.ts';
import { type Trial, tryMutant } from './try-mutant.ts';

const usage = `usage: npm run mutants -- [NAME...]

Plants the mutants named, or all, and has the tests run that guard against them. A NAME may also
be what they guard, as 'bug 16' or 'rule 3'. Exit status: 0 all were caught, 1 not, 2 usage.

${mutants.map(({ guard, name }) => `  ${guard.padEnd(8)} ${name}`).join('\n')}`;

/** @throws Error that says which word makes no sense; null: help is wanted */
function choose(args: readonly string[]): readonly Mutant[] | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h', default: false } },
  });
  if (values.help) return null;
  const meant = positionals.map((word) => {
    const found = mutants.filter(({ name, guard }) => name === word || guard === word);
    if (found.length === 0) throw new Error(`there is no mutant '${word}'`);
    return found;
  });
  return positionals.length === 0 ? mutants : [...new Set(meant.flat())];
}

async function tryAll(chosen: readonly Mutant[]): Promise<number> {
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
  return missed.length === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  let chosen: readonly Mutant[] | null;
  try {
    chosen = choose(process.argv.slice(2));
  } catch (error) {
    console.error(`${usage}\n\n${error instanceof Error ? error.message : String(error)}`);
    return 2;
  }
  if (chosen !== null) return tryAll(chosen);
  console.log(usage);
  return 0;
}

process.exitCode = await main();

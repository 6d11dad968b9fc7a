import { readFileSync, writeSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { mutants } from './registry.ts';

// Loaded by --import ahead of the tests: one source file is another one in memory.

const name = process.env['QUORATE_MUTANT'];
const mutant = mutants.find((candidate) => candidate.name === name);
if (mutant === undefined) throw new Error(`there is no mutant ${name}`);

let isPlanted = false;

registerHooks({
  load(url, context, nextLoad) {
    if (!url.endsWith(`/packages/${mutant.file}`)) return nextLoad(url, context);
    isPlanted = true;
    const text = readFileSync(new URL(url), 'utf8');
    const [before, after, more] = text.split(mutant.find);
    if (before === undefined || after === undefined || more !== undefined) {
      throw new Error(`${mutant.name}: its place in ${mutant.file} is not there once`);
    }
    const changed = `${before}${mutant.replace}${after}`;
    return { format: 'module-typescript', source: changed, shortCircuit: true };
  },
});

process.on('exit', () => {
  if (isPlanted) return;
  writeSync(2, `${mutant.file} was never loaded\n`);
  process.exitCode = 4;
});

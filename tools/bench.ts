// Runs one benchmark: `npm run bench -- NAME [ARGUMENTS]`. Without a name, lists them (exit 2).
import { findScripts } from './run/find-scripts.ts';
import { ROOT, runCommand } from './run/run-command.ts';

const PATTERNS = ['packages/*/bench/*.bench.ts', 'tools/bench/*.bench.ts'];

const [name, ...args] = process.argv.slice(2);
const benches = findScripts(ROOT, PATTERNS, '.bench.ts');
const path = name === undefined ? undefined : benches.get(name);
if (path === undefined) {
  if (name !== undefined) console.error(`there is no bench '${name}'`);
  console.error('usage: npm run bench -- NAME [ARGUMENTS]');
  for (const [known, where] of benches) console.error(`  ${known.padEnd(24)}${where}`);
  if (benches.size === 0) console.error('  (there are none yet)');
  process.exitCode = 2;
} else {
  const { exitCode } = await runCommand(['node', path, ...args], { output: 'inherit' });
  process.exitCode = exitCode;
}

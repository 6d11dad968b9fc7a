// Runs one benchmark: `npm run bench -- NAME [ARGUMENTS]`. Without a name, lists them (exit 2).
import { findScripts } from './run/find-scripts.ts';
import { ROOT, runCommand } from './run/run-command.ts';
import { runTool, UsageError } from './run/run-tool.ts';

const PATTERNS = ['packages/*/bench/*.bench.ts', 'tools/bench/*.bench.ts'];

const [name, ...args] = process.argv.slice(2);
const benches = findScripts(ROOT, PATTERNS, '.bench.ts');

function usage(): string {
  const known = [...benches].map(([bench, where]) => `  ${bench.padEnd(24)}${where}`);
  const list = known.length > 0 ? known : ['  (there are none yet)'];
  return ['usage: npm run bench -- NAME [ARGUMENTS]', ...list].join('\n');
}

async function run(): Promise<number> {
  if (name === undefined) throw new UsageError('give the name of a bench');
  const path = benches.get(name);
  if (path === undefined) throw new UsageError(`there is no bench '${name}'`);
  const { exitCode } = await runCommand(['node', path, ...args], { output: 'inherit' });
  return exitCode;
}

// What stands behind the name is the benchmark's.
await runTool({ args: name === undefined ? [] : [name], usage, run });

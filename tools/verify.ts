// Runs every check and writes nothing: `npm run verify [-- --no-tests]`. Exit 1 when one fails.
import { parseArgs } from 'node:util';
import { runCommand } from './run/run-command.ts';
import { runTool } from './run/run-tool.ts';

interface Check {
  readonly name: string;
  readonly command: readonly string[];
}

const CHECKS: readonly Check[] = [
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: 'lint (types)', command: ['oxlint'] },
  { name: 'lint', command: ['biome', 'lint', '--error-on-warnings'] },
  { name: 'format', command: ['biome', 'check', '--linter-enabled=false'] },
  { name: 'tidy', command: ['node', 'tools/tidy.ts'] },
  { name: 'dead code', command: ['knip', '--no-progress', '--no-config-hints'] },
];
const TESTS: Check = { name: 'tests', command: ['npm', 'test'] };

const USAGE = `usage: npm run verify [-- --no-tests]

Runs ${[...CHECKS, TESTS].map(({ name }) => name).join(', ')}. Exit 1 when one fails.`;

async function run(): Promise<number> {
  const { values } = parseArgs({ options: { 'no-tests': { type: 'boolean', default: false } } });
  const checks = values['no-tests'] ? CHECKS : [...CHECKS, TESTS];
  const rows: string[] = [];
  let failed = 0;
  for (const { name, command } of checks) {
    const { exitCode, output, seconds } = await runCommand(command, { output: 'collect' });
    const verdict = exitCode === 0 ? 'passed' : 'FAILED';
    rows.push(`${name.padEnd(14)}${verdict}  ${seconds.toFixed(1).padStart(6)} s`);
    if (exitCode === 0) continue;
    failed += 1;
    console.log(`── ${name}: ${command.join(' ')} (exit ${exitCode})\n${output.trimEnd()}\n`);
  }
  for (const row of rows) console.log(row);
  console.log(`verify: ${checks.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

await runTool({ args: process.argv.slice(2), usage: () => USAGE, run });

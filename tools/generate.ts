// Runs every generator of the packages and the tools: `npm run generate`. With `--check` each
// compares what it would write with what is committed, writes nothing, and this exits 1 when one
// differs.
import { globSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ROOT, runCommand } from './run/run-command.ts';
import { runTool } from './run/run-tool.ts';
import { compareText } from './tidy/problem.ts';

const GENERATORS = ['packages/*/generate.ts', 'tools/*/generate.ts'];

const USAGE = `usage: npm run generate [-- --check]

Runs every packages/*/generate.ts and tools/*/generate.ts. With --check nothing is written; exit 1
when a file differs.`;

async function run(): Promise<number> {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  const generators = globSync(GENERATORS, { cwd: ROOT }).sort(compareText);
  let failed = 0;
  for (const path of generators) {
    const command = ['node', path, ...(values.check ? ['--check'] : [])];
    const { exitCode, seconds } = await runCommand(command, { output: 'inherit' });
    if (exitCode !== 0) failed += 1;
    console.log(`${path}  ${exitCode === 0 ? 'done' : 'FAILED'}  ${seconds.toFixed(1)} s`);
  }
  const mend = failed > 0 && values.check ? `; run 'npm run generate' and read the diff` : '';
  console.log(`generate: ${generators.length - failed} passed, ${failed} failed${mend}`);
  return failed === 0 ? 0 : 1;
}

await runTool({ args: process.argv.slice(2), usage: () => USAGE, run });

// Runs the tests: `npm test [-- PATH...]`. Most of a test's time is spent waiting (for servers to
// start, for elections), so that three files at a time fit on two cores, where Node would take one.
import { availableParallelism } from 'node:os';
import { ROOT, runCommand } from './run/run-command.ts';
import { runTool } from './run/run-tool.ts';

const USAGE = `usage: npm test [-- PATH...]

Runs the tests in these files (patterns, too), or all of them. Exit 1 when one fails.`;

const ALL = ['packages/*/test/**/*.test.ts', 'tools/**/*.test.ts', 'examples/**/*.test.ts'];

/** Nothing here takes as long: what does hangs, and is told by its name. */
const TIMEOUT_MS = 600_000;

const paths = process.argv.slice(2);

async function run(): Promise<number> {
  const concurrency = Math.max(3, availableParallelism() - 1);
  const flags = [`--test-concurrency=${concurrency}`, `--test-timeout=${TIMEOUT_MS}`];
  const preload = ['--import', `${ROOT}/tools/run/compile-cache.ts`];
  const files = paths.length === 0 ? ALL : paths;
  const command = ['node', ...preload, '--test', ...flags, ...files];
  const { exitCode } = await runCommand(command, { output: 'inherit' });
  return exitCode;
}

await runTool({ args: paths, usage: () => USAGE, run });

// Runs the tests: `npm test [-- PATH...]`. Most of a test's time is spent waiting (for servers to
// start, for elections), so that three files at a time fit on two cores, where Node would take one.
import { availableParallelism } from 'node:os';
import { run as runFiles } from 'node:test';
import { spec } from 'node:test/reporters';
import { ROOT } from './run/run-command.ts';
import { runTool } from './run/run-tool.ts';
import { StallWatch } from './run/stall-watch.ts';

const USAGE = `usage: npm test [-- PATH...]

Runs the tests in these files (patterns, too), or all of them. Exit 1 when one fails.`;

const ALL = ['packages/*/test/**/*.test.ts', 'tools/**/*.test.ts', 'examples/**/*.test.ts'];

/** Nothing here takes as long: what does hangs, and is told by its name. */
const TIMEOUT_MS = 600_000;

const paths = process.argv.slice(2);

/**
 * Elections and leases rest on time: a machine that stood still for so long, as one that is moved
 * or starved does, makes tests fail that are right. What failed then is run once more, and said.
 */
const STALL_MS = 2000;

async function run(): Promise<number> {
  using watch = new StallWatch();
  const failed = await runTests(paths.length === 0 ? ALL : paths);
  const { longestMs } = watch;
  if (failed.size === 0 || longestMs < STALL_MS) return failed.size === 0 ? 0 : 1;
  const seconds = (longestMs / 1000).toFixed(1);
  process.stdout.write(
    `\nthe machine stood still for ${seconds} s while tests ran; what failed is run once more:\n` +
      `${[...failed].map((file) => `  ${file}\n`).join('')}\n`,
  );
  const again = await runTests([...failed]);
  return again.size === 0 ? 0 : 1;
}

/** @returns the files in which something failed */
async function runTests(patterns: readonly string[]): Promise<ReadonlySet<string>> {
  const failed = new Set<string>();
  const events = runFiles({
    globPatterns: patterns,
    cwd: ROOT,
    concurrency: Math.max(3, availableParallelism() - 1),
    timeout: TIMEOUT_MS,
    execArgv: ['--import', `${ROOT}/tools/run/compile-cache.ts`],
  });
  events.on('test:fail', ({ file, todo }) => {
    if (todo === undefined || todo === false) failed.add(file ?? patterns.join(' '));
  });
  for await (const text of events.compose(new spec())) process.stdout.write(text);
  return failed;
}

await runTool({ args: paths, usage: () => USAGE, run });

// Runs the tests: `npm test [-- PATH...]`. Most of a test's time is spent waiting (for servers to
// start, for elections), so that three files at a time fit on two cores, where Node would take one.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, runCommand } from './run/run-command.ts';
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
  using directory = temporaryDirectory();
  using watch = new StallWatch();
  const failed = join(directory.path, 'failed');
  const exitCode = await runTests(paths.length === 0 ? ALL : paths, failed);
  const { longestMs } = watch;
  const files = readFileSync(failed, 'utf8').split('\n').filter(Boolean);
  if (exitCode === 0 || files.length === 0 || longestMs < STALL_MS) return exitCode;
  const seconds = (longestMs / 1000).toFixed(1);
  process.stdout.write(
    `\nthe machine stood still for ${seconds} s while tests ran; what failed is run once more:\n` +
      `${files.map((file) => `  ${file}\n`).join('')}\n`,
  );
  // The directory has to outlive it.
  return await runTests(files, join(directory.path, 'failed-again'));
}

async function runTests(files: readonly string[], failed: string): Promise<number> {
  const concurrency = Math.max(3, availableParallelism() - 1);
  const flags = [
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${TIMEOUT_MS}`,
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...[
      `--test-reporter=${ROOT}/tools/run/failed-files.ts`,
      `--test-reporter-destination=${failed}`,
    ],
  ];
  const preload = ['--import', `${ROOT}/tools/run/compile-cache.ts`];
  const command = ['node', ...preload, '--test', ...flags, ...files];
  const { exitCode } = await runCommand(command, { output: 'inherit' });
  return exitCode;
}

function temporaryDirectory(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'quorate-tests-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

await runTool({ args: paths, usage: () => USAGE, run });

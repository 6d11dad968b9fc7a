// Faults of all kinds on real processes, under clients whose every answer is checked afterwards:
// `npm run -s chaos -- --minutes 5 --seed N`. docs/internals/chaos.md tells more.
// Exit 1 when a promise was not kept, or a canary was not found; 2 usage; 130 interrupted.
import { join } from 'node:path';
import { checkHistory, type Verdict } from './chaos/checks/check-history.ts';
import { describeFault } from './chaos/faults/schedule.ts';
import { historyFileName } from './chaos/history/history-writer.ts';
import { readHistory } from './chaos/history/read-history.ts';
import { type ChaosOptions, readOptions, usage } from './chaos/options.ts';
import { describeFaults, describeVerdict, isGood } from './chaos/report.ts';
import { type ChaosRun, runChaos, scheduleOf } from './chaos/run-chaos.ts';
import { runTool } from './run/run-tool.ts';

const interruptedCode = 130;
/** Ctrl-C comes from the terminal, and once more from npm when that has started this. */
const sameSignalMs = 500;

function interruption(): AbortSignal {
  const controller = new AbortController();
  let sinceMs: number | null = null;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (sinceMs !== null && performance.now() - sinceMs > sameSignalMs)
        process.exit(interruptedCode);
      sinceMs ??= performance.now();
      controller.abort();
    });
  }
  return controller.signal;
}

const say = (line: string): void => console.log(line);

async function runOnce(options: ChaosOptions): Promise<number> {
  const { seed, nodes, ratePerSecond, durationMs, canary } = options;
  say(`seed ${seed}: ${nodes} members, ${durationMs / 60_000} minutes, ${ratePerSecond} calls/s`);
  for (const fault of scheduleOf(options)) say(describeFault(fault));
  const run = await runChaos(options, interruption(), say);
  if (run.isInterrupted) {
    say(`interrupted; the history so far is in ${run.directory}`);
    return interruptedCode;
  }
  const verdict = checkHistory(run.history.events);
  for (const line of [...describeFaults(run.faults), ...describeVerdict(verdict)]) say(line);
  say(`history and logs: ${run.directory}`);
  if (canary === null) {
    say(lastLine(options, verdict, run));
    return isGood(verdict) ? 0 : 1;
  }
  const isFound = !isGood(verdict) && run.lies > 0;
  say(`canary ${canary}: ${run.lies} lies, ${isFound ? 'found' : 'NOT found'}`);
  return isFound ? 0 : 1;
}

function lastLine({ seed, nodes }: ChaosOptions, verdict: Verdict, run: ChaosRun): string {
  const { operations, longestStallMs, violations } = verdict;
  let faults = 0;
  for (const count of run.faults.counts.values()) faults += count;
  return JSON.stringify({
    chaos: isGood(verdict) ? 'good' : 'violation',
    seed,
    nodes,
    operations,
    faults,
    longestStallMs,
    endedByThemselves: run.endedByThemselves,
    violations: Object.fromEntries(violations.counts),
  });
}

function checkAgain(directory: string): number {
  const verdict = checkHistory(readHistory(join(directory, historyFileName)));
  for (const line of describeVerdict(verdict)) say(line);
  say(isGood(verdict) ? 'good' : 'violation');
  return isGood(verdict) ? 0 : 1;
}

async function run(): Promise<number> {
  const choice = readOptions(process.argv.slice(2));
  if (choice.kind === 'check') return checkAgain(choice.directory);
  if (choice.kind === 'run') return runOnce(choice.options);
  for (const fault of scheduleOf(choice.options)) say(describeFault(fault));
  return 0;
}

await runTool({ args: process.argv.slice(2), usage: () => usage, run });

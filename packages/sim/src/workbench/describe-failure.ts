import { traceText } from '../trace/notation.ts';
import type { Subject } from './subject.ts';
import { runWork } from './work-run.ts';
import type { WorkbenchRun } from './workbench-run.ts';

export interface FailureDescription {
  readonly lastEvents: number;
  readonly planText: string;
  /** The plan is the one that its seed draws: the seed says it all. */
  readonly isDrawn: boolean;
  /** How many runs it took to make it so small; null when nobody tried. */
  readonly shrunkBy: number | null;
}

const maxLineChars = 240;

/** What a failed run broke, its last events, and how to play it again: for a person to read. */
export function describeFailure(
  subject: Subject,
  run: WorkbenchRun,
  { lastEvents, planText, isDrawn, shrunkBy }: FailureDescription,
): string {
  const { plan, failure } = run;
  if (failure === null) return '';
  const { seed, nodes, strikes, clients } = plan;
  const again = playAgain(subject, run, lastEvents);
  const option = isDrawn ? `seed: ${seed}` : `plan: '${planText}'`;
  const shrunk =
    shrunkBy === null
      ? []
      : [`shrunk by ${shrunkBy} runs; strikes: ${strikes.length}, clients: ${clients}`];
  return [
    'the state machine does not hold under faults',
    failure.message,
    `seed ${seed}, ${nodes} nodes, after ${Math.round(failure.atMs)} ms of virtual time`,
    ...shrunk,
    ...strikes
      .filter(
        ({ atMs }, at) => shrunkBy !== null && run.struck[at] === true && atMs <= failure.atMs,
      )
      .map(({ atMs, nemesis }) => `  ${atMs} ms ${nemesis}`),
    `the last events (time; node, role and term, vote, log, durable, commit, applied; messages):`,
    ...again.lines,
    ...(again.isSame ? [] : [otherwise]),
    `again:  checkUnderFaults({ ..., ${option} })`,
    ...(shrunkBy === null ? [`shrink: checkUnderFaults({ ..., ${option}, shrink: true })`] : []),
  ].join('\n');
}

const otherwise =
  'played again it went another way: something other than the seed decides, so look at the state ' +
  'machine, the service and the commands for a clock, randomness, or variables outside of them';

/** The same run once more, with its events. */
function playAgain(
  subject: Subject,
  run: WorkbenchRun,
  lastEvents: number,
): { readonly lines: readonly string[]; readonly isSame: boolean } {
  const untilMs = run.failure?.atMs ?? run.virtualMs;
  let lines: string[] = [];
  const add = (atMs: number, text: string): void => {
    if (atMs > untilMs) return;
    lines.push(text.length > maxLineChars ? `${text.slice(0, maxLineChars)}...` : text);
    if (lines.length > 2 * lastEvents) lines = lines.slice(-lastEvents);
  };
  const again = runWork(subject, run.plan, {
    event: (event) => {
      if (event.kind !== 'log') add(event.atMs, traceText(event));
    },
    note: (atMs, text) => add(atMs, `${atMs.toFixed(3).padStart(10)} ${text}`),
  });
  const isSame = again.hash === run.hash && again.failure?.message === run.failure?.message;
  return { lines: lines.slice(-lastEvents), isSame };
}

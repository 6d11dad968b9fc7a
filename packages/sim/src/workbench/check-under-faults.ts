import { Prng } from '@quorate/base';
import type { ClusterPlan } from '../plan/cluster-plan.ts';
import { clusterFields, PlanNotation } from '../plan/plan-notation.ts';
import { shrinkPlan } from '../plan/shrink-plan.ts';
import { describeFailure } from './describe-failure.ts';
import { drawWorkPlan } from './draw-work-plan.ts';
import type { WorkbenchMachine } from './machine-types.ts';
import { textOf } from './shown.ts';
import { optionInvalid, SimError } from './sim-error.ts';
import { type Subject, subjectOf } from './subject.ts';
import { runWork } from './work-run.ts';
import type { WorkbenchOptions } from './workbench-options.ts';
import type { WorkbenchRun } from './workbench-run.ts';

/** What a check has gone through. */
export interface WorkbenchReport {
  readonly runs: number;
  readonly events: number;
  readonly virtualMs: number;
  readonly acknowledged: number;
  readonly reads: number;
  readonly restored: number;
  /** Runs in which the model's search was given up: only the order of the log was checked. */
  readonly undecided: number;
  /** By nemesis, how often it found something to do. */
  readonly faults: ReadonlyMap<string, number>;
}

const maxShrinkRuns = 200;
const commandsTried = 20;
const notation = new PlanNotation<ClusterPlan>(clusterFields);

/**
 * Puts a state machine under the simulator: the real runtime, log and links on virtual disks,
 * networks and clocks, while processes are killed, power fails, links break, messages are lost and
 * repeated, disks stall or lose what they have. Clients send commands and queries all the while.
 * Then all faults end, and the service has to recover. One number decides a whole run.
 *
 * Checked are: that every replica answers and is as a copy that nothing ever happens to; that what
 * was acknowledged was applied so, once; that answers are linearizable, by the log and by the
 * `model`; the `invariant`; that a healed cluster serves, catches up and keeps quiet.
 *
 * ```ts
 * test('the counter holds under faults', () => {
 *   checkUnderFaults({
 *     create: () => new Counter(),
 *     commands: (prng) => ({ add: prng.between(1, 9) }),
 *   });
 * });
 * ```
 *
 * @throws SimError SIM_RUN_FAILED with what was broken, the last events, and how to play it again;
 *   SIM_OPTIONS_INVALID
 */
export function checkUnderFaults<Machine extends WorkbenchMachine, State = unknown>(
  options: WorkbenchOptions<Machine, State>,
): WorkbenchReport {
  const subject = subjectOf(options);
  checkCommands(subject);
  const faults = new Map<string, number>();
  const totals = { runs: 0, events: 0, virtualMs: 0, acknowledged: 0, reads: 0, restored: 0 };
  let undecided = 0;
  for (const plan of plansOf(options)) {
    const run = runWork(subject, plan);
    totals.runs += 1;
    for (const name of ['events', 'virtualMs', 'acknowledged', 'reads', 'restored'] as const) {
      totals[name] += run[name];
    }
    for (const [name, times] of run.faults) faults.set(name, (faults.get(name) ?? 0) + times);
    if (run.undecided) undecided += 1;
    options.onRun?.(run);
    if (run.failure !== null) throw failed(subject, run, options);
  }
  return { ...totals, undecided, faults };
}

type RunOptions = Pick<
  WorkbenchOptions<WorkbenchMachine>,
  'nodes' | 'seeds' | 'firstSeed' | 'seed' | 'plan' | 'shrink' | 'lastEvents'
>;

/** @throws SimError SIM_OPTIONS_INVALID */
function* plansOf(options: RunOptions): Iterable<ClusterPlan> {
  const nodes = wholeNumber('nodes', options.nodes ?? 3, 1, 9);
  const seeds = wholeNumber('seeds', options.seeds ?? 20, 1, 1e9);
  const most = Number.MAX_SAFE_INTEGER;
  const first = wholeNumber('firstSeed', options.firstSeed ?? 1, 0, most - seeds);
  if (options.plan !== undefined) {
    yield parsePlan(options.plan);
  } else if (options.seed !== undefined) {
    yield drawWorkPlan(wholeNumber('seed', options.seed, 0, most), nodes);
  } else {
    for (let seed = first; seed < first + seeds; seed++) yield drawWorkPlan(seed, nodes);
  }
}

function parsePlan(text: string): ClusterPlan {
  try {
    return notation.parse(text);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw optionInvalid('plan', `cannot be read: ${problem}`, 'give one as a failure printed it');
  }
}

function wholeNumber(field: string, value: number, low: number, high: number): number {
  if (Number.isSafeInteger(value) && value >= low && value <= high) return value;
  throw optionInvalid(field, `is ${value}`, `give a whole number from ${low} to ${high}`);
}

/** Commands that are drawn of anything else make no run like the one before. */
function checkCommands({ commands, queries }: Subject): void {
  for (const [field, draw] of Object.entries({ commands, queries })) {
    if (draw === null) continue;
    const [first, second] = [1, 1].map((seed) => {
      const prng = new Prng(seed);
      return textOf(Array.from({ length: commandsTried }, () => draw(prng.fork())));
    });
    if (first === second) continue;
    const fix = 'draw from the prng that is given, and from nothing else';
    throw optionInvalid(field, 'gave other values when it was asked again with the same prng', fix);
  }
}

function failed(subject: Subject, run: WorkbenchRun, options: RunOptions): SimError {
  // What cannot be checked is no fault of what is checked.
  if (run.failure?.error instanceof SimError) return run.failure.error;
  const shrunk = options.shrink === true ? shrinkRun(subject, run) : null;
  const smallest = shrunk?.run ?? run;
  const { plan, hash, failure } = smallest;
  const text = notation.write(plan);
  const message = describeFailure(subject, smallest, {
    lastEvents: options.lastEvents ?? 16,
    planText: text,
    isDrawn: shrunk === null && options.plan === undefined,
    shrunkBy: shrunk?.trials ?? null,
  });
  const { property = '', atMs = 0, error: cause } = failure ?? {};
  const metadata = { seed: plan.seed, property, plan: text, atMs, hash };
  return new SimError('SIM_RUN_FAILED', message, metadata, { cause });
}

function shrinkRun(
  subject: Subject,
  first: WorkbenchRun,
): { readonly run: WorkbenchRun; readonly trials: number } {
  let trials = 0;
  let last = first;
  let smallest = first;
  const trialOf = ({ failure, virtualMs, struck }: WorkbenchRun) => ({
    failure: failure?.property ?? null,
    virtualMs,
    struck,
  });
  shrinkPlan(first.plan, trialOf(first), {
    run: (plan) => {
      trials += 1;
      last = runWork(subject, plan);
      return trialOf(last);
    },
    isOver: () => trials >= maxShrinkRuns,
    progress: () => {
      smallest = last;
    },
  });
  return { run: smallest, trials };
}

import { type Model, PROBE_INVARIANT, type RunSize, type Search } from './directives.ts';
import type { Explored } from './spin.ts';

/** One exploration of one model. */
export interface Job {
  readonly model: string;
  readonly kind: 'run' | 'mutant' | 'probe';
  /** Of the mutant or the probe; of a run its size. */
  readonly name: string;
  readonly flags: readonly string[];
  readonly search: Search;
  readonly about: string;
  /** One of these assertions must be violated; empty: none may be. */
  readonly expected: readonly string[];
}

export function jobsOf(model: Model, size: RunSize): readonly Job[] {
  const runs = model.runs
    .filter((run) => run.size === size)
    .map(({ flags }) => job(model, 'run', size, flags, '', []));
  const probes = model.probes.map(({ name, flags, about }) =>
    job(model, 'probe', name, flags, about, [PROBE_INVARIANT]),
  );
  const mutants = model.mutants.map(({ name, flags, about, invariants }) =>
    job(model, 'mutant', name, flags, about, invariants),
  );
  return [...runs, ...probes, ...mutants];
}

function job(
  model: Model,
  kind: Job['kind'],
  name: string,
  flags: readonly string[],
  about: string,
  expected: readonly string[],
): Job {
  // To see every state, depth first needs less memory.
  const search = expected.length === 0 ? 'depth' : model.search;
  return { model: model.name, kind, name, flags, search, about, expected };
}

/** @returns null when the model behaves as it should, else what is wrong */
export function judge(job: Job, explored: Explored): string | null {
  const { violated, complete } = explored;
  if (!complete) return 'out of memory or depth before every state was seen';
  if (job.expected.length === 0) return violated === null ? null : `${violated} is violated`;
  if (violated !== null && job.expected.includes(violated)) return null;
  const found = violated === null ? 'nothing is violated' : `${violated} is violated`;
  return `${found}, and ${job.expected.join(' or ')} should be`;
}

/** One line: what was explored, how far, and what came of it. */
export function describeJob(job: Job, explored: Explored, seconds: string): string {
  const { states, depth, violated } = explored;
  const good = { run: 'holds', mutant: `caught by ${violated}`, probe: 'reached' }[job.kind];
  const result = judge(job, explored) ?? good;
  const what = [job.model, job.kind, job.name, ...(job.kind === 'run' ? job.flags : [])].join(' ');
  return `${what}: ${states} states, depth ${depth}, ${seconds} s: ${result}`;
}

export interface Outcome {
  readonly job: Job;
  readonly states: number;
  /** Whether it came as it should. */
  readonly good: boolean;
}

export interface Totals {
  readonly models: number;
  readonly runs: number;
  /** Of the runs alone: those of mutants and probes end early. */
  readonly states: number;
  readonly mutants: number;
  readonly caught: number;
  readonly probes: number;
  readonly reached: number;
  readonly failed: number;
}

export function totalsOf(outcomes: readonly Outcome[]): Totals {
  const of = (kind: Job['kind']): readonly Outcome[] =>
    outcomes.filter((outcome) => outcome.job.kind === kind);
  const good = (some: readonly Outcome[]): number => some.filter((outcome) => outcome.good).length;
  return {
    models: new Set(outcomes.map((outcome) => outcome.job.model)).size,
    runs: of('run').length,
    states: of('run').reduce((sum, outcome) => sum + outcome.states, 0),
    mutants: of('mutant').length,
    caught: good(of('mutant')),
    probes: of('probe').length,
    reached: good(of('probe')),
    failed: outcomes.length - good(outcomes),
  };
}

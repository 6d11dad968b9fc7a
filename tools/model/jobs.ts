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
  /** The assertion that must be violated; null: none may be. */
  readonly expected: string | null;
}

export function jobsOf(model: Model, size: RunSize): readonly Job[] {
  const runs = model.runs
    .filter((run) => run.size === size)
    .map(({ flags }) => job(model, 'run', size, flags, '', null));
  const probes = model.probes.map(({ name, flags, about }) =>
    job(model, 'probe', name, flags, about, PROBE_INVARIANT),
  );
  const mutants = model.mutants.map(({ name, flags, about, invariant }) =>
    job(model, 'mutant', name, flags, about, invariant),
  );
  return [...runs, ...probes, ...mutants];
}

function job(
  model: Model,
  kind: Job['kind'],
  name: string,
  flags: readonly string[],
  about: string,
  expected: string | null,
): Job {
  // To see every state, depth first needs less memory.
  const search = expected === null ? 'depth' : model.search;
  return { model: model.name, kind, name, flags, search, about, expected };
}

/** @returns null when the model behaves as it should, else what is wrong */
export function judge(job: Job, explored: Explored): string | null {
  const { violated, complete } = explored;
  if (!complete) return 'out of memory or depth before every state was seen';
  if (violated === job.expected) return null;
  if (job.expected === null) return `${violated} is violated`;
  const found = violated === null ? 'nothing is violated' : `${violated} is violated`;
  return `${found}, and ${job.expected} should be`;
}

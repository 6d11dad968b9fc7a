/**
 * A model says in its opening comment what is to be done with it:
 *
 * ```
 *: search breadth                    shortest violations first; without it depth first
 *: run SIZE FLAGS                     explored to the end, without a violation
 *: mutant NAME INVARIANT[,...] FLAGS  a planted mistake that must violate one of these
 *: probe NAME FLAGS                   a state that must be reached, lest the rest prove nothing
 * ```
 * The lines after a mutant or a probe, up to the next, say in words what it is.
 */
export interface Model {
  readonly name: string;
  /** Breadth first is at its best where a model has no atomic sequences. */
  readonly search: Search;
  readonly runs: readonly ModelRun[];
  readonly mutants: readonly Mutant[];
  readonly probes: readonly Probe[];
}

export type Search = 'breadth' | 'depth';

/** `ci` runs take seconds, `full` ones minutes. */
export type RunSize = 'ci' | 'full';

export interface ModelRun {
  readonly size: RunSize;
  readonly flags: readonly string[];
}

export interface Probe {
  readonly name: string;
  readonly flags: readonly string[];
  readonly about: string;
}

export interface Mutant extends Probe {
  /** What it may be caught by: names of assertions of the model. */
  readonly invariants: readonly string[];
}

/** A probe is an assertion that a state is *not* reached; the model asserts it under this name. */
export const PROBE_INVARIANT = 'probe';

const DIRECTIVE = /^ \*: (search|run|mutant|probe) (\S+)(?: (\S.*))?$/;
const FLAG = /^-D[A-Z][A-Z_]*(=\d+)?$/;

/** @throws Error that names model and line when a directive cannot be read */
export function parseModel(name: string, source: string): Model {
  let search: Search = 'depth';
  const runs: ModelRun[] = [];
  const mutants: Mutant[] = [];
  const probes: Probe[] = [];
  const lines = source.split('\n');
  for (const [at, line] of lines.entries()) {
    if (!line.startsWith(' *:')) continue;
    const where = `models/${name}.pml:${at + 1}`;
    const [, kind, first = '', rest = ''] = DIRECTIVE.exec(line) ?? [];
    if (kind === undefined)
      throw new Error(`${where}: no directive; write search, run, mutant or probe`);
    const words = rest.split(' ').filter((word) => word !== '');
    const about = aboutAfter(lines, at);
    if (kind === 'search') {
      if (first !== 'breadth' || rest !== '') throw new Error(`${where}: write search breadth`);
      search = 'breadth';
    } else if (kind === 'run') {
      if (first !== 'ci' && first !== 'full') throw new Error(`${where}: a run is ci or full`);
      runs.push({ size: first, flags: flagsOf(words, where) });
    } else if (kind === 'probe') {
      probes.push({ name: first, flags: flagsOf(words, where), about });
    } else {
      const [invariants = '', ...flags] = words;
      const names = invariants.split(',');
      mutants.push({ name: first, invariants: names, flags: flagsOf(flags, where), about });
    }
  }
  return { name, search, runs, mutants, probes };
}

function flagsOf(words: readonly string[], where: string): readonly string[] {
  const wrong = words.find((word) => !FLAG.test(word));
  if (wrong !== undefined)
    throw new Error(`${where}: '${wrong}' is no flag; write -DNAME[=NUMBER]`);
  return words;
}

function aboutAfter(lines: readonly string[], at: number): string {
  const words: string[] = [];
  for (const line of lines.slice(at + 1)) {
    if (!line.startsWith(' *  ')) break;
    words.push(line.slice(4));
  }
  return words.join(' ');
}

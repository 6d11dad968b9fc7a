import { type Difference, firstDifference } from './first-difference.ts';
import { MachineError, type MachineErrorMetadata } from './machine-error.ts';

type What = MachineErrorMetadata['RUNTIME_MACHINE_DIVERGED']['what'];

/** How the two copies were treated differently, which is where to look. */
export interface Circumstances {
  /** Of the last entry that concerns it; 0 when there is none. */
  readonly index: number;
  readonly secondGetsOneByOne: boolean;
  /** The second copy is one that was restored from the first's snapshot as of this index. */
  readonly secondRestoredAt: number | null;
}

const happened: Readonly<Record<What, (index: number) => string>> = {
  outcome: (index) => `one copy of the state machine threw at entry ${index}, the other did not`,
  result: (index) => `two copies of the state machine answered entry ${index} differently`,
  command: (index) => `the state machine changed the bytes of the command of entry ${index}`,
  state: (index) => `two copies of the state machine have parted by entry ${index}`,
  restoredState: (index) =>
    `a copy restored from the snapshot as of entry ${index} gives another snapshot`,
  read: (index) => `a query or a read changed the state as of entry ${index}`,
  drawnSnapshot: (index) =>
    `the snapshot as of entry ${index} was drawn while apply went on, and holds another state`,
};

/** The two copies are not the same where they must be. */
export function diverged(
  what: What,
  { path, first, second }: Difference,
  circumstances: Circumstances,
): MachineError {
  const { index } = circumstances;
  return new MachineError(
    'RUNTIME_MACHINE_DIVERGED',
    `${happened[what](index)}: ${path} is ${first} and ${second}; ${hint(what, circumstances)}`,
    { index, what, path, first, second },
  );
}

export function impure(index: number, used: readonly string[]): MachineError {
  return new MachineError(
    'RUNTIME_MACHINE_IMPURE',
    `the state machine used ${used.join(', ')} by entry ${index}: that is not the same on every ` +
      'replica; put what is needed into the command, and take the time from the entry',
    { index, used },
  );
}

/** @param describe turns a snapshot into what it means, for a path that says more */
export function differenceOfStates(
  first: Uint8Array,
  second: Uint8Array,
  describe: ((bytes: Uint8Array) => unknown) | undefined,
): Difference | null {
  const inBytes = firstDifference(first, second, 'snapshot');
  if (inBytes === null || describe === undefined) return inBytes;
  return firstDifference(describe(first), describe(second), 'state') ?? inBytes;
}

function hint(what: What, { secondGetsOneByOne, secondRestoredAt }: Circumstances): string {
  if (what === 'command') return 'copy the bytes before you change them: the log holds them too';
  if (what === 'read')
    return 'a read happens on one replica alone: it has to leave the state as it is';
  if (what === 'restoredState')
    return 'restore has to bring back everything that snapshot wrote, in the same order';
  if (what === 'drawnSnapshot')
    return 'what the iterator yields must not see later entries: keep what it needs at the start';
  const causes = [
    'a clock or randomness',
    'variables that the copies share',
    'a query or a read that changes the state',
  ];
  if (secondGetsOneByOne)
    causes.push('what hangs on batches (the second copy gets the entries one at a time)');
  if (secondRestoredAt !== null) {
    const at = `the second copy was restored from one as of entry ${secondRestoredAt}`;
    causes.push(`state that is not in the snapshot (${at})`);
  }
  return `look for ${causes.join(', ')}`;
}

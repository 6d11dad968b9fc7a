import {
  type AppliedEntry,
  assert,
  type Checkpoints,
  type SnapshotSink,
  type StateMachine,
} from '@quorate/base';
import { type Circumstances, differenceOfStates, diverged, impure } from './divergence.ts';
import { type Difference, firstDifference } from './first-difference.ts';
import {
  isMachineError,
  type MachineError,
  machineThrew,
  messageOf,
  noEntries,
  rangeOf,
  snapshotUnusable,
} from './machine-error.ts';
import { applyFailed, checkResults } from './result-check.ts';
import { drain, restoreInto } from './snapshot-bytes.ts';
import { over, type Tripwires } from './tripwires.ts';

/**
 * Left out, states are compared every 16 batches, and calls of impure globals are not looked for.
 */
export interface CheckedMachineOptions {
  /** How many batches lie between two comparisons of the whole state; default 16. */
  readonly compareEvery?: number;
  /**
   * Whether equal states have equal snapshots, byte for byte (the default), or are compared only
   * after both have been restored: for snapshots that say the same in several ways.
   */
  readonly snapshotBytes?: 'equal' | 'mayDiffer';
  /** Armed while the first copy runs. */
  readonly tripwires?: Tripwires;
}

/** A state machine that may say what a snapshot of it means, so that differences have a path. */
type DescribedMachine<Result> = StateMachine<Result> & {
  describeSnapshot?(bytes: Uint8Array): unknown;
};

/** A pair of copies as one state machine. */
export interface CheckedMachine<Result, Machine> extends StateMachine<Result> {
  /** The copy whose results count: reads go here. Always the same one. */
  readonly machine: Machine;
  /**
   * Looks at `machine`, as reads do, and compares its state before and after.
   *
   * @throws MachineError RUNTIME_MACHINE_DIVERGED when the look has changed it
   */
  observed<Answer>(look: () => Answer): Answer;
}

/**
 * For development: runs two copies of a state machine beside each other and stops at the first
 * difference. Every batch is applied by both, by the second one entry at a time (unless it has
 * `prefetch`), and the results are compared. From time to time, and with every snapshot, so are
 * their snapshots; a third copy is restored from one and takes the second's place, so that what a
 * snapshot leaves out shows later. Costs several times the work, and memory for all the copies.
 *
 * `checkpoints` are those of the first copy, which alone gets a directory; the others are given
 * whole snapshots, and what is compared are those.
 *
 * Throws MachineError RUNTIME_MACHINE_DIVERGED, RUNTIME_MACHINE_IMPURE, RUNTIME_MACHINE_THREW,
 * RUNTIME_MACHINE_ASYNC, RUNTIME_MACHINE_MISCOUNTED; then again at every later call.
 *
 * @param create gives a new, empty copy each time
 */
export function checkedMachine<Result, Machine extends StateMachine<Result>>(
  create: () => Machine & StateMachine<Result>,
  options: CheckedMachineOptions = {},
): CheckedMachine<Result, Machine> {
  return new Checked<Result, Machine>(create, options);
}

interface Outcome<Result> {
  readonly results: readonly Result[];
  /** Null when nothing was thrown. */
  readonly error: MachineError | null;
}

class Checked<Result, Machine extends StateMachine<Result>>
  implements CheckedMachine<Result, Machine>
{
  readonly machine: Machine;
  readonly prefetch?: NonNullable<StateMachine<unknown>['prefetch']>;
  readonly checkpoints?: Checkpoints;
  readonly #create: () => Machine;
  readonly #compareEvery: number;
  readonly #bytesMayDiffer: boolean;
  readonly #tripwires: Tripwires | undefined;
  #second: Machine;
  #secondRestoredAt: number | null = null;
  #batches = 0;
  #lastIndex = 0;
  #failed: Error | null = null;

  constructor(create: () => Machine, options: CheckedMachineOptions) {
    this.#create = create;
    this.#compareEvery = options.compareEvery ?? 16;
    this.#bytesMayDiffer = options.snapshotBytes === 'mayDiffer';
    this.#tripwires = options.tripwires;
    this.machine = create();
    this.#second = this.#another();
    if (this.machine.prefetch !== undefined) {
      this.prefetch = (entries, done) => this.#prefetch(entries, done);
    }
    const { checkpoints } = this.machine;
    if (checkpoints !== undefined) this.checkpoints = this.#comparedBefore(checkpoints);
  }

  apply(entries: readonly AppliedEntry[]): readonly Result[] {
    return this.#remembering(() => {
      const index = rangeOf(entries).lastIndex;
      const results = this.#applyByBoth(entries);
      this.#lastIndex = index;
      this.#batches += 1;
      if (this.#batches % this.#compareEvery === 0) this.#compareStates();
      return results;
    });
  }

  observed<Answer>(look: () => Answer): Answer {
    const before = this.#draw(this.machine);
    const answer = look();
    const difference = this.#differenceOf(before, this.#draw(this.machine));
    if (difference === null) return answer;
    return this.#remembering(() => {
      throw diverged('read', difference, this.#circumstances(this.#lastIndex));
    });
  }

  snapshot(): Iterator<Uint8Array, void> {
    const expected = this.#remembering(() => this.#compareStates());
    const circumstances = this.#circumstances(this.#lastIndex);
    return new CheckedChunks(this.machine.snapshot(), (drawn) =>
      this.#remembering(() => {
        const difference = this.#differenceOf(expected, this.#draw(this.#restoredFrom(drawn)));
        if (difference !== null) throw diverged('drawnSnapshot', difference, circumstances);
      }),
    );
  }

  /** Into the first copy as it is, and into a new one: both must then be the same. */
  restore(): SnapshotSink {
    if (this.checkpoints !== undefined) return this.#restoreByFirst();
    const second = this.#another();
    const sinks = [this.machine.restore(), second.restore()];
    return {
      chunk: (bytes) => {
        for (const sink of sinks) sink.chunk(new Uint8Array(bytes));
      },
      finish: () => {
        for (const sink of sinks) sink.finish();
        this.#restored(second);
      },
    };
  }

  /** What comes may be a checkpoint, which only the copy with the directory can read. */
  #restoreByFirst(): SnapshotSink {
    const sink = this.machine.restore();
    return {
      chunk: (bytes) => sink.chunk(new Uint8Array(bytes)),
      ...(sink.drained === undefined ? {} : { drained: (done) => sink.drained?.(done) }),
      finish: () => {
        sink.finish();
        this.#restored(this.#restoredFrom(this.#draw(this.machine)));
      },
    };
  }

  #restored(second: Machine): void {
    this.#second = second;
    this.#secondRestoredAt = null;
    this.#lastIndex = 0;
    this.#remembering(() => this.#compareStates());
  }

  #comparedBefore(checkpoints: Checkpoints): Checkpoints {
    return {
      get isDue() {
        return checkpoints.isDue;
      },
      open: (place) => checkpoints.open(place),
      take: (index) => {
        this.#remembering(() => this.#compareStates());
        return checkpoints.take(index);
      },
      expand: () => checkpoints.expand(),
      collect: (index) => checkpoints.collect(index),
      close: (done) => checkpoints.close(done),
    };
  }

  #prefetch(entries: readonly AppliedEntry[], done: (error: Error | null) => void): void {
    this.machine.prefetch?.(entries, (error) => {
      if (error !== null) done(error);
      else this.#second.prefetch?.(entries, done);
    });
  }

  #another(): Machine {
    const copy = this.#create();
    assert(copy !== this.machine, 'create gives a new state machine each time');
    return copy;
  }

  /** Once they have parted, nothing more is answered: a failed snapshot alone stops no node. */
  #remembering<T>(call: () => T): T {
    if (this.#failed !== null) throw this.#failed;
    try {
      return call();
    } catch (error) {
      this.#failed = error instanceof Error ? error : new Error(messageOf(error));
      throw this.#failed;
    }
  }

  #applyByBoth(entries: readonly AppliedEntry[]): readonly Result[] {
    const commands = entries.map(({ command }) => new Uint8Array(command));
    const used: string[] = [];
    const note = (names: readonly string[]): void => {
      used.push(...names);
    };
    const first = over(this.#tripwires, note, () => attempt(this.machine, entries));
    if (used.length > 0) throw impure(rangeOf(entries).lastIndex, used);
    this.#requireUnchanged(entries, commands);
    const second = this.#isOneByOne ? this.#applyOneByOne(entries) : attempt(this.#second, entries);
    this.#requireUnchanged(entries, commands);
    this.#compareOutcomes(entries, first, second);
    for (const [at, result] of first.results.entries()) {
      const difference = firstDifference(result, second.results[at], 'result');
      if (difference === null) continue;
      const { index } = entries[at] as AppliedEntry;
      throw diverged('result', difference, this.#circumstances(index));
    }
    return first.results;
  }

  get #isOneByOne(): boolean {
    return this.machine.prefetch === undefined;
  }

  #applyOneByOne(entries: readonly AppliedEntry[]): Outcome<Result> {
    const results: Result[] = [];
    for (const entry of entries) {
      const outcome = attempt(this.#second, [entry]);
      if (outcome.error !== null) return { results, error: outcome.error };
      results.push(outcome.results[0] as Result);
    }
    return { results, error: null };
  }

  #requireUnchanged(entries: readonly AppliedEntry[], commands: readonly Uint8Array[]): void {
    for (const [at, { index, command }] of entries.entries()) {
      const difference = firstDifference(commands[at], command, 'command');
      if (difference !== null) throw diverged('command', difference, this.#circumstances(index));
    }
  }

  #compareOutcomes(
    entries: readonly AppliedEntry[],
    first: Outcome<Result>,
    second: Outcome<Result>,
  ): void {
    if (first.error === null && second.error === null) return;
    if (first.error !== null && second.error !== null)
      throw this.#located(entries, first.error, second.error);
    const difference: Difference = {
      path: 'apply',
      first: first.error?.message ?? 'a result',
      second: second.error?.message ?? 'a result',
    };
    const index = indexOf(second.error ?? first.error) ?? rangeOf(entries).lastIndex;
    throw diverged('outcome', difference, this.#circumstances(index));
  }

  /** The second copy, given one entry at a time, knows at which it was. */
  #located(
    entries: readonly AppliedEntry[],
    first: MachineError,
    second: MachineError,
  ): MachineError {
    if (first.code !== 'RUNTIME_MACHINE_THREW' || second.code !== first.code) return first;
    return machineThrew('apply', rangeOf(entries), indexOf(second), first.cause);
  }

  #circumstances(index: number): Circumstances {
    const secondRestoredAt = this.#secondRestoredAt;
    return { index, secondGetsOneByOne: this.#isOneByOne, secondRestoredAt };
  }

  /** @returns the snapshot of a copy that was restored from the first's */
  #compareStates(): Uint8Array {
    const circumstances = this.#circumstances(this.#lastIndex);
    const note = (names: readonly string[]): never => {
      throw impure(this.#lastIndex, names);
    };
    const first = over(this.#tripwires, note, () => this.#draw(this.machine));
    let second = this.#draw(this.#second);
    const third = this.#restoredFrom(first);
    const restored = this.#draw(third);
    if (this.#bytesMayDiffer) second = this.#draw(this.#restoredFrom(second));
    const expected = this.#bytesMayDiffer ? restored : first;
    const difference = this.#differenceOf(expected, second);
    if (difference !== null) throw diverged('state', difference, circumstances);
    const differenceOfRestored = this.#differenceOf(expected, restored);
    if (differenceOfRestored !== null)
      throw diverged('restoredState', differenceOfRestored, circumstances);
    this.#second = third;
    this.#secondRestoredAt = this.#lastIndex;
    return restored;
  }

  #draw(machine: Machine): Uint8Array {
    try {
      return drain(machine.snapshot());
    } catch (error) {
      throw isMachineError(error) ? error : machineThrew('snapshot', noEntries, null, error);
    }
  }

  #restoredFrom(bytes: Uint8Array): Machine {
    const copy = this.#another();
    try {
      restoreInto(copy, bytes);
    } catch (error) {
      const reason = `a copy refused what snapshot gave: ${messageOf(error)}`;
      throw snapshotUnusable(reason, bytes.length, error);
    }
    return copy;
  }

  #differenceOf(first: Uint8Array, second: Uint8Array): Difference | null {
    const machine: DescribedMachine<Result> = this.machine;
    const describe = machine.describeSnapshot?.bind(machine);
    return differenceOfStates(first, second, describe);
  }
}

function indexOf(error: MachineError | null): number | null {
  const metadata = (error?.metadata ?? {}) as { readonly index?: number | null };
  return metadata.index ?? null;
}

function attempt<Result>(
  machine: StateMachine<Result>,
  entries: readonly AppliedEntry[],
): Outcome<Result> {
  try {
    const results = machine.apply(entries);
    checkResults(entries, results);
    return { results, error: null };
  } catch (error) {
    return { results: [], error: applyFailed(entries, error) };
  }
}

/** Hands chunks on, and all of them to `drawn` when the last was taken. */
class CheckedChunks implements Iterator<Uint8Array, void> {
  readonly #inner: Iterator<Uint8Array, void>;
  readonly #drawn: (bytes: Uint8Array) => void;
  readonly #copies: Uint8Array[] = [];

  constructor(inner: Iterator<Uint8Array, void>, drawn: (bytes: Uint8Array) => void) {
    this.#inner = inner;
    this.#drawn = drawn;
  }

  next(): IteratorResult<Uint8Array, void> {
    const next = this.#inner.next();
    if (next.done === true) this.#drawn(drain(this.#copies.values()));
    else this.#copies.push(new Uint8Array(next.value));
    return next;
  }

  return(): IteratorResult<Uint8Array, void> {
    this.#copies.length = 0;
    return this.#inner.return?.() ?? { done: true, value: undefined };
  }
}

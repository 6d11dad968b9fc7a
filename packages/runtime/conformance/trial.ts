import { type AppliedEntry, equalBytes, Prng, type StateMachine } from '@quorate/base';
import { differenceOfStates } from '../src/machines/divergence.ts';
import { firstDifference } from '../src/machines/first-difference.ts';
import { isThenable, messageOf } from '../src/machines/machine-error.ts';
import { applyFailed, checkResults } from '../src/machines/result-check.ts';
import { drain, handOver, maxChunkBytes, restoreInto } from '../src/machines/snapshot-bytes.ts';
import { fail } from './unfit.ts';

/** What is tried. */
export interface TrialSubject {
  readonly create: () => StateMachine<unknown>;
  readonly commands: (count: number, seed: number) => readonly Uint8Array[];
  readonly snapshotBytes?: 'equal' | 'mayDiffer';
  readonly allowedGlobals?: readonly string[];
}

type DescribedMachine = StateMachine<unknown> & {
  describeSnapshot?(bytes: Uint8Array): unknown;
};

/** A check: runs a state machine some way and fails with a sentence. */
export interface Check {
  readonly name: string;
  readonly run: (trial: Trial) => void;
}

/** One state machine, one seed: entries to apply, and how to apply them. */
export class Trial {
  readonly subject: TrialSubject;
  readonly seed: number;
  readonly #commands: readonly Uint8Array[];
  #last: StateMachine<unknown> | null = null;

  constructor(subject: TrialSubject, count: number, seed: number) {
    this.subject = subject;
    this.seed = seed;
    this.#commands = subject.commands(count, seed);
  }

  /** Whether the subject can be tried at all. */
  requireCommands(count: number): void {
    const { seed, subject } = this;
    const again = subject.commands(count, seed);
    const called = `commands(${count}, ${seed})`;
    if (this.#commands.length !== count)
      fail(`${called} gave ${this.#commands.length} commands; give ${count}`);
    for (const [at, command] of this.#commands.entries()) {
      if (!equalBytes(command, again[at] ?? new Uint8Array(0)))
        fail(`${called} gave others when asked again; draw from the seed alone`);
    }
  }

  /** The same for each use, whatever becomes of the next one's draws. */
  prng(use: number): Prng {
    return new Prng(this.seed * 1000 + use);
  }

  create(): StateMachine<unknown> {
    const machine = this.subject.create();
    if (machine === this.#last)
      fail('create gave the same state machine twice; give a new, empty one each time');
    this.#last = machine;
    return machine;
  }

  /** Copies: indexes with gaps, terms that rise, and time, as a log has them. */
  entries(): AppliedEntry[] {
    return this.entriesOf(this.#commands);
  }

  entriesOf(commands: readonly Uint8Array[], after = 0): AppliedEntry[] {
    const prng = this.prng(0);
    let index = after;
    let term = 1 + after;
    let timestampMicros = 1_700_000_000_000_000 + after * 1_000_000;
    return commands.map((command) => {
      index += 1 + (prng.chance(0.1) ? prng.below(4) : 0);
      if (prng.chance(0.05)) term += 1;
      timestampMicros += 1 + prng.below(1_000_000);
      return { index, term, timestampMicros, command: new Uint8Array(command) };
    });
  }

  /** Where a log may be cut in two: at both ends and between. */
  cuts(entries: readonly AppliedEntry[]): readonly number[] {
    const { length } = entries;
    return [0, Math.floor(length / 3), Math.floor((length * 3) / 4), length];
  }

  /** Prefetches, applies and checks the form of the results. */
  apply(machine: StateMachine<unknown>, entries: readonly AppliedEntry[]): readonly unknown[] {
    if (entries.length === 0) return [];
    try {
      prefetch(machine, entries);
      const results = machine.apply(entries);
      checkResults(entries, results);
      return results;
    } catch (error) {
      return fail(applyFailed(entries, error).message);
    }
  }

  /** @param batchEntries of each batch but the last, in turn */
  applyInBatches(
    machine: StateMachine<unknown>,
    entries: readonly AppliedEntry[],
    batchEntries: () => number,
  ): readonly unknown[] {
    const results: unknown[] = [];
    for (let at = 0; at < entries.length; ) {
      const batch = entries.slice(at, at + batchEntries());
      results.push(...this.apply(machine, batch));
      at += batch.length;
    }
    return results;
  }

  /** @returns one that has applied all of `entries`, in batches */
  applied(entries: readonly AppliedEntry[]): StateMachine<unknown> {
    const machine = this.create();
    this.applyInBatches(machine, entries, () => 8);
    return machine;
  }

  /** @returns all bytes of a snapshot, drawn at once */
  snapshotOf(machine: StateMachine<unknown>): Uint8Array {
    return drain(this.begin(machine));
  }

  /** @returns an iterator over chunks that are looked at as they are drawn */
  begin(machine: StateMachine<unknown>): Iterator<Uint8Array, void> {
    const chunks = machine.snapshot();
    if (typeof chunks?.next !== 'function')
      fail('snapshot gave no iterator; give an object with next()');
    return new LookedAt(chunks);
  }

  /** @returns a new one, restored */
  restored(bytes: Uint8Array): StateMachine<unknown> {
    const machine = this.create();
    this.restoreInto(machine, bytes);
    return machine;
  }

  restoreInto(machine: StateMachine<unknown>, bytes: Uint8Array, chunkBytes?: number): void {
    try {
      restoreInto(machine, bytes, chunkBytes);
    } catch (error) {
      const given = chunkBytes === undefined ? '' : ` in chunks of ${chunkBytes} bytes`;
      fail(
        `restore refused a whole snapshot of ${bytes.length} bytes${given}: ${messageOf(error)}; ` +
          'it has to take what snapshot gave, wherever chunks begin, and copy what it keeps of one',
      );
    }
  }

  /** @param problem begins the sentence */
  requireSameResults(
    first: readonly unknown[],
    second: readonly unknown[],
    entries: readonly AppliedEntry[],
    problem: string,
    mend: string,
  ): void {
    for (const [at, { index }] of entries.entries()) {
      const found = firstDifference(first[at], second[at], 'result');
      if (found === null) continue;
      const difference = `${found.path} is ${found.first} and ${found.second}`;
      fail(`${problem}: at entry ${index}, ${difference}; ${mend}`);
    }
  }

  /** @param problem begins the sentence */
  requireSameState(
    first: StateMachine<unknown>,
    second: StateMachine<unknown>,
    problem: string,
    mend: string,
  ): void {
    this.requireSameSnapshot(this.snapshotOf(first), this.snapshotOf(second), problem, mend);
  }

  /** @param problem begins the sentence */
  requireSameSnapshot(first: Uint8Array, second: Uint8Array, problem: string, mend: string): void {
    if (equalBytes(first, second)) return;
    const mayDiffer = this.subject.snapshotBytes === 'mayDiffer';
    const [one, other] = mayDiffer
      ? [this.snapshotOf(this.restored(first)), this.snapshotOf(this.restored(second))]
      : [first, second];
    const machine: DescribedMachine = this.create();
    const describe = machine.describeSnapshot?.bind(machine);
    const found = differenceOfStates(one, other, describe);
    if (found === null) return;
    fail(`${problem}: ${found.path} is ${found.first} and ${found.second}; ${mend}`);
  }
}

/** @returns false when restoring throws */
export function takes(target: StateMachine<unknown>, bytes: Uint8Array): boolean {
  try {
    const sink = target.restore();
    handOver(sink, bytes, Math.max(1000, bytes.length >> 5));
    sink.finish();
    return true;
  } catch {
    return false;
  }
}

function prefetch(machine: StateMachine<unknown>, entries: readonly AppliedEntry[]): void {
  if (machine.prefetch === undefined) return;
  let outcome: Error | null | undefined;
  machine.prefetch(entries, (error) => {
    outcome = error;
  });
  if (outcome === undefined)
    fail('prefetch did not call back at once; check a machine whose storage is in memory');
  if (outcome !== null) fail(`prefetch failed: ${outcome.message}; mend that`);
}

class LookedAt implements Iterator<Uint8Array, void> {
  readonly #inner: Iterator<Uint8Array, void>;

  constructor(inner: Iterator<Uint8Array, void>) {
    this.#inner = inner;
  }

  next(): IteratorResult<Uint8Array, void> {
    const next = this.#inner.next();
    if (isThenable(next)) fail('snapshot gave an asynchronous iterator; give a plain one');
    if (next.done === true) return next;
    const chunk: unknown = next.value;
    if (!(chunk instanceof Uint8Array))
      fail(`snapshot yielded what is no Uint8Array but ${typeof chunk}; yield bytes`);
    if (chunk.length > maxChunkBytes)
      fail(`snapshot yielded a chunk of ${chunk.length} bytes; yield at most ${maxChunkBytes}`);
    return next;
  }

  return(): IteratorResult<Uint8Array, void> {
    return this.#inner.return?.() ?? { done: true, value: undefined };
  }
}

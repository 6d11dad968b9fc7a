import type { AppliedEntry, SnapshotSink, StateMachine } from '@quorate/base';
import { assert } from '@quorate/base';
import type { SnapshotReader, SnapshotStore } from '@quorate/raft';
import type { Entry, GroupId, LogIndex, SnapshotMeta } from '@quorate/schema';
import { EntryKind } from '@quorate/schema';

export interface ApplyListener {
  /** Results by position among `entries`; undefined for Raft's own entries. */
  applied(entries: readonly Entry[], results: readonly unknown[], seconds: number): void;
  /** @param bytes of the snapshot's content */
  restored(snapshot: SnapshotMeta, bytes: number): void;
  /** The state machine is broken, or its snapshot cannot be read: nothing more is applied. */
  failed(error: Error): void;
  nowMs(): number;
  /** Lets other work go first. */
  defer(callback: () => void): void;
}

interface ApplyStep {
  readonly kind: 'apply';
  readonly entries: readonly Entry[];
  /** Of the entries, those that were applied. */
  done: number;
}

type Step = ApplyStep | { readonly kind: 'restore'; readonly snapshot: SnapshotMeta };

/** After which other work goes first: heartbeats, above all (bug 39). */
const turnMs = 10;
/**
 * Entries are applied so many at a time, at most, and then the clock is looked at: how long one
 * takes nothing tells beforehand, neither its bytes nor those before it.
 */
const mostTogether = 16;
const quickMs = 1;

/** Feeds one state machine, one step at a time, in order: restore, prefetch, apply. */
export class ApplyPipeline {
  readonly #group: GroupId;
  readonly #stateMachine: StateMachine<unknown>;
  readonly #snapshotStore: SnapshotStore;
  readonly #listener: ApplyListener;
  #steps: Step[] = [];
  #busy = false;
  #closed = false;
  #isLooping = false;
  /** Entries that are applied at a time: one, until they turn out to be quick. */
  #together = 1;
  #appliedIndex: LogIndex = 0;
  /** What a snapshot of the empty state machine has; null: it is never parked. */
  readonly #empty: readonly Uint8Array[] | null;
  /** Has the state, which is not in memory. */
  #parked: SnapshotMeta | null = null;

  constructor(
    group: {
      readonly id: GroupId;
      readonly stateMachine: StateMachine<unknown>;
      readonly mayPark?: boolean;
    },
    snapshotStore: SnapshotStore,
    listener: ApplyListener,
  ) {
    this.#group = group.id;
    this.#stateMachine = group.stateMachine;
    this.#snapshotStore = snapshotStore;
    this.#listener = listener;
    this.#empty = group.mayPark === true ? [...drawn(group.stateMachine.snapshot())] : null;
  }

  /**
   * What the state machine's state reflects; behind the core's while a snapshot is restored, and 0
   * while it is parked.
   */
  get appliedIndex(): LogIndex {
    return this.#appliedIndex;
  }

  apply(entries: readonly Entry[]): void {
    this.#steps.push({ kind: 'apply', entries, done: 0 });
    this.#next();
  }

  restore(snapshot: SnapshotMeta): void {
    // It supersedes what has not begun yet, whose snapshot may be gone by the time it would.
    this.#steps = [{ kind: 'restore', snapshot }];
    this.#next();
  }

  /**
   * Empties the state machine. Before anything else is applied it gets the state back.
   *
   * @param snapshot durable, and of all that was applied
   * @returns whether it was done; not while there is anything to be applied
   */
  park(snapshot: SnapshotMeta): boolean {
    const isAtRest = !this.#busy && !this.#closed && this.#steps.length === 0;
    if (this.#empty === null || !isAtRest || this.#appliedIndex !== snapshot.index) return false;
    try {
      const sink = this.#stateMachine.restore();
      for (const chunk of this.#empty) sink.chunk(chunk);
      sink.finish();
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
    this.beginParked(snapshot);
    return true;
  }

  /** As if it had been parked: the state machine is empty, and its state is in `snapshot`. */
  beginParked(snapshot: SnapshotMeta): void {
    this.#appliedIndex = 0;
    this.#parked = snapshot;
  }

  /** Gets the state back now. */
  unpark(): void {
    const parked = this.#parked;
    if (parked === null || this.#busy || this.#steps.length > 0) return;
    this.#parked = null;
    this.restore(parked);
  }

  close(): void {
    this.#closed = true;
    this.#steps = [];
  }

  #next(): void {
    // Called by what has ended at once: the loop below goes on.
    if (this.#isLooping) return;
    this.#isLooping = true;
    const startMs = this.#listener.nowMs();
    try {
      while (!this.#busy && !this.#closed) {
        const step = this.#nextStep();
        if (step === undefined) return;
        this.#busy = true;
        if (this.#listener.nowMs() - startMs >= turnMs) this.#later(step);
        else this.#begin(step);
      }
    } finally {
      this.#isLooping = false;
    }
  }

  #later(step: Step): void {
    this.#steps.unshift(step);
    this.#listener.defer(() => this.#finished());
  }

  #begin(step: Step): void {
    if (step.kind === 'restore') {
      this.#restore(step.snapshot);
      return;
    }
    const { entries, done } = step;
    step.done = Math.min(done + this.#together, entries.length);
    if (step.done < entries.length) this.#steps.unshift(step);
    this.#prefetch(entries.slice(done, step.done));
  }

  #nextStep(): Step | undefined {
    const parked = this.#parked;
    const [first] = this.#steps;
    if (parked === null || first === undefined) return this.#steps.shift();
    this.#parked = null;
    return first.kind === 'apply' ? { kind: 'restore', snapshot: parked } : this.#steps.shift();
  }

  #finished(): void {
    this.#busy = false;
    this.#next();
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    this.close();
    this.#listener.failed(error);
  }

  #prefetch(entries: readonly Entry[]): void {
    const commands: AppliedEntry[] = [];
    for (const { kind, index, term, timestampMicros, data } of entries) {
      if (kind !== EntryKind.command) continue;
      commands.push({ index, term, timestampMicros, command: data });
    }
    const prefetch = this.#stateMachine.prefetch?.bind(this.#stateMachine);
    if (prefetch === undefined || commands.length === 0) {
      this.#apply(entries, commands);
      return;
    }
    let isAnswered = false;
    try {
      prefetch(commands, (error) => {
        if (this.#closed || isAnswered) return;
        isAnswered = true;
        if (error !== null) this.#fail(error);
        else this.#apply(entries, commands);
      });
    } catch (error) {
      // After its answer it is no longer the state machine's own code that runs.
      if (isAnswered) throw error;
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #apply(entries: readonly Entry[], commands: readonly AppliedEntry[]): void {
    const startMs = this.#listener.nowMs();
    let results: readonly unknown[] = [];
    try {
      if (commands.length > 0) results = this.#stateMachine.apply(commands);
      assert(results.length === commands.length, 'apply answers every command');
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.#appliedIndex = (entries.at(-1) as Entry).index;
    let command = 0;
    const byEntry = entries.map(({ kind }) =>
      kind === EntryKind.command ? results[command++] : undefined,
    );
    const ms = this.#listener.nowMs() - startMs;
    if (ms >= turnMs) this.#together = 1;
    else if (ms < quickMs) this.#together = Math.min(mostTogether, this.#together * 2);
    this.#listener.applied(entries, byEntry, ms / 1000);
    this.#finished();
  }

  #beginRestore(reader: SnapshotReader): SnapshotSink | null {
    try {
      return this.#stateMachine.restore();
    } catch (error) {
      reader.close();
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      return null;
    }
  }

  #restore(snapshot: SnapshotMeta): void {
    this.#snapshotStore.open(this.#group, snapshot, 0, (openError, reader) => {
      if (this.#closed) {
        reader?.close();
        return;
      }
      if (reader === null) {
        this.#fail(openError ?? new Error('the snapshot could not be opened'));
        return;
      }
      const sink = this.#beginRestore(reader);
      if (sink === null) return;
      let bytes = 0;
      const readNext = (): void =>
        reader.next((error, chunk) => {
          if (this.#closed) {
            reader.close();
            return;
          }
          try {
            if (error !== null) throw error;
            if (chunk !== null) {
              bytes += chunk.length;
              sink.chunk(chunk);
              if (sink.drained === undefined) readNext();
              else sink.drained(readNext);
              return;
            }
            sink.finish();
          } catch (cause) {
            reader.close();
            this.#fail(cause instanceof Error ? cause : new Error(String(cause)));
            return;
          }
          reader.close();
          this.#appliedIndex = snapshot.index;
          this.#listener.restored(snapshot, bytes);
          this.#finished();
        });
      readNext();
    });
  }
}

function* drawn(chunks: Iterator<Uint8Array, void>): Iterable<Uint8Array> {
  for (let next = chunks.next(); next.done !== true; next = chunks.next()) yield next.value;
}

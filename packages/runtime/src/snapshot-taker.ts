import type { Checkpoint, StateMachine } from '@quorate/base';
import type { SnapshotStore, SnapshotWriter } from '@quorate/raft';
import type { GroupId, SnapshotMeta } from '@quorate/schema';

export interface SnapshotTakerOptions {
  readonly group: GroupId;
  readonly store: SnapshotStore;
  readonly stateMachine: StateMachine<unknown>;
  /** The content is durable; the log may name it. */
  readonly taken: (snapshot: SnapshotMeta) => void;
  readonly failed: (error: Error) => void;
  /** Lets other work go between two chunks. */
  readonly defer: (callback: () => void) => void;
}

/** What a node that is not given the data has to say of the state (rule 7). */
function nothing(): Checkpoint {
  return whole({ next: () => ({ done: true, value: undefined }) });
}

/** Of a snapshot, which refers to nothing. */
function whole(chunks: Iterator<Uint8Array, void>): Checkpoint {
  return {
    next: () => chunks.next(),
    return: () => chunks.return?.() ?? { done: true, value: undefined },
    persist: (done) => done(null, 0),
  };
}

/** The state machine's own code runs here: what it throws is a failure like any other. */
function persist(checkpoint: Checkpoint, done: Parameters<Checkpoint['persist']>[0]): void {
  let isAnswered = false;
  try {
    checkpoint.persist((error, bytes) => {
      isAnswered = true;
      done(error, bytes);
    });
  } catch (error) {
    if (isAnswered) throw error;
    done(error instanceof Error ? error : new Error(String(error)), 0);
  }
}

/**
 * Writes snapshots of the state machine while it goes on applying: the iterator it draws from sees
 * the state of the moment it was made.
 */
export class SnapshotTaker {
  readonly #options: SnapshotTakerOptions;
  #current: { cancelled: boolean } | null = null;
  /** Content of the last one, so that the next is not taken before the log has grown as much. */
  lastBytes = 0;

  constructor(options: SnapshotTakerOptions) {
    this.#options = options;
  }

  get busy(): boolean {
    return this.#current !== null;
  }

  start(snapshot: SnapshotMeta): void {
    const run = { cancelled: false };
    this.#current = run;
    const { group, store, stateMachine } = this.#options;
    // Drawn now, so that it is of this index although the file opens later.
    const chunks = snapshot.withheld ? nothing() : this.#begin(run, stateMachine, snapshot.index);
    if (chunks === null) return;
    store.create(group, snapshot, (error, writer) => {
      if (writer === null) {
        chunks.return?.();
        this.#end(run, error ?? new Error('the snapshot could not be created'));
        return;
      }
      this.#writeNext(run, writer, chunks, snapshot, 0);
    });
  }

  #begin(
    run: { cancelled: boolean },
    stateMachine: StateMachine<unknown>,
    index: number,
  ): Checkpoint | null {
    try {
      return stateMachine.checkpoints?.take(index) ?? whole(stateMachine.snapshot());
    } catch (error) {
      this.#end(run, error instanceof Error ? error : new Error(String(error)));
      return null;
    }
  }

  cancel(): void {
    if (this.#current !== null) this.#current.cancelled = true;
    this.#current = null;
  }

  #writeNext(
    run: { cancelled: boolean },
    writer: SnapshotWriter,
    chunks: Checkpoint,
    snapshot: SnapshotMeta,
    bytes: number,
  ): void {
    if (run.cancelled) {
      chunks.return?.();
      writer.abort();
      return;
    }
    const next = this.#draw(run, writer, chunks);
    if (next === null) return;
    if (next.done === true) {
      this.#commit(run, writer, chunks, snapshot, bytes);
      return;
    }
    const chunk = next.value;
    const goOn = (): void => this.#writeNext(run, writer, chunks, snapshot, bytes + chunk.length);
    if (chunk.length === 0) {
      this.#options.defer(goOn);
      return;
    }
    writer.write(chunk, (error) => {
      if (error === null) {
        this.#options.defer(goOn);
        return;
      }
      chunks.return?.();
      writer.abort();
      if (!run.cancelled) this.#end(run, error);
    });
  }

  #commit(
    run: { cancelled: boolean },
    writer: SnapshotWriter,
    chunks: Checkpoint,
    snapshot: SnapshotMeta,
    bytes: number,
  ): void {
    persist(chunks, (failure, bytesBeside) => {
      if (run.cancelled || failure !== null) {
        writer.abort();
        if (!run.cancelled) this.#end(run, failure);
        return;
      }
      writer.commit((error) => {
        if (run.cancelled) return;
        this.#end(run, error);
        if (error !== null) return;
        this.lastBytes = bytes + bytesBeside;
        this.#options.taken(snapshot);
      });
    });
  }

  /** The state machine's own code runs here: what it throws fails the snapshot, not the process. */
  #draw(
    run: { cancelled: boolean },
    writer: SnapshotWriter,
    chunks: Iterator<Uint8Array, void>,
  ): IteratorResult<Uint8Array, void> | null {
    try {
      return chunks.next();
    } catch (error) {
      writer.abort();
      this.#end(run, error instanceof Error ? error : new Error(String(error)));
      return null;
    }
  }

  #end(run: { cancelled: boolean }, error: Error | null): void {
    if (this.#current === run) this.#current = null;
    if (error !== null) this.#options.failed(error);
  }
}

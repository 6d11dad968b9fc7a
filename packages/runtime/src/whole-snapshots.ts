import type { CheckpointExpansion, Checkpoints, Logger } from '@quorate/base';
import type { SnapshotReader, SnapshotStore } from '@quorate/raft';

/**
 * Snapshots as another node can take them in: where they are checkpoints, with what those refer to
 * put in. Chunks are counted as they come out.
 */
export function wholeSnapshots(
  store: Pick<SnapshotStore, 'open'>,
  checkpoints: Checkpoints,
  logger: Logger,
): Pick<SnapshotStore, 'open'> {
  return {
    open(group, snapshot, firstChunk, done) {
      // Before the file is open: what it refers to may go once the log names another one.
      const expansion = checkpoints.expand();
      store.open(group, snapshot, 0, (error, reader) => {
        if (reader === null) expansion.close();
        done(error, reader && new WholeReader(reader, expansion, firstChunk, logger));
      });
    },
  };
}

class WholeReader implements SnapshotReader {
  readonly #stored: SnapshotReader;
  readonly #expansion: CheckpointExpansion;
  readonly #logger: Logger;
  /** Chunks at the front that nobody wants. */
  #skipped: number;
  #ready: readonly (() => Uint8Array)[] = [];
  #isClosed = false;

  constructor(
    stored: SnapshotReader,
    expansion: CheckpointExpansion,
    firstChunk: number,
    logger: Logger,
  ) {
    this.#stored = stored;
    this.#expansion = expansion;
    this.#skipped = firstChunk;
    this.#logger = logger;
  }

  next(done: (error: Error | null, chunk: Uint8Array | null) => void): void {
    const [first, ...rest] = this.#ready;
    if (first !== undefined) {
      this.#ready = rest;
      const chunk = this.#drawn(first);
      if (chunk instanceof Error) done(chunk, null);
      else done(null, chunk);
      return;
    }
    this.#stored.next((error, stored) => {
      // What a chunk refers to may have gone by now.
      if (this.#isClosed) return;
      if (error !== null || stored === null) {
        done(error, null);
        return;
      }
      const chunks = this.#drawn(() => this.#expansion.expand(stored));
      if (chunks instanceof Error) {
        done(chunks, null);
        return;
      }
      const skipped = Math.min(this.#skipped, chunks.length);
      this.#skipped -= skipped;
      this.#ready = chunks.slice(skipped);
      this.next(done);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#stored.close();
    this.#expansion.close();
  }

  /** The state machine's own code runs here. */
  #drawn<Value>(draw: () => Value): Value | Error {
    try {
      return draw();
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error));
      this.#logger.error('a checkpoint cannot be sent', { reason: reason.message });
      return reason;
    }
  }
}

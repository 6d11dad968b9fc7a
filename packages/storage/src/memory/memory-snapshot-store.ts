import { assert, equalBytes, type Timers } from '@quorate/base';
import type { SnapshotReader, SnapshotStore, SnapshotWriter } from '@quorate/raft';
import type { GroupId, SnapshotMeta } from '@quorate/schema';
import { maxChunkBytes } from '../snapshot/snapshot-format.ts';
import { putSnapshotMeta, snapshotMetaBytes } from '../snapshot-meta-bytes.ts';
import { StorageError } from '../storage-error.ts';

/** All that it needs: what it keeps is gone with the object. */
export interface MemorySnapshotStoreOptions {
  /** Completions come through `defer`. */
  readonly timers: Timers;
}

type Done = (error: Error | null) => void;

interface MemorySnapshot {
  readonly group: GroupId;
  readonly index: number;
  readonly term: number;
  /** All of its meta: another configuration makes another snapshot. */
  readonly meta: Uint8Array;
  readonly chunks: readonly Uint8Array[];
}

class MemorySnapshots implements SnapshotStore {
  readonly #timers: Timers;
  #snapshots: readonly MemorySnapshot[] = [];

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  create(
    group: GroupId,
    meta: SnapshotMeta,
    done: (error: Error | null, writer: SnapshotWriter | null) => void,
  ): void {
    const { index, term } = meta;
    const writer = new MemorySnapshotWriter(this.#timers, (chunks) => {
      const isOther = (one: MemorySnapshot): boolean => !isAt(one, group, meta);
      const snapshot = { group, index, term, meta: bytesOf(meta), chunks };
      this.#snapshots = [...this.#snapshots.filter(isOther), snapshot];
    });
    this.#timers.defer(() => done(null, writer));
  }

  open(
    group: GroupId,
    meta: SnapshotMeta,
    firstChunk: number,
    done: (error: Error | null, reader: SnapshotReader | null) => void,
  ): void {
    const wanted = bytesOf(meta);
    const found = this.#snapshots.find(
      (one) => isAt(one, group, meta) && equalBytes(one.meta, wanted),
    );
    this.#timers.defer(() => {
      if (found === undefined) done(missing(group, meta), null);
      else done(null, new MemorySnapshotReader(this.#timers, found.chunks, firstChunk));
    });
  }

  collect(group: GroupId, keep: SnapshotMeta): void {
    this.#snapshots = this.#snapshots.filter(
      // The log may be about to name a newer one.
      (one) => one.group !== group || isAt(one, group, keep) || one.index > keep.index,
    );
  }
}

class MemorySnapshotWriter implements SnapshotWriter {
  readonly #timers: Timers;
  readonly #commit: (chunks: readonly Uint8Array[]) => void;
  readonly #chunks: Uint8Array[] = [];
  #isBusy = false;
  #hasEnded = false;

  constructor(timers: Timers, commit: (chunks: readonly Uint8Array[]) => void) {
    this.#timers = timers;
    this.#commit = commit;
  }

  write(chunk: Uint8Array, done: Done): void {
    this.#begin();
    const error = chunk.length > maxChunkBytes ? tooLarge(chunk.length) : null;
    // The chunk is the caller's again once this is done.
    if (error === null) this.#chunks.push(new Uint8Array(chunk));
    this.#finish(error, done);
  }

  commit(done: Done): void {
    this.#begin();
    this.#hasEnded = true;
    this.#commit(this.#chunks);
    this.#finish(null, done);
  }

  abort(): void {
    this.#hasEnded = true;
  }

  #begin(): void {
    assert(!this.#hasEnded, 'a snapshot that was committed or aborted takes no more');
    assert(!this.#isBusy, 'a snapshot takes one call at a time');
    this.#isBusy = true;
  }

  #finish(error: Error | null, done: Done): void {
    this.#timers.defer(() => {
      this.#isBusy = false;
      done(error);
    });
  }
}

class MemorySnapshotReader implements SnapshotReader {
  readonly #timers: Timers;
  readonly #chunks: readonly Uint8Array[];
  #next: number;
  #isBusy = false;

  constructor(timers: Timers, chunks: readonly Uint8Array[], firstChunk: number) {
    this.#timers = timers;
    this.#chunks = chunks;
    this.#next = firstChunk;
  }

  next(done: (error: Error | null, chunk: Uint8Array | null) => void): void {
    assert(!this.#isBusy, 'a snapshot is read one chunk at a time');
    this.#isBusy = true;
    this.#timers.defer(() => {
      this.#isBusy = false;
      const chunk = this.#chunks[this.#next];
      this.#next += 1;
      // A copy: the chunk is the caller's, and others read the same snapshot.
      done(null, chunk === undefined ? null : new Uint8Array(chunk));
    });
  }

  close(): void {
    // Nothing is held open: what was collected meanwhile lives as long as its reader.
  }
}

function isAt(one: MemorySnapshot, group: GroupId, { index, term }: SnapshotMeta): boolean {
  return one.group === group && one.index === index && one.term === term;
}

function bytesOf(meta: SnapshotMeta): Uint8Array {
  const bytes = new Uint8Array(snapshotMetaBytes(meta));
  putSnapshotMeta(new DataView(bytes.buffer), 0, meta);
  return bytes;
}

function missing(
  group: GroupId,
  { index, term }: SnapshotMeta,
): StorageError<'STORAGE_SNAPSHOT_MISSING'> {
  const file = `memory:${group}-${index}-${term}`;
  const message =
    `${file} is not there: snapshots in memory end with their process. A node that had them ` +
    'joins anew, under another id.';
  return new StorageError('STORAGE_SNAPSHOT_MISSING', message, { file });
}

function tooLarge(bytes: number): StorageError<'STORAGE_CHUNK_TOO_LARGE'> {
  const message = `a snapshot chunk of ${bytes} bytes; at most ${maxChunkBytes} fit`;
  const sizes = { bytes, maxBytes: maxChunkBytes };
  return new StorageError('STORAGE_CHUNK_TOO_LARGE', message, sizes);
}

/**
 * Snapshots in memory, to go with `createMemoryLogStore`. Chunks have the same limit as in a file,
 * so that a state machine which gives larger ones is found out in its tests. They survive a
 * `reopen` of the log when the same store is used again, and never the process.
 */
export function createMemorySnapshotStore(options: MemorySnapshotStoreOptions): SnapshotStore {
  return new MemorySnapshots(options.timers);
}

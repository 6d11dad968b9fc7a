import type {
  Entry,
  GroupId,
  HardState,
  LogIndex,
  LogPosition,
  SnapshotMeta,
} from '@quorate/schema';

/**
 * What one group asks of the log in one turn. Applied in the order of the fields, as one step:
 * after a crash either all of it is there or none.
 */
export interface GroupWrite {
  readonly group: GroupId;
  readonly hardState: HardState | null;
  /** Entries after this index are void from here on. */
  readonly truncateAfter: LogIndex | null;
  /** Contiguous; the first follows the last entry that is left. May be empty. */
  readonly entries: readonly Entry[];
  /**
   * From here on this is the group's snapshot; its file is already durable (index 0 has no file).
   */
  readonly snapshot: SnapshotMeta | null;
  /** Entries up to and including this position are no longer needed. */
  readonly logStart: LogPosition | null;
}

/** What was durable of one group. `entries` are contiguous, from the one after `logStart` on. */
export interface RecoveredGroup {
  readonly group: GroupId;
  readonly hardState: HardState;
  /** Null only for a group that was never written. */
  readonly snapshot: SnapshotMeta | null;
  /** The log begins after this position. At or before `snapshot.index`. */
  readonly logStart: LogPosition;
  readonly entries: readonly Entry[];
  /**
   * As `InitialState.repairUntil`. The store forgets it for good once the log is durable up to
   * there, also when it is cut back later: whoever was sent that far has what was lost.
   */
  readonly repairUntil: LogIndex;
}

/**
 * The durable log of all groups of one process. A store of one's own is held to this contract by
 * `checkLogStore` of `@quorate/storage/conformance`; see docs/guides/own-log-store.md.
 *
 * Why one log: one fsync then covers every group and every proposal that waits.
 */
export interface LogStore {
  /** What was durable when the store was opened. */
  readonly recovered: ReadonlyMap<GroupId, RecoveredGroup>;
  /**
   * Makes the writes durable, all together. Completions come in the order of submission, from the
   * event loop. While one batch is being made durable, later submissions gather and share the next.
   *
   * An error is final: the store accepts nothing any more and the node must stop, because what is
   * on the disk is no longer known. It is never retried.
   */
  submit(writes: readonly GroupWrite[], done: (error: Error | null) => void): void;
  /**
   * False while the room for further entries could not be prepared (a full disk): refuse
   * proposals.
   */
  readonly writable: boolean;
  /**
   * The group whose entries keep the oldest log segments from being freed, when that has gone on
   * for more segments than is good; it should take a snapshot and cut its whole log. Null when all
   * is well.
   */
  readonly pinnedBy: GroupId | null;
  /** Bytes on disk, spare room included. */
  readonly diskBytes: number;
  close(done: (error: Error | null) => void): void;
}

/** Content of a snapshot, chunk by chunk, each as the state machine gave it. */
export interface SnapshotReader {
  /** Null at the end. One at a time. The chunk is the caller's. */
  next(done: (error: Error | null, chunk: Uint8Array | null) => void): void;
  close(): void;
}

/**
 * One snapshot being written; until `commit` is done there is none. After an error only `abort` is
 * left, which removes what was written.
 */
export interface SnapshotWriter {
  /** One at a time. */
  write(chunk: Uint8Array, done: (error: Error | null) => void): void;
  /** Durable once done: content, name and directory. It becomes *the* snapshot by a log record. */
  commit(done: (error: Error | null) => void): void;
  abort(): void;
}

/** Snapshot files. A file counts only when the log names it. */
export interface SnapshotStore {
  create(
    group: GroupId,
    meta: SnapshotMeta,
    done: (error: Error | null, writer: SnapshotWriter | null) => void,
  ): void;
  /** @param firstChunk 0-based; where to begin */
  open(
    group: GroupId,
    meta: SnapshotMeta,
    firstChunk: number,
    done: (error: Error | null, reader: SnapshotReader | null) => void,
  ): void;
  /**
   * Removes the group's snapshots other than `keep`, half-written ones of earlier runs included.
   */
  collect(group: GroupId, keep: SnapshotMeta): void;
}

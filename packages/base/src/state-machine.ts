import type { Ports } from './ports/ports.ts';

/** One committed command, as a state machine sees it. */
export interface AppliedEntry {
  /**
   * 1-based position in the group's log; strictly increasing, with gaps where Raft's own entries
   * are.
   */
  readonly index: number;
  /**
   * The term in which a leader took the command; never falls along the log. Lets a state machine
   * notice a change of leader.
   */
  readonly term: number;
  /**
   * The leader's wall clock when it took the command, in microseconds since the Unix epoch;
   * strictly increasing along the log. The only time a state machine may know.
   */
  readonly timestampMicros: number;
  /** Never changed by anyone once handed over; copy what is kept (it may pin a larger buffer). */
  readonly command: Uint8Array;
}

/**
 * What is replicated. Every replica applies the same entries in the same order and must reach the
 * same state: no clock, no randomness, no I/O inside `apply`.
 *
 * A command that the state machine does not like is answered by a result that says so. An exception
 * out of `apply` is a bug or a corrupt replica and halts the node; it is never swallowed.
 *
 * `checkStateMachine` of `@quorate/runtime/conformance` holds a state machine to this contract.
 *
 * @typeParam Result what `apply` answers for one command; given to the proposer on this process
 */
export interface StateMachine<Result> {
  /**
   * Reads what the entries will need from slower storage. `apply` for exactly these entries follows
   * after `done`, which may be called at once or later; null error means ready.
   */
  prefetch?(entries: readonly AppliedEntry[], done: (error: Error | null) => void): void;
  /** @returns one result an entry, in order */
  apply(entries: readonly AppliedEntry[]): readonly Result[];
  /**
   * The state as of the last applied entry, in chunks of at most 1 MiB. Apply goes on while the
   * iterator is drawn from, so what it yields must not see later entries. Several may be drawn from
   * at a time. Ended early by `return()`, perhaps before the first `next()`. Not a plain generator:
   * its body would first run, and first look at the state, when it is drawn from.
   */
  snapshot(): Iterator<Uint8Array, void>;
  /**
   * Begins to replace the whole state; the chunks of one snapshot follow in order. Only `finish`
   * makes the new state visible; it throws when the chunks are not a complete snapshot.
   */
  restore(): SnapshotSink;
  /** Left out: what a node stores is `snapshot`, whole. */
  readonly checkpoints?: Checkpoints;
}

/**
 * For a state machine that keeps parts of its state, which never change, on this node's disk by
 * itself. What the node then stores as its snapshot only refers to them, so that it costs what has
 * changed and not what there is. `StateMachine.restore` takes both forms.
 */
export interface Checkpoints {
  /**
   * Called first, on a node with a data directory; on another, checkpoints have to be whole.
   *
   * @throws FileSystemError and what the state machine has for files that it cannot use: the node
   *   does not start
   */
  open(place: MachinePlace): void;
  /**
   * As `StateMachine.snapshot`, in the form that this node alone can restore.
   *
   * @param index by which the log will name it
   */
  take(index: number): Checkpoint;
  /** What was restored was whole: with a checkpoint the next start costs less. Until `take`. */
  readonly isDue: boolean;
  /** @returns what makes the whole snapshot of chunks of a checkpoint; to be closed */
  expand(): CheckpointExpansion;
  /**
   * The log of this node durably names the snapshot of this index: earlier checkpoints will not be
   * restored any more, and what only they refer to may go.
   */
  collect(index: number): void;
  /**
   * Called last, whatever came of `open`: gives what it took back.
   *
   * @param done perhaps called at once; nothing is written any more, so that another process may
   */
  close(done: () => void): void;
}

/** Where a state machine may keep files of its own. */
export interface MachinePlace {
  readonly ports: Pick<Ports, 'fileSystem' | 'checksum' | 'logger' | 'timers'>;
  /** Its own one, which is there, and empty or as it left it. */
  readonly directory: string;
}

/** The chunks of one checkpoint. An empty one stands for nothing: other work may go first. */
export interface Checkpoint extends Iterator<Uint8Array, void> {
  /**
   * Once all of it was drawn: makes durable what it refers to; only then may it be named.
   *
   * @param done perhaps called at once; `bytes` were written for it beside its chunks
   */
  persist(done: (error: Error | null, bytes: number) => void): void;
}

/** Turns the chunks of one checkpoint, in order, into those of a whole snapshot. */
export interface CheckpointExpansion {
  /**
   * Always the same ones for the same chunks: a transfer may go on from the middle of them.
   *
   * @returns what draws chunks of at most 1 MiB, which need not all be drawn
   * @throws CodedError, or what was returned does, when what they refer to is damaged: a repair
   *   then sets the checkpoint aside
   */
  expand(chunk: Uint8Array): readonly (() => Uint8Array)[];
  /** Nothing more will be drawn. */
  close(): void;
}

/**
 * Takes one snapshot in. Begun and never finished, as when its sender dies, it must leave the state
 * as it was.
 */
export interface SnapshotSink {
  /** The chunk belongs to the caller after the call returns: copy what is kept. */
  chunk(bytes: Uint8Array): void;
  /**
   * Between two chunks, if it is there: calls back, perhaps at once, when the next one may come.
   * For sinks that write to a disk, lest the snapshot piles up in memory.
   */
  drained?(done: () => void): void;
  finish(): void;
}

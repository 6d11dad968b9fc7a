import {
  type AppliedEntry,
  type Checkpoints,
  type Clock,
  CodedError,
  type Logger,
  type SnapshotSink,
  type StateMachine,
} from '@quorate/base';
import {
  isMachineError,
  isThenable,
  type MachineError,
  machineAsync,
  machineThrew,
  messageOf,
  noEntries,
  rangeOf,
  snapshotUnusable,
} from './machine-error.ts';
import { applyFailed, checkResults } from './result-check.ts';
import { maxChunkBytes } from './snapshot-bytes.ts';

/** Calls are timed and their failures named; what comes out of them is not changed. */
export interface MachineGuardOptions {
  readonly clock: Clock;
  /** Given the group's fields, if it is one of many. */
  readonly logger: Logger;
  /** From how long a call is worth a line in the log: nothing else goes on meanwhile. */
  readonly slowMs?: number;
}

const defaultSlowMs = 100;

/** So long after a line about slowness the next are only counted. */
const silenceMs = 1000;

/**
 * Holds a state machine to its contract, at a cost of nanoseconds an entry: what it throws names
 * the entries, promises and missing results are errors, slow calls are logged. Once `apply` has
 * failed, the state may be half changed, so it is neither changed nor snapshotted any more.
 *
 * Its methods throw MachineError RUNTIME_MACHINE_THREW, RUNTIME_MACHINE_ASYNC,
 * RUNTIME_MACHINE_MISCOUNTED, RUNTIME_MACHINE_SNAPSHOT_UNUSABLE, and errors with other codes as the
 * state machine threw them when it could not restore.
 */
export function guardMachine<Result>(
  machine: StateMachine<Result>,
  options: MachineGuardOptions,
): StateMachine<Result> {
  return new GuardedMachine(machine, options);
}

class GuardedMachine<Result> implements StateMachine<Result> {
  readonly prefetch?: NonNullable<StateMachine<unknown>['prefetch']>;
  readonly checkpoints?: Checkpoints;
  readonly #inner: StateMachine<Result>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #slowMs: number;
  #broken: Error | null = null;
  #quietUntilMs = Number.NEGATIVE_INFINITY;
  #unlogged = 0;

  constructor(inner: StateMachine<Result>, options: MachineGuardOptions) {
    this.#inner = inner;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#slowMs = options.slowMs ?? defaultSlowMs;
    if (inner.prefetch !== undefined) {
      this.prefetch = (entries, done) => this.#prefetch(entries, done);
    }
    if (inner.checkpoints !== undefined) this.checkpoints = this.#guarded(inner.checkpoints);
  }

  apply(entries: readonly AppliedEntry[]): readonly Result[] {
    if (this.#broken !== null) throw this.#broken;
    const startMs = this.#clock.monotonicMs();
    let results: readonly Result[];
    try {
      results = this.#inner.apply(entries);
      checkResults(entries, results);
    } catch (error) {
      this.#broken = applyFailed(entries, error);
      throw this.#broken;
    }
    this.#noticeSlowness('apply', startMs, entries);
    return results;
  }

  snapshot(): Iterator<Uint8Array, void> {
    return new GuardedChunks(
      this.#opened(() => this.#inner.snapshot()),
      this.#logger,
    );
  }

  restore(): SnapshotSink {
    let sink: SnapshotSink;
    try {
      sink = this.#inner.restore();
    } catch (error) {
      throw restoreFailed(error, 0);
    }
    let offset = 0;
    return {
      chunk: (bytes) => {
        const { length } = bytes;
        handOn(offset, 'restore().chunk', () => sink.chunk(bytes));
        offset += length;
      },
      ...(sink.drained === undefined ? {} : { drained: (done) => sink.drained?.(done) }),
      finish: () => {
        handOn(offset, 'restore().finish', () => sink.finish());
        this.#broken = null;
      },
    };
  }

  #guarded(checkpoints: Checkpoints): Checkpoints {
    return {
      get isDue() {
        return checkpoints.isDue;
      },
      open: (place) => checkpoints.open(place),
      take: (index) => {
        const checkpoint = this.#opened(() => checkpoints.take(index));
        const chunks = new GuardedChunks(checkpoint, this.#logger);
        return {
          next: () => chunks.next(),
          return: () => chunks.return(),
          persist: (done) => checkpoint.persist(done),
        };
      },
      expand: () => checkpoints.expand(),
      collect: (index) => checkpoints.collect(index),
      close: (done) => checkpoints.close(done),
    };
  }

  #opened<Chunks>(open: () => Chunks): Chunks {
    if (this.#broken !== null) throw this.#broken;
    const startMs = this.#clock.monotonicMs();
    let chunks: Chunks;
    try {
      chunks = open();
    } catch (error) {
      throw isMachineError(error) ? error : machineThrew('snapshot', noEntries, null, error);
    }
    this.#noticeSlowness('snapshot', startMs, []);
    return chunks;
  }

  #prefetch(entries: readonly AppliedEntry[], done: (error: Error | null) => void): void {
    let isAnswered = false;
    try {
      this.#inner.prefetch?.(entries, (error) => {
        isAnswered = true;
        done(error);
      });
    } catch (error) {
      // After its answer it is no longer the state machine's own code that runs.
      throw isAnswered ? error : machineThrew('prefetch', rangeOf(entries), null, error);
    }
  }

  #noticeSlowness(method: string, startMs: number, entries: readonly AppliedEntry[]): void {
    const nowMs = this.#clock.monotonicMs();
    const tookMs = nowMs - startMs;
    if (tookMs < this.#slowMs) return;
    if (nowMs < this.#quietUntilMs) {
      this.#unlogged += 1;
      return;
    }
    const { firstIndex, lastIndex } = rangeOf(entries);
    this.#logger.warn('state machine is slow', {
      method,
      ms: Math.round(tookMs),
      entries: entries.length,
      firstIndex,
      lastIndex,
      unlogged: this.#unlogged,
    });
    this.#unlogged = 0;
    this.#quietUntilMs = nowMs + silenceMs;
  }
}

/** What cannot be a chunk is found here and not in whatever writes it. */
class GuardedChunks implements Iterator<Uint8Array, void> {
  readonly #inner: Iterator<Uint8Array, void>;
  readonly #logger: Logger;
  #offset = 0;

  constructor(inner: Iterator<Uint8Array, void>, logger: Logger) {
    this.#inner = inner;
    this.#logger = logger;
  }

  next(): IteratorResult<Uint8Array, void> {
    let next: IteratorResult<Uint8Array, void>;
    try {
      next = this.#inner.next();
    } catch (error) {
      throw isMachineError(error) ? error : machineThrew('snapshot', noEntries, null, error);
    }
    if (isThenable(next)) throw machineAsync('snapshot', null, next);
    if (next.done === true) return next;
    const chunk: unknown = next.value;
    if (!(chunk instanceof Uint8Array))
      throw this.#refused(`it yields what is no Uint8Array but ${typeof chunk}`);
    if (chunk.length > maxChunkBytes)
      throw this.#refused(`a chunk has ${chunk.length} bytes; yield at most ${maxChunkBytes}`);
    this.#offset += chunk.length;
    return next;
  }

  return(): IteratorResult<Uint8Array, void> {
    try {
      this.#inner.return?.();
    } catch (error) {
      // Whoever ends a snapshot early wants nothing of it any more.
      this.#logger.error('state machine threw as its snapshot was ended', {
        reason: messageOf(error),
      });
    }
    return { done: true, value: undefined };
  }

  #refused(reason: string): MachineError {
    this.return();
    return snapshotUnusable(reason, this.#offset);
  }
}

function handOn(offset: number, method: string, call: () => unknown): void {
  let answer: unknown;
  try {
    answer = call();
  } catch (error) {
    throw restoreFailed(error, offset);
  }
  if (isThenable(answer)) throw machineAsync(method, null, answer);
}

/** Errors with codes have their own row in the reference. */
function restoreFailed(error: unknown, offset: number): Error {
  if (error instanceof CodedError) return error;
  return snapshotUnusable(`restoring threw: ${messageOf(error)}`, offset, error);
}

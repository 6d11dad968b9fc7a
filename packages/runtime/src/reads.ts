import type { LogIndex } from '@quorate/schema';
import type { ReadDone } from './group-handle.ts';
import { RuntimeError } from './runtime-error.ts';

interface Read {
  readonly done: ReadDone;
  readonly deadlineMs: number;
  readonly minIndex: LogIndex;
}

interface Asked {
  readonly reads: readonly Read[];
  readonly askedMs: number;
}

interface Confirmed {
  readonly index: LogIndex;
  readonly reads: readonly Read[];
}

const none: readonly number[] = [];

/**
 * The linearizable reads of one group on this node: queued, asked for under one context a turn,
 * then confirmed at an index and waiting for the state machine to reach it.
 */
export class Reads {
  #queued: Read[] = [];
  #asked = new Map<number, Asked>();
  #confirmed: Confirmed[] = [];
  #nextContext: number;
  #count = 0;
  readonly #threw: (error: unknown) => void;
  /** The newest index known to have been current when it was asked for, and when that was. */
  #fresh: { readonly index: LogIndex; readonly askedMs: number } | null = null;

  /**
   * @param firstContext drawn anew in each life of the process: the leader may still be confirming
   *   a read of the life before, whose index is too low for a read of this one (bug 34)
   * @param threw told of what is thrown by whoever is answered; the others are answered too
   */
  constructor(firstContext: number, threw: (error: unknown) => void) {
    this.#nextContext = firstContext;
    this.#threw = threw;
  }

  /** Of reads that are not yet answered. */
  get count(): number {
    return this.#count;
  }

  get queuedCount(): number {
    return this.#queued.length;
  }

  queue(done: ReadDone, deadlineMs: number, minIndex: LogIndex): void {
    this.#count += 1;
    this.#queued.push({ done, deadlineMs, minIndex });
  }

  /**
   * Waits for an index without asking the leader: one that was current recently enough, or any.
   *
   * @param maxStalenessMs by this node's clock
   * @returns false when nothing that fresh is known: it has to be asked for
   */
  waitFor(
    done: ReadDone,
    deadlineMs: number,
    minIndex: LogIndex,
    maxStalenessMs: number,
    nowMs: number,
  ): boolean {
    let index = minIndex;
    if (maxStalenessMs !== Number.POSITIVE_INFINITY) {
      const fresh = this.#fresh;
      if (fresh === null || nowMs - fresh.askedMs > maxStalenessMs) return false;
      index = Math.max(minIndex, fresh.index);
    }
    this.#count += 1;
    this.#confirmed.push({ index, reads: [{ done, deadlineMs, minIndex }] });
    return true;
  }

  /** @param ask gives the context to the core; false when there is no leader to ask */
  askAll(ask: (context: number) => boolean, nowMs: number): void {
    if (this.#queued.length === 0) return;
    const context = this.#nextContext++;
    if (!ask(context)) return;
    this.#asked.set(context, { reads: this.#queued, askedMs: nowMs });
    this.#queued = [];
  }

  confirmed(context: number, index: LogIndex): void {
    const asked = this.#asked.get(context);
    if (asked === undefined) return;
    this.#asked.delete(context);
    if (this.#fresh === null || asked.askedMs >= this.#fresh.askedMs) {
      this.#fresh = { index, askedMs: asked.askedMs };
    }
    const later = asked.reads.filter((read) => read.minIndex > index);
    const now = asked.reads.filter((read) => read.minIndex <= index);
    if (now.length > 0) this.#confirmed.push({ index, reads: now });
    for (const read of later) this.#confirmed.push({ index: read.minIndex, reads: [read] });
  }

  /** The index will never come; reading again does no harm, so it is asked again. */
  failed(context: number): void {
    const asked = this.#asked.get(context);
    if (asked === undefined) return;
    this.#asked.delete(context);
    this.#queued = [...asked.reads, ...this.#queued];
  }

  reached(appliedIndex: LogIndex): void {
    if (this.#confirmed.length === 0) return;
    const ready = this.#confirmed.filter((batch) => batch.index <= appliedIndex);
    if (ready.length === 0) return;
    this.#confirmed = this.#confirmed.filter((batch) => batch.index > appliedIndex);
    for (const { reads } of ready) this.#answer(reads, null, appliedIndex);
  }

  /**
   * Ends reads that are too old, and takes back those whose question or answer seems lost.
   *
   * @returns contexts the core may forget
   */
  expire(nowMs: number, timeoutMs: number, askAgainAfterMs: number): readonly number[] {
    // A thousand idle groups are swept too.
    if (this.#count === 0 && this.#asked.size === 0) return none;
    const forgotten: number[] = [];
    for (const [context, asked] of this.#asked) {
      if (nowMs < asked.askedMs + askAgainAfterMs) continue;
      forgotten.push(context);
      this.failed(context);
    }
    const isLate = (read: Read): boolean => read.deadlineMs <= nowMs;
    const late = this.#queued.filter(isLate);
    if (late.length > 0) this.#queued = this.#queued.filter((read) => !isLate(read));
    const unapplied: Read[] = [];
    let lowest = Number.POSITIVE_INFINITY;
    for (const batch of this.#confirmed)
      for (const read of batch.reads) {
        if (!isLate(read)) continue;
        unapplied.push(read);
        lowest = Math.min(lowest, batch.index);
      }
    this.#confirmed = this.#confirmed
      .map((batch) => ({ ...batch, reads: batch.reads.filter((read) => !isLate(read)) }))
      .filter((batch) => batch.reads.length > 0);
    // An error captures a stack: not one a sweep.
    if (late.length > 0) this.#answer(late, readTimeout(timeoutMs), 0);
    if (unapplied.length > 0) this.#answer(unapplied, notApplied(lowest, timeoutMs), 0);
    return forgotten;
  }

  failAll(error: RuntimeError): void {
    const all = [
      ...this.#queued,
      ...[...this.#asked.values()].flatMap((asked) => asked.reads),
      ...this.#confirmed.flatMap((batch) => batch.reads),
    ];
    this.#queued = [];
    this.#asked.clear();
    this.#confirmed = [];
    this.#answer(all, error, 0);
  }

  #answer(reads: readonly Read[], error: RuntimeError | null, appliedIndex: LogIndex): void {
    this.#count -= reads.length;
    for (const read of reads) {
      try {
        read.done(error, appliedIndex);
      } catch (thrown) {
        this.#threw(thrown);
      }
    }
  }
}

function readTimeout(timeoutMs: number): RuntimeError {
  return new RuntimeError(
    'RUNTIME_READ_TIMEOUT',
    `No quorum confirmed the read within ${timeoutMs} ms. Reading again is safe.`,
    { timeoutMs },
  );
}

function notApplied(index: LogIndex, timeoutMs: number): RuntimeError {
  return new RuntimeError(
    'RUNTIME_READ_TIMEOUT',
    `Index ${index}, which the read waited for, was not applied here within ${timeoutMs} ms. ` +
      'Reading again is safe; see that the index is one of this group.',
    { timeoutMs },
  );
}

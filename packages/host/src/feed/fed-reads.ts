import { type Address, formatAddress, type Timer, type Timers } from '@quorate/base';
import type { LogIndex } from '@quorate/schema';
import { HostError } from '../host-error.ts';

/** As `GroupHandle.readBarrier`; `error` says what to do. */
export type BarrierDone = (error: Error | null) => void;

export interface FedReadsOptions {
  readonly timers: Timers;
  readonly nowMs: () => number;
  /** Asks upstream what is current; null when that was not confirmed. */
  readonly ask: (done: (index: LogIndex | null) => void) => void;
  /** Who feeds the replica at the moment. */
  readonly upstream: () => Address;
  readonly appliedIndex: () => LogIndex;
}

interface WaitingRead {
  readonly maxStalenessMs: number;
  readonly timeoutMs: number;
  readonly done: BarrierDone;
  /** Grows to what was current when that is known. */
  minIndex: LogIndex;
  isConfirmed: boolean;
  deadline: Timer | null;
  retry: Timer | null;
  tries: number;
}

/** Before upstream is asked again, which may be another one by then. */
const minRetryMs = 50;
const maxRetryMs = 800;

/** Reads of one replica: what is current is asked of upstream, once for all reads of a moment. */
export class FedReads {
  readonly #options: FedReadsOptions;
  readonly #waiting = new Set<WaitingRead>();
  /** The newest index known to be current when it was asked for, and when that was. */
  #fresh: { readonly index: LogIndex; readonly askedMs: number } | null = null;
  /** Barriers that share the question that is to be asked next. */
  #asking: ((index: LogIndex | null) => void)[] | null = null;
  #isAsking = false;
  #isClosed = false;

  constructor(options: FedReadsOptions) {
    this.#options = options;
  }

  /** As `FeedOrigin.barrier`: one attempt. */
  barrier(maxStalenessMs: number, done: (index: LogIndex | null) => void): void {
    const { nowMs } = this.#options;
    const fresh = this.#fresh;
    if (fresh !== null && maxStalenessMs > 0 && nowMs() - fresh.askedMs <= maxStalenessMs) {
      done(fresh.index);
      return;
    }
    // A question that is on its way may have been answered before this call: ask once more after.
    this.#asking ??= [];
    this.#asking.push(done);
    if (!this.#isAsking) this.#ask();
  }

  /** Calls back once the state here is as recent as asked for, or `timeoutMs` have passed. */
  read(maxStalenessMs: number, minIndex: LogIndex, timeoutMs: number, done: BarrierDone): void {
    if (this.#isClosed) {
      done(closing());
      return;
    }
    const isConfirmed = maxStalenessMs === Number.POSITIVE_INFINITY;
    if (isConfirmed && this.#options.appliedIndex() >= minIndex) {
      done(null);
      return;
    }
    const waits = { minIndex, isConfirmed, deadline: null, retry: null, tries: 0 };
    const read: WaitingRead = { maxStalenessMs, timeoutMs, done, ...waits };
    read.deadline = this.#options.timers.after(timeoutMs, () => this.#end(read, this.#late(read)));
    this.#waiting.add(read);
    if (!isConfirmed) this.#confirm(read);
  }

  /** More has been applied. */
  reached(): void {
    for (const read of this.#waiting) this.#mayEnd(read);
  }

  close(): void {
    this.#isClosed = true;
    for (const read of this.#waiting) this.#end(read, closing());
  }

  /** Until the read's time is over: upstream may be gone, and the next one there soon. */
  #confirm(read: WaitingRead): void {
    this.barrier(read.maxStalenessMs, (index) => {
      if (!this.#waiting.has(read)) return;
      if (index === null) {
        const pauseMs = Math.min(maxRetryMs, minRetryMs * 2 ** Math.min(read.tries, 10));
        read.tries += 1;
        read.retry = this.#options.timers.after(pauseMs, () => this.#confirm(read));
        return;
      }
      read.minIndex = Math.max(read.minIndex, index);
      read.isConfirmed = true;
      this.#mayEnd(read);
    });
  }

  #ask(): void {
    const asked = this.#asking ?? [];
    this.#asking = null;
    this.#isAsking = true;
    const askedMs = this.#options.nowMs();
    this.#options.ask((index) => {
      if (index !== null) this.#fresh = { index, askedMs };
      for (const done of asked) done(index);
      this.#isAsking = false;
      if (this.#asking !== null) this.#ask();
    });
  }

  #mayEnd(read: WaitingRead): void {
    const { appliedIndex } = this.#options;
    if (read.isConfirmed && read.minIndex <= appliedIndex()) this.#end(read, null);
  }

  #end(read: WaitingRead, error: Error | null): void {
    this.#waiting.delete(read);
    read.deadline?.cancel();
    read.retry?.cancel();
    read.done(error);
  }

  #late({ isConfirmed, minIndex, timeoutMs }: WaitingRead): HostError {
    const { appliedIndex, upstream } = this.#options;
    return isConfirmed ? notReached(minIndex, appliedIndex(), timeoutMs) : notConfirmed(upstream());
  }
}

function closing(): HostError {
  return new HostError('HOST_CLOSING', 'the replica is closing; ask another node', {});
}

function notConfirmed(address: Address): HostError {
  const upstream = formatAddress(address);
  return new HostError(
    'HOST_READ_UNCONFIRMED',
    `${upstream} did not confirm in time that the read is recent; ask again, or read with a ` +
      'staleness that you can bear',
    { upstream },
  );
}

function notReached(minIndex: LogIndex, appliedIndex: LogIndex, timeoutMs: number): HostError {
  return new HostError(
    'HOST_REPLICA_BEHIND',
    `the replica has applied ${appliedIndex} and not ${minIndex} within ${timeoutMs} ms; ask again`,
    { minIndex, appliedIndex, timeoutMs },
  );
}

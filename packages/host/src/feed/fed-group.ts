import {
  type Address,
  type AppliedEntry,
  formatAddress,
  type Logger,
  type StateMachine,
  type Timer,
  type Timers,
} from '@quorate/base';
import type { AppliedListener, StateSnapshot } from '@quorate/runtime';
import { type Entry, EntryKind, type GroupId, type LogIndex } from '@quorate/schema';
import type { Enquirer } from '@quorate/transport';
import { HostError } from '../host-error.ts';
import {
  decodeFeedAnswer,
  encodeFeedRequest,
  type FeedAnswer,
  type FeedRequest,
} from './feed-messages.ts';
import type { FeedOrigin } from './feed-origin.ts';

export interface FedGroupOptions {
  readonly group: GroupId;
  readonly name: string;
  readonly stateMachine: StateMachine<unknown>;
  /** Members or other replicas, in the order of preference. */
  readonly upstream: readonly Address[];
  readonly enquirer: Enquirer;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly nowMs: () => number;
  /** The state machine threw: nothing more is applied. */
  readonly failed: (error: Error) => void;
}

/** As `GroupHandle.readBarrier`; `error` says what to do. */
export type BarrierDone = (error: Error | null) => void;

interface WaitingRead {
  readonly minIndex: LogIndex;
  readonly done: BarrierDone;
  readonly timer: Timer;
}

const maxBytes = 1024 * 1024;
const waitMs = 20_000;
/** Beyond the wait that was asked for. */
const answerMs = 5000;
const minPauseMs = 50;
const maxPauseMs = 3000;

/**
 * A replica that is no member: fed with what others have applied, by one upstream at a time, the
 * next one when it fails. Nothing is kept on a disk: after a restart it begins with a snapshot.
 */
export class FedGroup implements FeedOrigin {
  readonly #options: FedGroupOptions;
  readonly #listeners = new Set<AppliedListener>();
  #reads = new Set<WaitingRead>();
  /** The newest index known to be current when it was asked for, and when that was. */
  #fresh: { readonly index: LogIndex; readonly askedMs: number } | null = null;
  /** Barriers that share the question that is to be asked next. */
  #asking: ((index: LogIndex | null) => void)[] | null = null;
  #isAsking = false;
  #appliedIndex: LogIndex = 0;
  #upstreamAt = 0;
  #failures = 0;
  #pause: Timer | null = null;
  #isClosed = false;

  constructor(options: FedGroupOptions) {
    this.#options = options;
  }

  get appliedIndex(): LogIndex {
    return this.#appliedIndex;
  }

  /** Who feeds it at the moment. */
  get upstream(): Address {
    const { upstream } = this.#options;
    return upstream[this.#upstreamAt % upstream.length] as Address;
  }

  start(): void {
    this.#next();
  }

  close(): void {
    this.#isClosed = true;
    this.#pause?.cancel();
    for (const { timer, done } of this.#reads) {
      timer.cancel();
      done(closing());
    }
    this.#reads.clear();
  }

  onApplied(listener: AppliedListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  openSnapshot(): StateSnapshot {
    return { index: this.#appliedIndex, chunks: this.#options.stateMachine.snapshot() };
  }

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

  /** Calls back once the state here is as recent as asked for. */
  readBarrier(
    maxStalenessMs: number,
    minIndex: LogIndex,
    timeoutMs: number,
    done: BarrierDone,
  ): void {
    if (maxStalenessMs === Number.POSITIVE_INFINITY) {
      this.#whenApplied(minIndex, timeoutMs, done);
      return;
    }
    this.barrier(maxStalenessMs, (index) => {
      if (index === null) done(notConfirmed(this.upstream));
      else this.#whenApplied(Math.max(minIndex, index), timeoutMs, done);
    });
  }

  #ask(): void {
    const waiting = this.#asking ?? [];
    this.#asking = null;
    this.#isAsking = true;
    const askedMs = this.#options.nowMs();
    this.#request({ kind: 'barrier', group: this.#options.group, maxStalenessMs: 0 }, (answer) => {
      this.#isAsking = false;
      const index = answer?.kind === 'barrier' ? answer.index : null;
      if (index !== null) this.#fresh = { index, askedMs };
      for (const done of waiting) done(index);
      if (this.#asking !== null) this.#ask();
    });
  }

  #whenApplied(minIndex: LogIndex, timeoutMs: number, done: BarrierDone): void {
    if (this.#isClosed || this.#appliedIndex >= minIndex) {
      done(this.#isClosed ? closing() : null);
      return;
    }
    const read: WaitingRead = {
      minIndex,
      done,
      timer: this.#options.timers.after(timeoutMs, () => {
        this.#reads.delete(read);
        done(notReached(minIndex, this.#appliedIndex, timeoutMs));
      }),
    };
    this.#reads.add(read);
  }

  #request(request: FeedRequest, done: (answer: FeedAnswer | null) => void): void {
    const timeoutMs = answerMs + (request.kind === 'entries' ? request.waitMs : 0);
    const bytes = encodeFeedRequest(request);
    this.#options.enquirer.ask(this.upstream, bytes, timeoutMs, (error, body) => {
      const answer = body === null ? null : decodeFeedAnswer(body);
      if (!this.#isClosed && answer === null && error !== null) {
        const { logger, name } = this.#options;
        logger.warn('feed does not answer', { group: name, reason: error.message });
      }
      done(answer);
    });
  }

  #next(): void {
    if (this.#isClosed) return;
    const { group } = this.#options;
    const after = this.#appliedIndex;
    this.#request({ kind: 'entries', group, after, maxBytes, waitMs }, (answer) => {
      if (this.#isClosed) return;
      if (answer?.kind === 'entries') this.#prefetch(answer.entries, answer.through);
      else if (answer?.kind === 'begin') this.#restore(answer.id, answer.index);
      else this.#again(answer);
    });
  }

  /** Somebody else may do better. */
  #again(answer: FeedAnswer | null): void {
    if (answer?.kind === 'refused') {
      const { logger, name } = this.#options;
      const fields = { group: name, upstream: formatAddress(this.upstream), reason: answer.reason };
      logger.warn('feed refused', fields);
    }
    this.#upstreamAt += 1;
    const pauseMs = Math.min(maxPauseMs, minPauseMs * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#pause = this.#options.timers.after(pauseMs, () => this.#next());
  }

  #prefetch(given: readonly AppliedEntry[], through: LogIndex): void {
    const { stateMachine } = this.#options;
    // An upstream that is behind this replica repeats nothing, but may say less.
    const entries = given.filter(({ index }) => index > this.#appliedIndex);
    if (stateMachine.prefetch === undefined || entries.length === 0) {
      this.#apply(entries, through);
      return;
    }
    stateMachine.prefetch(entries, (error) => {
      if (this.#isClosed) return;
      if (error === null) this.#apply(entries, through);
      else this.#options.failed(error);
    });
  }

  #apply(entries: readonly AppliedEntry[], through: LogIndex): void {
    try {
      if (entries.length > 0) this.#options.stateMachine.apply(entries);
    } catch (error) {
      this.close();
      this.#options.failed(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.#failures = 0;
    if (through > this.#appliedIndex) this.#reached(through);
    for (const listener of this.#listeners) listener.applied(entries.map(entryOf));
    this.#next();
  }

  #restore(id: number, index: LogIndex): void {
    const { group, stateMachine, logger, name } = this.#options;
    const sink = stateMachine.restore();
    const piece = (chunk: number): void => {
      this.#request({ kind: 'snapshot', group, id, chunk }, (answer) => {
        if (this.#isClosed) return;
        if (answer?.kind !== 'chunk') {
          this.#again(answer);
          return;
        }
        try {
          if (!answer.last) sink.chunk(answer.bytes);
          else sink.finish();
        } catch (error) {
          // What came is no snapshot: another upstream may have a whole one.
          logger.error('snapshot of a feed unusable', { group: name, reason: String(error) });
          this.#again(null);
          return;
        }
        if (!answer.last) {
          piece(chunk + 1);
          return;
        }
        logger.info('snapshot restored', { group: name, index });
        this.#failures = 0;
        this.#appliedIndex = 0;
        this.#reached(index);
        for (const listener of this.#listeners) listener.restored(index);
        this.#next();
      });
    };
    piece(0);
  }

  #reached(index: LogIndex): void {
    this.#appliedIndex = index;
    for (const read of this.#reads) {
      if (read.minIndex > index) continue;
      this.#reads.delete(read);
      read.timer.cancel();
      read.done(null);
    }
  }
}

function entryOf({ index, term, timestampMicros, command }: AppliedEntry): Entry {
  return { index, term, kind: EntryKind.command, timestampMicros, data: command };
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

import {
  type Address,
  type AppliedEntry,
  formatAddress,
  type Logger,
  type Prng,
  type StateMachine,
  type Timer,
  type Timers,
} from '@quorate/base';
import type { AppliedListener, StateSnapshot } from '@quorate/runtime';
import { type Entry, EntryKind, type GroupId, type LogIndex } from '@quorate/schema';
import type { Asking } from '../enquiries/enquiry-metrics.ts';
import { type BarrierDone, FedReads } from './fed-reads.ts';
import { FedStanding, type FollowOptions } from './fed-standing.ts';
import {
  decodeFeedAnswer,
  encodeFeedRequest,
  type FeedAnswer,
  type FeedRequest,
  type FollowedAnswer,
} from './feed-messages.ts';
import type { FeedOrigin, FollowedOrigin } from './feed-origin.ts';
import { Upstreams } from './upstreams.ts';

export interface FedGroupOptions {
  readonly group: GroupId;
  readonly name: string;
  readonly stateMachine: StateMachine<unknown>;
  /** Members or other replicas, in the order of preference. */
  readonly upstream: readonly Address[];
  readonly enquirer: Asking;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly nowMs: () => number;
  /** Spreads what many of them would do at one moment. */
  readonly prng: Prng;
  /** Null: it is not told who leads. */
  readonly follow: FollowOptions | null;
  /** The state machine threw: nothing more is applied. */
  readonly failed: (error: Error) => void;
}

const maxBytes = 1024 * 1024;
/** Short, so that an upstream that hangs is soon noticed. */
const waitMs = 5000;
/** Beyond the wait that was asked for. */
const answerMs = 5000;
/** An upstream that has not confirmed reads for so long is itself cut off, or hangs. */
const patienceMs = 8000;
/** Of a follower, which hears from upstream more often: at least a slow round trip or two. */
const leastAnswerMs = 2000;
const minPauseMs = 50;
const maxPauseMs = 3000;

/**
 * A replica that is no member: fed with what others have applied, by one upstream at a time, the
 * next one when it fails. Nothing is kept on a disk: after a restart it begins with a snapshot.
 */
export class FedGroup implements FeedOrigin {
  readonly #options: FedGroupOptions;
  readonly #listeners = new Set<AppliedListener>();
  readonly #reads: FedReads;
  readonly #upstreams: Upstreams;
  /** Null: it is not told who leads. */
  readonly standing: FedStanding | null;
  readonly followed?: FollowedOrigin;
  /** What was told with entries or with a snapshot, until those are applied. */
  #told: { readonly answer: FollowedAnswer; readonly askedMs: number } | null = null;
  #appliedIndex: LogIndex = 0;
  #failures = 0;
  #pause: Timer | null = null;
  /** Answers to what was asked before it changed come too late. */
  #turn = 0;
  /** Entries are with the state machine, which goes on with them whoever feeds it next. */
  #isPrefetching = false;
  /** Since when upstream has confirmed no read; null: it confirmed the last one. */
  #unconfirmedSinceMs: number | null = null;
  #isClosed = false;

  constructor(options: FedGroupOptions) {
    this.#options = options;
    const { upstream, prng, follow, nowMs } = options;
    this.#upstreams = new Upstreams(upstream, prng);
    const standing = follow === null ? null : new FedStanding(follow, this.#upstreams, nowMs);
    this.standing = standing;
    if (standing !== null) {
      this.followed = {
        standing: () => standing.standing(),
        onStanding: (listener) => void standing.onStanding(listener),
      };
    }
    this.#reads = new FedReads({
      timers: options.timers,
      nowMs: options.nowMs,
      ask: (done) => this.#askCurrent(done),
      upstream: () => this.upstream,
      appliedIndex: () => this.#appliedIndex,
    });
  }

  get appliedIndex(): LogIndex {
    return this.#appliedIndex;
  }

  /** Who feeds it at the moment. */
  get upstream(): Address {
    return this.#upstreams.current;
  }

  start(): void {
    this.#next();
  }

  close(): void {
    this.#isClosed = true;
    this.#pause?.cancel();
    this.#reads.close();
  }

  onApplied(listener: AppliedListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  openSnapshot(): StateSnapshot {
    return { index: this.#appliedIndex, chunks: this.#options.stateMachine.snapshot() };
  }

  barrier(maxStalenessMs: number, done: (index: LogIndex | null) => void): void {
    this.#reads.barrier(maxStalenessMs, done);
  }

  /** Calls back once the state here is as recent as asked for, or `timeoutMs` have passed. */
  readBarrier(
    maxStalenessMs: number,
    minIndex: LogIndex,
    timeoutMs: number,
    done: BarrierDone,
  ): void {
    this.#reads.read(maxStalenessMs, minIndex, timeoutMs, done);
  }

  /** What is current, by one question upstream. */
  #askCurrent(done: (index: LogIndex | null) => void): void {
    const { group, nowMs } = this.#options;
    const askedMs = nowMs();
    const askedAt = this.#upstreams.changes;
    this.#request({ kind: 'barrier', group, maxStalenessMs: 0 }, (answer) => {
      const index = answer?.kind === 'barrier' ? answer.index : null;
      if (askedAt === this.#upstreams.changes) {
        if (index !== null) this.#unconfirmedSinceMs = null;
        else this.#unconfirmed(askedMs);
      }
      done(index);
    });
  }

  /** It may feed well and be cut off from the leader, where another upstream is not. */
  #unconfirmed(askedMs: number): void {
    if (this.#isClosed) return;
    this.#unconfirmedSinceMs ??= askedMs;
    if (this.#options.nowMs() - this.#unconfirmedSinceMs < patienceMs) return;
    const { logger, name } = this.#options;
    logger.warn('feed confirms no reads', { group: name, upstream: formatAddress(this.upstream) });
    this.#again(null);
  }

  #request(request: FeedRequest, done: (answer: FeedAnswer | null) => void): void {
    const timeoutMs = this.#timeoutMs(request);
    const bytes = encodeFeedRequest(request);
    this.#options.enquirer.ask(this.upstream, bytes, timeoutMs, (error, body) => {
      const answer = body === null ? null : decodeFeedAnswer(body);
      // Of the same upstream's silence the request for entries tells, and only once.
      const isToTell = !this.#isClosed && request.kind !== 'barrier';
      if (isToTell && answer === null && error !== null) {
        const { logger, name } = this.#options;
        logger.warn('feed does not answer', { group: name, reason: error.message });
      }
      done(answer);
    });
  }

  #timeoutMs(request: FeedRequest): number {
    const { follow } = this.#options;
    if (request.kind === 'entries') return answerMs + request.waitMs;
    if (follow === null || request.kind === 'barrier') return answerMs;
    const patienceMs = Math.min(answerMs, Math.max(leastAnswerMs, follow.refreshMs));
    // Whoever is told itself holds it for half as long again.
    return request.kind === 'follow' ? 1.5 * request.waitMs + patienceMs : patienceMs;
  }

  #next(): void {
    if (this.#isClosed) return;
    const { group, nowMs } = this.#options;
    const after = this.#appliedIndex;
    const turn = this.#turn;
    const askedMs = nowMs();
    const request =
      this.standing?.request(group, after, maxBytes) ??
      ({ kind: 'entries', group, after, maxBytes, waitMs } as const);
    this.#request(request, (whole) => {
      if (this.#isClosed || turn !== this.#turn) return;
      const isFollowed = whole?.kind === 'followed';
      this.#told = isFollowed ? { answer: whole, askedMs } : null;
      const answer = isFollowed ? whole.answer : whole;
      if (answer?.kind === 'entries') this.#prefetch(answer.entries, answer.through);
      // Never back: a snapshot that is no newer would undo what has been read here.
      else if (answer?.kind === 'begin' && answer.index > after)
        this.#restore(answer.id, answer.index);
      else this.#again(answer);
    });
  }

  /** Somebody else may do better. */
  #again(answer: FeedAnswer | null): void {
    if (answer?.kind === 'refused') {
      const { logger, name } = this.#options;
      const fields = { group: name, upstream: formatAddress(this.upstream), reason: answer.reason };
      logger.warn('feed refused', fields);
    } else if (answer?.kind === 'elsewhere') {
      const { relays } = answer.contacts;
      const fields = { group: this.#options.name, upstream: formatAddress(this.upstream) };
      const others = { reason: answer.reason, others: relays.join(' ') };
      this.#options.logger.info('feed is full', { ...fields, ...others });
      this.standing?.learn(answer.contacts);
      this.#upstreams.redirect(relays);
    }
    this.#upstreams.next();
    this.#unconfirmedSinceMs = null;
    if (this.#isPrefetching) return;
    this.#turn += 1;
    this.#told = null;
    this.#pause?.cancel();
    const pauseMs = Math.min(maxPauseMs, minPauseMs * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#pause = this.#options.timers.after(this.#upstreams.jittered(pauseMs), () => {
      this.#next();
    });
  }

  #prefetch(given: readonly AppliedEntry[], through: LogIndex): void {
    const { stateMachine } = this.#options;
    // An upstream that is behind this replica repeats nothing, but may say less.
    const entries = given.filter(({ index }) => index > this.#appliedIndex);
    if (stateMachine.prefetch === undefined || entries.length === 0) {
      this.#apply(entries, through);
      return;
    }
    this.#isPrefetching = true;
    stateMachine.prefetch(entries, (error) => {
      this.#isPrefetching = false;
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
    if (through > this.#appliedIndex) {
      this.#appliedIndex = through;
      this.#reads.reached();
    }
    const fault = this.#takeTold();
    for (const listener of this.#listeners) listener.applied(entries.map(entryOf));
    this.#goOn(fault);
  }

  /** With what it came with, so that whoever looks sees both or none. */
  #takeTold(): string | null {
    const told = this.#told;
    this.#told = null;
    return told === null ? null : (this.standing?.take(told.answer, told.askedMs) ?? null);
  }

  #goOn(fault: string | null): void {
    this.standing?.tell();
    // A listener may close it.
    if (this.#isClosed) return;
    if (fault === null) {
      this.#next();
      return;
    }
    const { logger, name } = this.#options;
    const upstream = formatAddress(this.upstream);
    logger.warn('feed is out of date', { group: name, upstream, reason: fault });
    this.#again(null);
  }

  #restore(id: number, index: LogIndex): void {
    const { group, stateMachine, logger, name } = this.#options;
    const turn = this.#turn;
    const sink = stateMachine.restore();
    const piece = (chunk: number): void => {
      this.#request({ kind: 'snapshot', group, id, chunk }, (answer) => {
        if (this.#isClosed || turn !== this.#turn) return;
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
        this.#appliedIndex = index;
        this.#reads.reached();
        const fault = this.#takeTold();
        for (const listener of this.#listeners) listener.restored(index);
        this.#goOn(fault);
      });
    };
    piece(0);
  }
}

function entryOf({ index, term, timestampMicros, command }: AppliedEntry): Entry {
  return { index, term, kind: EntryKind.command, timestampMicros, data: command };
}

import type { Clock, Timers } from '@quorate/base';
import type { Term } from '@quorate/schema';
import { ElectionError } from './core/election-error.ts';
import type { Elector } from './core/elector.ts';
import type { Leadership as LeadershipView } from './core/elector-model.ts';
import type { LossReason } from './core/loss-reason.ts';
import type { CallOptions, Election, ElectionValue, Leadership, Work } from './election.ts';

export interface LeadershipParts {
  readonly elector: Pick<Elector, 'leadership'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timers: Pick<Timers, 'after'>;
  readonly election: Pick<Election, 'proclaim'>;
  /** Of this very leadership; resolves at once when it is over. */
  readonly resign: (leadership: RunningLeadership) => Promise<void>;
}

/** How work ended: exactly one of both is there. */
export type WorkOutcome<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'failed'; readonly error: unknown };

export class RunningLeadership implements Leadership {
  readonly token: bigint;
  readonly term: Term;
  /** Somebody holds it who resigns it himself. */
  isKept = false;
  readonly #parts: LeadershipParts;
  readonly #controller = new AbortController();
  readonly #works = new Set<Promise<void>>();
  #value: Uint8Array;

  constructor({ token, term, value }: LeadershipView, parts: LeadershipParts) {
    this.token = token;
    this.term = term;
    this.#value = value;
    this.#parts = parts;
  }

  /** A copy: the record's own is part of a replica's state. */
  get value(): Uint8Array {
    this.#value = this.#look()?.value ?? this.#value;
    return this.#value.slice();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get deadlineMs(): number {
    return this.#look()?.deadlineMs ?? Number.NEGATIVE_INFINITY;
  }

  get remainingMs(): number {
    const { deadlineMs } = this;
    return Math.max(0, deadlineMs - this.#parts.clock.monotonicMs());
  }

  get hasWork(): boolean {
    return this.#works.size > 0;
  }

  isValid(): boolean {
    return this.#look() !== null;
  }

  async proclaim(value: ElectionValue, options?: CallOptions): Promise<void> {
    // Of a leadership that is over: that of another token is not this one's to speak for.
    if (!this.isValid()) throw this.lossError();
    await this.#parts.election.proclaim(value, options);
  }

  resign(): Promise<void> {
    return this.#parts.resign(this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resign();
  }

  /** It is over, and whoever works under it is told. */
  lost(reason: LossReason): void {
    this.#controller.abort(lossError(this.token, reason));
  }

  /** @param cause what work threw when it was aborted, if it is told */
  lossError(cause?: unknown): ElectionError {
    const { reason } = this.signal;
    const given = reason instanceof ElectionError ? reason : lossError(this.token, 'expired');
    if (cause === undefined || cause === given) return given;
    return new ElectionError(given.code, given.message, given.metadata, { cause });
  }

  /** Does the work from this very turn on: the caller has just seen that this is valid. */
  async run<Result>(
    work: Work<Result>,
    signal: AbortSignal | undefined,
  ): Promise<WorkOutcome<Result>> {
    const either = signal === undefined ? this.signal : AbortSignal.any([this.signal, signal]);
    const running = (async () => work(either, this))();
    const ended = running.then(ignored, ignored);
    this.#works.add(ended);
    try {
      return { kind: 'done', result: await running };
    } catch (error) {
      return { kind: 'failed', error };
    } finally {
      this.#works.delete(ended);
    }
  }

  /** @returns how much work has not ended within that time */
  async workEnds(withinMs: number): Promise<number> {
    if (!this.hasWork) return 0;
    const isLate = Promise.withResolvers<void>();
    const timer = this.#parts.timers.after(withinMs, isLate.resolve);
    const works = [...this.#works];
    let running = works.length;
    for (const work of works) {
      void work.then(() => {
        running -= 1;
        if (running === 0) isLate.resolve();
      });
    }
    await isLate.promise;
    timer.cancel();
    return running;
  }

  #look(): LeadershipView | null {
    if (this.signal.aborted) return null;
    const view = this.#parts.elector.leadership();
    return view?.token === this.token ? view : null;
  }
}

function ignored(): void {}

function lossError(token: bigint, reason: LossReason): ElectionError {
  const message =
    `the leadership with token ${token} is over (${reason}): end what is done under it, ` +
    'and campaign again';
  return new ElectionError('ELECTION_LEADERSHIP_LOST', message, { token, reason });
}

import { assert } from '@quorate/base';
import type { LogIndex } from '@quorate/schema';
import { type RpcError, rpcErrors } from './rpc-error.ts';
import type { ServiceOptions } from './service-context.ts';

/** Called once: null lets the call in. */
type Waiting = (refusal: RpcError | null) => void;

/** How often it is looked whether the log has been applied. */
const lookMs = 5;

/** A call waits for so many election timeouts, as does the gate for a leader. */
const patientTimeouts = 5;

/** More are refused: nobody has been answered yet who could know that they should wait less. */
const mostWaiting = 10_000;

/**
 * Keeps calls waiting while a replica that was started shows less than it may have shown before. Of
 * what it had applied it knows only a part to be committed; the rest of its log, in which there may
 * be a user's rights as well, is applied when a leader says so. Whoever would be answered meanwhile
 * could see the state go back, and what was written long ago as news.
 *
 * It opens when all of the log that was there at the start is applied and a leader is known. The
 * leader is waited for no longer than a call waits, for without a majority the state may be read.
 */
export class StartGate {
  readonly #options: Pick<ServiceOptions, 'group' | 'timers' | 'clock' | 'tuning'>;
  #lastIndex: LogIndex;
  readonly #patienceMs: number;
  readonly #patientUntilMs: number;
  #waiting: { readonly done: Waiting; readonly untilMs: number }[] = [];
  #isOpen = false;
  #isStopped = false;

  constructor(options: Pick<ServiceOptions, 'group' | 'timers' | 'clock' | 'tuning'>) {
    this.#options = options;
    const { group, clock, tuning } = options;
    this.#lastIndex = group.status().lastIndex;
    this.#patienceMs = patientTimeouts * tuning.electionTimeoutMs;
    this.#patientUntilMs = clock.monotonicMs() + this.#patienceMs;
    // At once, if it can be: nobody waits for the timer who need not.
    group.onLeadership(() => this.#look());
    this.#look();
    if (!this.#isOpen) this.#lookAgain();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** To be asked while it is not open. */
  whenOpen(done: Waiting): void {
    assert(!this.#isOpen, 'nobody waits at an open gate');
    if (this.#isStopped) done(rpcErrors.serverStopped);
    else if (this.#waiting.length === mostWaiting) done(rpcErrors.tooManyRequests);
    else {
      const untilMs = this.#options.clock.monotonicMs() + this.#patienceMs;
      this.#waiting.push({ done, untilMs });
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#release(rpcErrors.serverStopped);
  }

  #lookAgain(): void {
    this.#options.timers.after(lookMs, () => {
      if (this.#isOpen || this.#isStopped) return;
      this.#look();
      if (this.#isOpen) return;
      this.#refuseLate();
      this.#lookAgain();
    });
  }

  #look(): void {
    if (this.#isOpen || this.#isStopped) return;
    const { group, clock } = this.#options;
    const { appliedIndex, lastIndex, leader } = group.status();
    // A leader may cut off what was never committed, and have less to put in its place.
    this.#lastIndex = Math.min(this.#lastIndex, lastIndex);
    if (appliedIndex < this.#lastIndex) return;
    if (leader === 0 && clock.monotonicMs() < this.#patientUntilMs) return;
    this.#isOpen = true;
    this.#release(null);
  }

  #refuseLate(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const late = this.#waiting.filter(({ untilMs }) => untilMs <= nowMs);
    if (late.length === 0) return;
    this.#waiting = this.#waiting.filter(({ untilMs }) => untilMs > nowMs);
    for (const { done } of late) done(rpcErrors.noLeader);
  }

  #release(refusal: RpcError | null): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { done } of waiting) done(refusal);
  }
}

import type { Clock, Timer, Timers } from '@quorate/base';
import { encodeCommand } from '../command-encoder.ts';
import type { LeaseSchedule } from './lease-view.ts';

/** So soon after a tick comes the next when leases wait for their time to begin. */
const freshTickMs = 500;

/** What of lease time a change of leader can lose: no tick is further from the one before. */
const idleTickMs = 2000;

/** Until a tick that was not applied is tried again. */
const retryMs = 500;

/** What one command may say; further ticks say the rest. */
const maxElapsedMs = 24 * 60 * 60 * 1000;

/** What of a `KvStateMachine` this needs. */
export interface TickedStore {
  readonly leaseSchedule: LeaseSchedule;
  onLeaseSchedule(listener: () => void): void;
}

/** What a `LeaseTicker` works on. */
export interface LeaseTickerOptions {
  readonly store: TickedStore;
  /** Hands a command of the store to the group; `done` says whether it was applied. */
  readonly propose: (command: Uint8Array, done: (isApplied: boolean) => void) => void;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timers: Pick<Timers, 'after'>;
  /** By how much the rate of this clock may differ from true time, as a fraction below 1. */
  readonly maxClockDrift: number;
}

/**
 * Makes lease time pass while this member leads, and so ends leases.
 *
 * Every member notes when it applied the last tick, so that a new leader goes on from there. What
 * it proposes is right whoever leads: a tick says how long ago the one before was applied here, and
 * counts only if none came in between. That time, less what the clock may be fast, has truly passed
 * between the two.
 */
export class LeaseTicker {
  readonly #options: LeaseTickerOptions;
  #isLeader = false;
  #isStopped = false;
  #isProposing = false;
  #ticks: number;
  /** When the last tick was applied here, or its state restored; monotonic. */
  #tickedAtMs: number;
  #notBeforeMs = 0;
  #timer: { readonly handle: Timer; readonly atMs: number } | null = null;

  constructor(options: LeaseTickerOptions) {
    this.#options = options;
    this.#ticks = options.store.leaseSchedule.ticks;
    this.#tickedAtMs = this.#nowMs;
    options.store.onLeaseSchedule(() => this.#scheduleChanged());
  }

  /** How long the last tick was applied here: lease time is about so much further by now. */
  get sinceTickMs(): number {
    return this.#nowMs - this.#tickedAtMs;
  }

  leadershipChanged(isLeader: boolean): void {
    if (isLeader === this.#isLeader) return;
    this.#isLeader = isLeader;
    this.#notBeforeMs = 0;
    this.#arm();
  }

  stop(): void {
    this.#isStopped = true;
    this.#disarm();
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  get #trueRate(): number {
    return 1 - this.#options.maxClockDrift;
  }

  /** Called while a command is applied, so it must not propose. */
  #scheduleChanged(): void {
    const { ticks } = this.#options.store.leaseSchedule;
    if (ticks !== this.#ticks) this.#tickedAtMs = this.#nowMs;
    this.#ticks = ticks;
    this.#arm();
  }

  /** When the next tick is worth proposing, monotonic; infinity: never, as things stand. */
  get #dueMs(): number {
    const { nowMs, hasFresh, nextDeadlineMs } = this.#options.store.leaseSchedule;
    if (nextDeadlineMs === null) return Number.POSITIVE_INFINITY;
    // A millisecond more, because what a tick says is rounded down.
    const leftMs = nextDeadlineMs <= nowMs ? 0 : nextDeadlineMs - nowMs + 1;
    const expiryMs = leftMs / this.#trueRate;
    const afterTickMs = Math.min(idleTickMs, expiryMs, hasFresh ? freshTickMs : idleTickMs);
    return Math.max(this.#notBeforeMs, this.#tickedAtMs + afterTickMs);
  }

  #arm(): void {
    if (this.#isStopped || !this.#isLeader || this.#isProposing) return this.#disarm();
    const dueMs = this.#dueMs;
    if (dueMs === Number.POSITIVE_INFINITY) return this.#disarm();
    // One that is early looks again when it is called.
    if (this.#timer !== null && this.#timer.atMs <= dueMs) return;
    this.#disarm();
    const handle = this.#options.timers.after(Math.max(0, dueMs - this.#nowMs), () => {
      this.#timer = null;
      if (this.#dueMs <= this.#nowMs) this.#propose();
      else this.#arm();
    });
    this.#timer = { handle, atMs: dueMs };
  }

  #disarm(): void {
    this.#timer?.handle.cancel();
    this.#timer = null;
  }

  #propose(): void {
    const elapsedMs = Math.min(maxElapsedMs, Math.floor(this.sinceTickMs * this.#trueRate));
    const command = encodeCommand({ kind: 'leaseTick', after: this.#ticks, elapsedMs });
    this.#isProposing = true;
    this.#options.propose(command, (isApplied) => {
      this.#isProposing = false;
      if (!isApplied) this.#notBeforeMs = this.#nowMs + retryMs;
      this.#arm();
    });
  }
}

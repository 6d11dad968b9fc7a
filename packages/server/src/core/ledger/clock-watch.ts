import type { Clock, Logger, Timer, Timers } from '@quorate/base';
import { apiIdOf } from '../member-id.ts';
import type { LedgerGroup } from './ledger-group.ts';

const lookMs = 1000;
/** So much the time of the log and this clock may differ; half of it ends what was warned of. */
const allowedMicros = 1_000_000;
/** So many looks in a row, each at new entries: a single one may be a late message. */
const looksUntilWarned = 3;
/** A replica that comes to its leader's state in less time is not behind. */
const promptMs = 500;

/** What a watch compares with, and whom it tells. */
export interface ClockWatchOptions {
  readonly clock: Clock;
  readonly timers: Pick<Timers, 'after'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/**
 * Compares the time of entries, which decides when pending transfers expire, with this machine's
 * clock. It changes nothing: wrong time is in the log before anyone can look at it. But somebody is
 * told, and can set the clock right.
 *
 * Entries that are later than the clock say so for certain. Earlier ones may be old: of those only
 * what a replica applies that has all its leader has counts, and on the leader itself none.
 */
export class ClockWatch {
  readonly #options: ClockWatchOptions;
  #group: Pick<LedgerGroup, 'readBarrier' | 'status'> | null = null;
  #timer: Timer | null = null;
  /** Of the entries since the last look that of the one which was the least late; null: of none. */
  #sampleMicros: number | null = null;
  #offsetMicros: number | null = null;
  #isAsking = false;
  #looksBeyond = 0;
  #hasWarned = false;

  constructor(options: ClockWatchOptions) {
    this.#options = options;
  }

  /** The time of the log less this clock, in seconds, when it was last compared; null: not yet. */
  get offsetSeconds(): number | null {
    return this.#offsetMicros === null ? null : this.#offsetMicros / 1_000_000;
  }

  /** @param group whose entries they are */
  start(group: Pick<LedgerGroup, 'readBarrier' | 'status'>): void {
    this.#group = group;
    this.#timer = this.#options.timers.after(lookMs, () => {
      this.#look(group);
      this.start(group);
    });
  }

  stop(): void {
    this.#group = null;
    this.#timer?.cancel();
  }

  /** @param timestampMicros of the newest entry that is about to be applied */
  applying(timestampMicros: number): void {
    const offset = timestampMicros - this.#options.clock.wallMicros();
    this.#sampleMicros = Math.max(this.#sampleMicros ?? offset, offset);
  }

  #look(group: Pick<LedgerGroup, 'readBarrier' | 'status'>): void {
    const sample = this.#sampleMicros;
    this.#sampleMicros = null;
    if (sample === null) return;
    if (sample >= -allowedMicros) {
      this.#judge(sample, group);
      return;
    }
    if (this.#isAsking || group.status().role === 'leader') return;
    this.#isAsking = true;
    const { clock } = this.#options;
    const askedMs = clock.monotonicMs();
    group.readBarrier((error) => {
      this.#isAsking = false;
      const isPrompt = error === null && clock.monotonicMs() - askedMs <= promptMs;
      if (isPrompt && this.#group !== null) this.#judge(sample, group);
    });
  }

  #judge(offsetMicros: number, group: Pick<LedgerGroup, 'status'>): void {
    const { logger } = this.#options;
    this.#offsetMicros = offsetMicros;
    const distance = Math.abs(offsetMicros);
    this.#looksBeyond = distance > allowedMicros ? this.#looksBeyond + 1 : 0;
    const offsetSeconds = Math.round(offsetMicros / 1000) / 1000;
    if (this.#hasWarned) {
      if (distance > allowedMicros / 2) return;
      this.#hasWarned = false;
      logger.info('the time of the log agrees with this clock again', { offsetSeconds });
      return;
    }
    if (this.#looksBeyond < looksUntilWarned) return;
    this.#hasWarned = true;
    const leader = apiIdOf(group.status().leader).toString(16);
    const meaning = offsetMicros > 0 ? meaningAhead : meaningBehind;
    const advice = 'check NTP on the leader and here';
    const said = { offsetSeconds, leader, meaning, advice };
    logger.warn('the time of the log differs from this clock', said);
  }
}

const meaningAhead =
  "the log is ahead, by the leader's clock or that of a leader before: pending transfers expire " +
  'early by so much, and later ones late once the clock is right';
const meaningBehind =
  'the log is behind: pending transfers expire late by so much if its clock went back, and early ' +
  'when a leader with a right clock follows';

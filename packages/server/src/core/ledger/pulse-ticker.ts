import type { Clock, Timer, Timers } from '@quorate/base';
import type { LedgerGroup } from './ledger-group.ts';

/** How late a pending transfer may expire in books in which nothing else happens. */
const lookMs = 100;

/** What a ticker looks at, and what it proposes. */
export interface PulseTickerOptions {
  readonly group: Pick<LedgerGroup, 'propose' | 'status'>;
  /** When the next pending transfer expires, microseconds since the Unix epoch; null: none will. */
  readonly nextExpiryMicros: () => number | null;
  /** The command that does nothing but carry the time. */
  readonly pulse: Uint8Array;
  readonly clock: Pick<Clock, 'wallMicros'>;
  readonly timers: Pick<Timers, 'after'>;
}

/**
 * Lets pending transfers expire when nothing else is written: the leader proposes an entry that
 * carries the time. What expires is decided by the entry's own time, on every replica alike. That
 * is the wall clock of the leader, and as wrong as it is: see `ClockWatch` and ADR 0048.
 */
export class PulseTicker {
  readonly #options: PulseTickerOptions;
  #timer: Timer | null = null;
  #isUnderWay = false;
  #pulses = 0;

  constructor(options: PulseTickerOptions) {
    this.#options = options;
  }

  /** Proposed so far. */
  get pulses(): number {
    return this.#pulses;
  }

  start(): void {
    this.#timer = this.#options.timers.after(lookMs, () => {
      this.#look();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    const { group, nextExpiryMicros, pulse, clock } = this.#options;
    if (this.#isUnderWay || group.status().role !== 'leader') return;
    const dueMicros = nextExpiryMicros();
    if (dueMicros === null || clock.wallMicros() < dueMicros) return;
    this.#isUnderWay = true;
    this.#pulses += 1;
    // Whatever comes of it: the next look sees whether it is still due.
    group.propose(pulse, () => {
      this.#isUnderWay = false;
    });
  }
}

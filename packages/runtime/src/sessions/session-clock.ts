import type { Term } from '@quorate/schema';

/** What of the clock is replicated state. */
export interface SessionClockState {
  /** Session time; 0 before the first entry, and never beyond the greatest stamp. */
  readonly nowMicros: number;
  /** The greatest stamp so far. */
  readonly lastTimestampMicros: number;
  readonly term: Term;
  /** When the first entry of `term` was applied: every session counts as heard of then. */
  readonly termStartMicros: number;
}

/**
 * The time that sessions live by: moved by entries alone, so equal on every replica.
 *
 * A leader's clock may be wrong by hours. So a step from one entry to the next counts for at most
 * `maxStepMs`, and time never goes back. Where stamps stand nearly still, because an earlier leader
 * was ahead, so does session time, and sessions live longer; never shorter (safety rule 13).
 */
export class SessionClock implements SessionClockState {
  nowMicros = 0;
  lastTimestampMicros = 0;
  term: Term = 0;
  termStartMicros = 0;

  advance(term: Term, timestampMicros: number, maxStepMs: number): void {
    const step = timestampMicros - this.lastTimestampMicros;
    if (step > 0) {
      this.lastTimestampMicros = timestampMicros;
      this.nowMicros += Math.min(step, maxStepMs * 1000);
    }
    if (term > this.term) {
      this.term = term;
      this.termStartMicros = this.nowMicros;
    }
  }

  restore(state: SessionClockState): void {
    this.nowMicros = state.nowMicros;
    this.lastTimestampMicros = state.lastTimestampMicros;
    this.term = state.term;
    this.termStartMicros = state.termStartMicros;
  }
}

/** Reads time. Two clocks, never mixed: one to measure with, one to stamp with. */
export interface Clock {
  /** Milliseconds on a clock that never goes back; its zero is arbitrary. Fractions allowed. */
  monotonicMs(): number;
  /** Microseconds since the Unix epoch by the machine's wall clock, which may jump either way. */
  wallMicros(): number;
}

/** One call that was asked for with `Timers.after`. */
export interface Timer {
  /** Idempotent; after it the callback is not called. */
  cancel(): void;
}

/** Calls back later, always from the event loop and never from inside the call that asked. */
export interface Timers {
  /** One shot. A late timer fires once: missed periods are never caught up. */
  after(delayMs: number, callback: () => void): Timer;
  /**
   * Runs `callback` once the I/O events that are already waiting have been delivered, so that work
   * that arrived together is handled together. This is what makes batches form by themselves.
   */
  defer(callback: () => void): void;
}

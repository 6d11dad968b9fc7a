import type { Clock, Timers } from '@quorate/base';

interface Appointment {
  readonly atMs: number;
  readonly callback: () => void;
}

/** Time that passes when a test says so. */
export class ManualTime {
  #nowMs = 1_000_000;
  #appointments: Appointment[] = [];

  readonly clock: Clock = {
    monotonicMs: () => this.#nowMs,
    wallMicros: () => this.#nowMs * 1000,
  };

  readonly timers: Timers = {
    after: (delayMs, callback) => {
      const appointment = { atMs: this.#nowMs + delayMs, callback };
      this.#appointments.push(appointment);
      return {
        cancel: () => {
          this.#appointments = this.#appointments.filter((one) => one !== appointment);
        },
      };
    },
    defer: (callback) => void this.timers.after(0, callback),
  };

  get appointments(): number {
    return this.#appointments.length;
  }

  /** Lets what is under way come to its end, and makes one call that is due. */
  async turn(): Promise<void> {
    await settled();
    const [next] = this.#appointments.filter(({ atMs }) => atMs <= this.#nowMs);
    this.#appointments = this.#appointments.filter((one) => one !== next);
    next?.callback();
  }

  /** Lets time pass, and what was under way before and between come to its end. */
  async advance(delayMs: number): Promise<void> {
    const endMs = this.#nowMs + delayMs;
    for (;;) {
      await settled();
      const [next] = this.#appointments.toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > endMs) break;
      this.#appointments = this.#appointments.filter((one) => one !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
    }
    this.#nowMs = endMs;
  }
}

/** What was done is done: the service waits for nothing but promises that are kept. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

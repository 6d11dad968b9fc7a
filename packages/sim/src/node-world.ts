import type { Clock, Crypto, LogFields, Logger, Prng, Timers } from '@quorate/base';
import type { Scheduler } from './scheduler.ts';

/**
 * One simulated machine as the code on it perceives it: its own clock rate, and callbacks that wait
 * while the process is paused and never come once it has crashed.
 */
export class NodeWorld {
  readonly #scheduler: Scheduler;
  readonly #clockRate: number;
  readonly #wallOffsetMicros: number;
  #incarnation = 0;
  #paused = false;
  #waiting: (() => void)[] = [];

  /** @param clockRate the monotonic clock's speed, 1 is true time */
  constructor(scheduler: Scheduler, clockRate: number, wallOffsetMicros: number) {
    this.#scheduler = scheduler;
    this.#clockRate = clockRate;
    this.#wallOffsetMicros = wallOffsetMicros;
  }

  /** Everything under way is forgotten: what belonged to the old process is never called. */
  crash(): void {
    this.#incarnation += 1;
    this.#paused = false;
    this.#waiting = [];
  }

  pause(): void {
    this.#paused = true;
  }

  /** What came due meanwhile happens now, late and in order, ahead of anything newer. */
  resume(): void {
    this.#paused = false;
    this.#drainLater();
  }

  #drainLater(): void {
    const incarnation = this.#incarnation;
    this.#scheduler.schedule(0, () => {
      if (incarnation !== this.#incarnation || this.#paused) return;
      const callback = this.#waiting.shift();
      if (callback === undefined) return;
      callback();
      this.#drainLater();
    });
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** In true time. */
  schedule(delayMs: number, callback: () => void): { cancel(): void } {
    const incarnation = this.#incarnation;
    let cancelled = false;
    const run = (): void => {
      if (!cancelled) callback();
    };
    const event = this.#scheduler.schedule(delayMs, () => {
      if (incarnation !== this.#incarnation) return;
      if (this.#paused || this.#waiting.length > 0) this.#waiting.push(run);
      else run();
    });
    return {
      cancel: () => {
        cancelled = true;
        event.cancel();
      },
    };
  }

  readonly clock: Clock = {
    monotonicMs: () => this.#scheduler.nowMs * this.#clockRate,
    wallMicros: () =>
      Math.floor(this.#scheduler.nowMs * this.#clockRate * 1000) + this.#wallOffsetMicros,
  };

  readonly timers: Timers = {
    after: (delayMs, callback) => this.schedule(delayMs / this.#clockRate, callback),
    defer: (callback) => {
      this.schedule(0, callback);
    },
  };
}

/** Seeded, so that identities are the same in every run of a seed. */
export function seededCrypto(prng: Prng): Crypto {
  return {
    randomBytes: (count) => Uint8Array.from({ length: count }, () => prng.below(256)),
    // Nothing in the simulator rests on its strength; it only has to tell inputs apart.
    sha256: (bytes) => {
      const out = new Uint8Array(32);
      bytes.forEach((byte, i) => {
        out[i % 32] = ((out[i % 32] as number) * 31 + byte + i) & 0xff;
      });
      return out;
    },
  };
}

export interface LogLine {
  readonly atMs: number;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: LogFields;
}

/** Keeps lines for the trace of a failing run. */
export function collectingLogger(keep: (line: LogLine) => void, nowMs: () => number): Logger {
  const make = (shared: LogFields): Logger => {
    const at =
      (level: LogLine['level']) =>
      (event: string, fields: LogFields = {}): void =>
        keep({ atMs: nowMs(), level, event, fields: { ...shared, ...fields } });
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (fields) => make({ ...shared, ...fields }),
    };
  };
  return make({});
}

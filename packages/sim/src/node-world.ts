import {
  assert,
  type Clock,
  type Crypto,
  type LogFields,
  type Logger,
  type Prng,
  type Timer,
  type Timers,
} from '@quorate/base';
import { ScheduledEvent, type Scheduler } from './scheduler.ts';

/** What decides whether, and when, something comes that a machine waits for. */
interface Circumstances {
  /** Counts its lives. */
  incarnation: number;
  /** How long it has been suspended, all in all, up to the last time it was resumed. */
  suspendedMs: number;
  rateChanges: number;
}

/** What a machine's code, or its disk, is to be called for. */
class Appointment extends ScheduledEvent {
  readonly #arrive: (appointment: Appointment) => void;
  readonly callback: () => void;
  /** By the machine's clock; null for what does not go by that clock. */
  readonly dueMs: number | null;
  readonly incarnation: number;
  /** As they were when its time was worked out. */
  suspendedMs: number;
  rateChanges: number;

  constructor(
    arrive: (appointment: Appointment) => void,
    callback: () => void,
    dueMs: number | null,
    { incarnation, suspendedMs, rateChanges }: Circumstances,
  ) {
    super();
    this.#arrive = arrive;
    this.callback = callback;
    this.dueMs = dueMs;
    this.incarnation = incarnation;
    this.suspendedMs = suspendedMs;
    this.rateChanges = rateChanges;
  }

  happen(): void {
    this.#arrive(this);
  }
}

/**
 * One simulated machine as the code on it perceives it: its own clocks, and callbacks that wait
 * while the process is paused or the machine suspended, and never come once it has crashed.
 */
export class NodeWorld {
  readonly #scheduler: Scheduler;
  readonly #circumstances: Circumstances = { incarnation: 0, suspendedMs: 0, rateChanges: 0 };
  #clockRate: number;
  /** What the monotonic clock would show at true time 0 had it always had its present rate. */
  #clockOffsetMs = 0;
  #wallOffsetMicros: number;
  #paused = false;
  /** In true time, since when the machine is suspended; null while it is not. */
  #suspendedSinceMs: number | null = null;
  /** What came while the process was paused ... */
  #waiting: Appointment[] = [];
  /** ... and while the machine was suspended, by whose timers it has not come yet. */
  #held: Appointment[] = [];

  /**
   * @param clockRate the monotonic clock's speed, 1 is true time
   * @param wallOffsetMicros what the wall clock shows at the beginning
   */
  constructor(scheduler: Scheduler, clockRate: number, wallOffsetMicros: number) {
    this.#scheduler = scheduler;
    this.#clockRate = clockRate;
    this.#wallOffsetMicros = wallOffsetMicros;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get clockRate(): number {
    return this.#clockRate;
  }

  readonly clock: Clock = {
    monotonicMs: () => this.#monotonicMs(),
    wallMicros: () => Math.floor(this.#monotonicMs() * 1000) + this.#wallOffsetMicros,
  };

  readonly timers: Timers = {
    after: (delayMs, callback) =>
      this.#add(delayMs / this.#clockRate, callback, this.#monotonicMs() + delayMs),
    defer: (callback) => {
      this.#add(0, callback, null);
    },
  };

  /** In true time, which does not pass for a machine that is suspended. */
  schedule(delayMs: number, callback: () => void): Timer {
    return this.#add(delayMs, callback, null);
  }

  /** Everything under way is forgotten: what belonged to the old process is never called. */
  crash(): void {
    this.#circumstances.incarnation += 1;
    this.#suspendedSinceMs = null;
    this.#paused = false;
    this.#waiting = [];
    this.#held = [];
  }

  /** The process stands still, as under SIGSTOP; clocks, timers and the disk go on. */
  pause(): void {
    this.#paused = true;
  }

  /**
   * The whole machine stands still, as a laptop that sleeps or a virtual machine that is frozen.
   * Its monotonic clock counts the gap, which is what the port promises; its timers and its disk do
   * not, so that what was under way comes later by the whole gap. To be paired with a pause of the
   * node's network; `resume` ends it, and `paused` is true until then.
   */
  suspend(): void {
    this.#paused = true;
    this.#suspendedSinceMs ??= this.#scheduler.nowMs;
  }

  /** What came due meanwhile happens now, late and in order, ahead of anything newer. */
  resume(): void {
    this.#paused = false;
    this.#drainLater();
    this.#endSuspend();
  }

  /** The wall clock is set, either way; the monotonic clock and the timers take no notice. */
  jumpWallMicros(delta: number): void {
    this.#wallOffsetMicros += delta;
  }

  /**
   * From now on both clocks run at `rate`, 1 being true time; neither jumps. Timers that are
   * running come when the clock shows their time, or later.
   */
  setClockRate(rate: number): void {
    assert(rate > 0, 'a clock goes forward');
    this.#clockOffsetMs = this.#monotonicMs() - this.#scheduler.nowMs * rate;
    this.#clockRate = rate;
    this.#circumstances.rateChanges += 1;
  }

  #monotonicMs(): number {
    return this.#scheduler.nowMs * this.#clockRate + this.#clockOffsetMs;
  }

  #add(delayMs: number, callback: () => void, dueMs: number | null): Timer {
    const appointment = new Appointment(this.#arrive, callback, dueMs, this.#circumstances);
    this.#scheduler.add(delayMs, appointment);
    return appointment;
  }

  readonly #arrive = (appointment: Appointment): void => {
    if (appointment.incarnation !== this.#circumstances.incarnation) return;
    if (this.#suspendedSinceMs !== null) this.#held.push(appointment);
    else if (this.#isEarly(appointment)) return;
    else if (this.#paused || this.#waiting.length > 0) this.#waiting.push(appointment);
    else appointment.callback();
  };

  /** Puts it off when the machine was suspended, or its clock slowed down, since it was made. */
  #isEarly(appointment: Appointment): boolean {
    const { suspendedMs, rateChanges } = this.#circumstances;
    let delayMs = suspendedMs - appointment.suspendedMs;
    if (delayMs > 0) {
      appointment.suspendedMs = suspendedMs;
    } else if (appointment.rateChanges !== rateChanges && appointment.dueMs !== null) {
      appointment.rateChanges = rateChanges;
      delayMs = Math.max(0, appointment.dueMs - this.#monotonicMs()) / this.#clockRate;
    }
    if (delayMs > 0) this.#scheduler.add(delayMs, appointment);
    return delayMs > 0;
  }

  #drainLater(): void {
    const { incarnation } = this.#circumstances;
    this.#scheduler.schedule(0, () => {
      if (incarnation !== this.#circumstances.incarnation || this.#paused) return;
      const appointment = this.#waiting.shift();
      if (appointment === undefined) return;
      if (!appointment.isCancelled) appointment.callback();
      this.#drainLater();
    });
  }

  #endSuspend(): void {
    const sinceMs = this.#suspendedSinceMs;
    if (sinceMs === null) return;
    const before = this.#circumstances.suspendedMs;
    this.#circumstances.suspendedMs = before + this.#scheduler.nowMs - sinceMs;
    this.#suspendedSinceMs = null;
    const held = this.#held;
    this.#held = [];
    for (const appointment of held) {
      const missedMs = before - appointment.suspendedMs + (appointment.atMs - sinceMs);
      appointment.suspendedMs = this.#circumstances.suspendedMs;
      this.#scheduler.add(missedMs, appointment);
    }
  }
}

/** Seeded, so that identities are the same in every run of a seed. */
export function seededCrypto(prng: Prng): Crypto {
  return {
    randomBytes: (count) => Uint8Array.from({ length: count }, () => prng.below(256)),
    // Nothing in the simulator rests on its strength; it only has to tell inputs apart.
    sha256: () => {
      const out = new Uint8Array(32);
      let length = 0;
      return {
        update: (bytes) => {
          for (const byte of bytes) {
            const at = length % 32;
            out[at] = ((out[at] as number) * 31 + byte + length) & 0xff;
            length += 1;
          }
        },
        digest: () => out,
      };
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

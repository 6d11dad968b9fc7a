/**
 * The moments of events: the entry's time, and a nanosecond for each event; never twice, and never
 * back, whatever the leader's clock does. Micro- and nanoseconds apart, for together they are more
 * than a number holds exactly.
 */
export class Timeline {
  #lastMicros = 0;
  #lastNanos = 0;
  #micros = 0;
  #nanos = 0;

  /** Of the first event of the batch: whole microseconds, and 0 to 999 nanoseconds. */
  get micros(): number {
    return this.#micros;
  }

  /** What is added to it for an event may make it more than 999. */
  get nanos(): number {
    return this.#nanos;
  }

  /** In nanoseconds since the epoch. */
  get base(): bigint {
    return BigInt(this.#micros) * 1000n + BigInt(this.#nanos);
  }

  get last(): bigint {
    return BigInt(this.#lastMicros) * 1000n + BigInt(this.#lastNanos);
  }

  /** Of the last event so far: whole microseconds since the epoch. */
  get lastMicros(): number {
    return this.#lastMicros;
  }

  /** @param micros the entry's time, as its leader gave it */
  begin(micros: number): void {
    if (micros > this.#lastMicros) {
      this.#micros = micros;
      this.#nanos = 0;
    } else {
      this.#micros = this.#lastMicros;
      this.#nanos = this.#lastNanos;
      this.#add(1);
    }
  }

  /** The next `count` moments are used up; the base stands behind them. */
  take(count: number): void {
    if (count === 0) return;
    this.#add(count - 1);
    this.#lastMicros = this.#micros;
    this.#lastNanos = this.#nanos;
    this.#add(1);
  }

  /** Goes on after `last`, in nanoseconds since the epoch. */
  restore(last: bigint): void {
    this.#lastMicros = Number(last / 1000n);
    this.#lastNanos = Number(last % 1000n);
  }

  #add(nanos: number): void {
    const sum = this.#nanos + nanos;
    this.#micros += Math.floor(sum / 1000);
    this.#nanos = sum % 1000;
  }
}

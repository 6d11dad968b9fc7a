import { assert, type Clock } from '@quorate/base';

/** What has been saved up while nothing was sent may leave at once. */
const burstMs = 250;

/**
 * A token bucket: bytes may leave while the account is not overdrawn, so that what is larger than
 * the bucket leaves too, and what follows it waits the longer.
 */
export class SendRate {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  /** Null: there is no limit. */
  readonly #bytesPerMs: number | null;
  #balance: number;
  #atMs: number;

  /** @param bytesPerSecond null: no limit */
  constructor(clock: Pick<Clock, 'monotonicMs'>, bytesPerSecond: number | null) {
    assert(bytesPerSecond === null || bytesPerSecond > 0, 'a rate is positive');
    this.#clock = clock;
    this.#bytesPerMs = bytesPerSecond === null ? null : bytesPerSecond / 1000;
    this.#balance = (this.#bytesPerMs ?? 0) * burstMs;
    this.#atMs = clock.monotonicMs();
  }

  /** @returns how long to wait before more may leave; 0: it may now */
  get waitMs(): number {
    if (this.#bytesPerMs === null) return 0;
    this.#refill(this.#bytesPerMs);
    return this.#balance > 0 ? 0 : Math.floor(-this.#balance / this.#bytesPerMs) + 1;
  }

  spend(bytes: number): void {
    if (this.#bytesPerMs === null) return;
    this.#refill(this.#bytesPerMs);
    this.#balance -= bytes;
  }

  #refill(bytesPerMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    const saved = this.#balance + (nowMs - this.#atMs) * bytesPerMs;
    this.#balance = Math.min(saved, burstMs * bytesPerMs);
    this.#atMs = nowMs;
  }
}

/** Allows a burst, then so many a second. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perMs: number;
  #tokens: number;
  #filledAtMs = 0;

  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
    this.#tokens = burst;
  }

  /** @returns false when there was none */
  take(nowMs: number): boolean {
    const filled = this.#tokens + (nowMs - this.#filledAtMs) * this.#perMs;
    this.#filledAtMs = nowMs;
    this.#tokens = Math.min(this.#burst, filled) - 1;
    return this.#tokens >= 0;
  }

  give(tokens: number): void {
    this.#tokens += tokens;
  }
}

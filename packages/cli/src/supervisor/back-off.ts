export interface BackOffLimits {
  readonly firstMs: number;
  readonly longestMs: number;
  /** A process that lived this long is healthy again: its next wait is the first one. */
  readonly healthyAfterMs: number;
}

export const defaultBackOff: BackOffLimits = {
  firstMs: 1000,
  longestMs: 10_000,
  healthyAfterMs: 30_000,
};

/** How long to wait before each restart: doubling, with an end. */
export class BackOff {
  readonly #limits: BackOffLimits;
  #nextMs: number;

  constructor(limits: BackOffLimits) {
    this.#limits = limits;
    this.#nextMs = limits.firstMs;
  }

  /** @param livedMs how long the process that has just ended had run */
  delayMs(livedMs: number): number {
    if (livedMs >= this.#limits.healthyAfterMs) this.#nextMs = this.#limits.firstMs;
    const delayMs = this.#nextMs;
    this.#nextMs = Math.min(delayMs * 2, this.#limits.longestMs);
    return delayMs;
  }
}

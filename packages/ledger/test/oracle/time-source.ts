import type { Prng } from '@quorate/base';

const secondMicros = 1_000_000;

/** Draws the times of entries, which strictly increase. */
export class TimeSource {
  readonly #prng: Prng;
  readonly #hasWholeSeconds: boolean;
  #micros = 1_700_000_000_000_000;

  /** @param hasWholeSeconds what was reserved whole seconds apart may expire at the same moment */
  constructor(prng: Prng, hasWholeSeconds: boolean) {
    this.#prng = prng;
    this.#hasWholeSeconds = hasWholeSeconds;
  }

  /** Mostly so little time that timestamps come close, at times seconds, seldom hours. */
  next(): number {
    const prng = this.#prng;
    const kind = prng.below(100);
    let step = 1;
    if (kind >= 45) step = prng.between(1, 5000);
    if (kind >= 75) step = prng.between(secondMicros / 10, secondMicros);
    if (kind >= 90) step = prng.between(secondMicros, 6 * secondMicros);
    if (kind >= 98) step = prng.between(3600, 86_400) * secondMicros;
    if (this.#hasWholeSeconds && prng.chance(0.05)) step = prng.between(1, 3) * secondMicros;
    this.#micros += step;
    return this.#micros;
  }

  /** As soon after the last one as can be. */
  atOnce(): number {
    return ++this.#micros;
  }
}

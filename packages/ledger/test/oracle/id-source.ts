import type { Prng } from '@quorate/base';
import { maxUint128 } from '../../src/model/limits.ts';
import { drawBits } from './draw-numbers.ts';

const freshStyles = ['run', 'run', 'run', 'nearRun', 'byTime', 'random'] as const;
type Style = (typeof freshStyles)[number] | 'few';

/** Ids as clients choose them: in runs, nearly in runs, by time, at random, or from a few. */
export class IdSource {
  readonly #prng: Prng;
  #style: Style = 'run';
  #last: bigint;
  #time = 1_700_000_000_000n;

  constructor(prng: Prng) {
    this.#prng = prng;
    this.#last = BigInt(prng.between(100, 1000));
  }

  /** The next ids are chosen in another way, perhaps from another start. */
  changeStyle(isFresh = false): void {
    const isFew = !isFresh && this.#prng.chance(0.06);
    this.#style = isFew ? 'few' : this.#prng.pick(freshStyles);
    // Not below 2^53 only: runs that cross the middle of the 128 bits find a carry that is lost.
    if (this.#prng.chance(0.05)) this.#last = drawBits(this.#prng, this.#prng.pick([40, 64, 127]));
    if (this.#prng.chance(0.02)) this.#last = 2n ** 64n - BigInt(this.#prng.between(1, 20));
  }

  /** Neither 0 nor the largest; seldom one that was drawn before. */
  next(): bigint {
    const id = this.#draw();
    return id > 0n && id < maxUint128 ? id : 1n;
  }

  #draw(): bigint {
    const prng = this.#prng;
    switch (this.#style) {
      case 'run':
        this.#last += 1n;
        return this.#last;
      case 'nearRun':
        this.#last += BigInt(prng.between(1, 4));
        return prng.chance(0.1) ? this.#last - BigInt(prng.between(1, 6)) : this.#last;
      case 'byTime':
        this.#time += BigInt(prng.below(3));
        return (this.#time << 80n) | drawBits(prng, 80);
      case 'random':
        return drawBits(prng, 128);
      case 'few':
        return BigInt(prng.between(1, 90));
    }
  }
}

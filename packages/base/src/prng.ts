import { assert } from './assert.ts';

/**
 * A seeded source of randomness (sfc32, Chris Doty-Humphrey): the same seed gives the same sequence
 * on every machine. Not for secrets.
 */
export class Prng {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param seed a safe integer, 0 to 2^53 - 1 */
  constructor(seed: number) {
    assert(Number.isSafeInteger(seed) && seed >= 0, 'a seed is an integer from 0 to 2^53 - 1');
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / 2 ** 32) >>> 0;
    this.#c = 0x9e3779b9;
    // sfc32 needs some rounds before seeds that differ in one bit give unrelated sequences.
    for (let round = 0; round < 16; round++) this.uint32();
  }

  /** @returns an integer from 0 to 2^32 - 1 */
  uint32(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  /** @returns a number in [0, 1) with 53 random bits */
  float(): number {
    return ((this.uint32() >>> 5) * 2 ** 26 + (this.uint32() >>> 6)) / 2 ** 53;
  }

  /** @returns an integer in [0, bound) */
  below(bound: number): number {
    return Math.floor(this.float() * bound);
  }

  /** @returns an integer in [low, high], both included */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** @returns true with the given probability */
  chance(probability: number): boolean {
    return this.float() < probability;
  }

  pick<T>(items: readonly T[]): T {
    assert(items.length > 0, 'pick needs at least one item');
    return items[this.below(items.length)] as T;
  }

  shuffle<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [out[i], out[j]] = [out[j] as T, out[i] as T];
    }
    return out;
  }

  /** @returns an independent source, so that one consumer's draws do not shift another's */
  fork(): Prng {
    return new Prng(Math.floor(this.float() * 2 ** 53));
  }
}

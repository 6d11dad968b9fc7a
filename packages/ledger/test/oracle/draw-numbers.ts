import type { Prng } from '@quorate/base';
import { maxUint128 } from '../../src/model/limits.ts';

/** So many random bits, 1 to 128. */
export function drawBits(prng: Prng, bits: number): bigint {
  let value = 0n;
  for (let have = 0; have < bits; have += 32) value = (value << 32n) | BigInt(prng.uint32());
  return value & ((1n << BigInt(bits)) - 1n);
}

/** From 0 to `bound` - 1. */
export function drawBelow(prng: Prng, bound: bigint): bigint {
  return drawBits(prng, 128) % bound;
}

const edges = [2n ** 31n, 2n ** 32n, 2n ** 52n, 2n ** 53n, 2n ** 63n, 2n ** 64n];

/** Mostly small, at times about a width at which a number could be cut. */
export function drawAmount(prng: Prng): bigint {
  const kind = prng.below(100);
  if (kind < 60) return BigInt(prng.between(1, 100));
  if (kind < 75) return BigInt(prng.between(1, 1_000_000));
  if (kind < 95) return prng.pick(edges) + BigInt(prng.between(-2, 2));
  return 1n + drawBits(prng, prng.between(1, 100));
}

const ends = [2n ** 126n, 2n ** 127n - 1n, 2n ** 127n, 2n ** 127n + 1n, maxUint128 - 1n];

/** Amounts of which two or three are more than 128 bits hold. */
export function drawHugeAmount(prng: Prng): bigint {
  const kind = prng.below(100);
  if (kind < 70) return prng.pick(ends);
  if (kind < 80) return maxUint128;
  return 1n + drawBits(prng, prng.pick([1, 64, 120, 127]));
}

/** Mostly 0, which stands for left out; otherwise few values, of which the largest is one. */
export function drawUserData(prng: Prng, bits: number): bigint {
  const kind = prng.below(10);
  if (kind < 6) return 0n;
  if (kind < 8) return BigInt(prng.between(1, 3));
  return kind < 9 ? (1n << BigInt(bits)) - 1n : drawBits(prng, bits);
}

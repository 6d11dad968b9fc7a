import { assert } from '@quorate/base';

/**
 * Numbers of 128 bits as four unsigned 32-bit lanes, the low lane first, somewhere in a
 * Uint32Array: `lanes` and `at`, the place of the low lane, stand for a number. That way no number
 * is an object. A bigint is made at the edges only.
 */
const uint128Lanes = 4;

const twoTo32 = 2 ** 32;

/** @returns the number at `at` */
export function readUint128(lanes: Uint32Array, at: number): bigint {
  return (
    BigInt(lanes[at] as number) |
    (BigInt(lanes[at + 1] as number) << 32n) |
    (BigInt(lanes[at + 2] as number) << 64n) |
    (BigInt(lanes[at + 3] as number) << 96n)
  );
}

/** @param value 0 to 2^128 - 1 */
export function writeUint128(lanes: Uint32Array, at: number, value: bigint): void {
  assert(value >= 0n && value >> 128n === 0n, 'a number of 128 bits is from 0 to 2^128 - 1');
  lanes[at] = Number(value & 0xffff_ffffn);
  lanes[at + 1] = Number((value >> 32n) & 0xffff_ffffn);
  lanes[at + 2] = Number((value >> 64n) & 0xffff_ffffn);
  lanes[at + 3] = Number(value >> 96n);
}

/** @returns below 0: the first is less; 0: they are equal; above 0: the first is greater */
export function compareUint128(
  first: Uint32Array,
  firstAt: number,
  second: Uint32Array,
  secondAt: number,
): number {
  for (let lane = uint128Lanes - 1; lane >= 0; lane--) {
    const a = first[firstAt + lane] as number;
    const b = second[secondAt + lane] as number;
    if (a !== b) return a < b ? -1 : 1;
  }
  return 0;
}

/** Whether both are the same number. */
export function equalUint128(
  first: Uint32Array,
  firstAt: number,
  second: Uint32Array,
  secondAt: number,
): boolean {
  return (
    first[firstAt] === second[secondAt] &&
    first[firstAt + 1] === second[secondAt + 1] &&
    first[firstAt + 2] === second[secondAt + 2] &&
    first[firstAt + 3] === second[secondAt + 3]
  );
}

/**
 * Adds to the number in place.
 *
 * @param amount an integer from 0 to 2^53 - 1
 * @returns whether the sum is 2^128 or more; what is left in the lanes is then the sum less 2^128
 */
export function addSmallToUint128(lanes: Uint32Array, at: number, amount: number): boolean {
  let sum = (lanes[at] as number) + (amount >>> 0);
  lanes[at] = sum;
  sum = (lanes[at + 1] as number) + Math.floor(amount / twoTo32) + (sum >= twoTo32 ? 1 : 0);
  lanes[at + 1] = sum;
  sum = (lanes[at + 2] as number) + (sum >= twoTo32 ? 1 : 0);
  lanes[at + 2] = sum;
  sum = (lanes[at + 3] as number) + (sum >= twoTo32 ? 1 : 0);
  lanes[at + 3] = sum;
  return sum >= twoTo32;
}

/** Whether the number is 0. */
export function isZeroUint128(lanes: Uint32Array, at: number): boolean {
  return (
    ((lanes[at] as number) |
      (lanes[at + 1] as number) |
      (lanes[at + 2] as number) |
      (lanes[at + 3] as number)) ===
    0
  );
}

/** Whether the number is 2^128 - 1. */
export function isMaxUint128(lanes: Uint32Array, at: number): boolean {
  return (
    ((lanes[at] as number) &
      (lanes[at + 1] as number) &
      (lanes[at + 2] as number) &
      (lanes[at + 3] as number)) ===
    -1
  );
}

/**
 * A hash of which every bit depends on every bit of the number, the same on every machine. The
 * lanes may be signed or not: only their bits count.
 *
 * @param seed 32 bits. Whoever knows it can choose numbers that collide.
 * @returns a signed 32-bit integer, which V8 never has to put on the heap
 */
export function hashUint128(
  lane0: number,
  lane1: number,
  lane2: number,
  lane3: number,
  seed: number,
): number {
  // Each step is a bijection of the hash for a given lane and of the lane for a given hash, so
  // numbers that differ in one lane never collide before the next one is looked at.
  let hash = Math.imul(seed ^ lane0 ^ 0x5bd1_e995, 0x9e37_79b1);
  hash = Math.imul(hash ^ (hash >>> 15) ^ lane1, 0x85eb_ca77);
  hash = Math.imul(hash ^ (hash >>> 13) ^ lane2, 0xc2b2_ae3d);
  hash = Math.imul(hash ^ (hash >>> 16) ^ lane3, 0x27d4_eb2f);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a_2d39);
  return hash ^ (hash >>> 15);
}

import { assert } from '@quorate/base';

/*
 * Numbers of 128 bits as four unsigned 32-bit lanes, the low lane first, somewhere in a
 * Uint32Array: `lanes` and `at`, the place of the low lane, stand for a number. That way no number
 * is an object. A bigint is made at the edges only.
 */

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

/** Exact below 2^53, the nearest that there is above. */
export function numberFromLanes(lanes: Uint32Array, at: number): number {
  const high = (lanes[at + 3] as number) * 2 ** 96 + (lanes[at + 2] as number) * 2 ** 64;
  return high + ((lanes[at + 1] as number) * 2 ** 32 + (lanes[at] as number));
}

/** How many bytes the number needs, 0 to 16. */
export function bytesInLanes(lanes: Uint32Array, at: number): number {
  for (let lane = 3; lane >= 0; lane--) {
    const bits = 32 - Math.clz32(lanes[at + lane] as number);
    if (bits > 0) return lane * 4 + ((bits + 7) >> 3);
  }
  return 0;
}

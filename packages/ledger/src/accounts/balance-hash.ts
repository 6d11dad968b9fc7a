import { present } from '@quorate/base';
import {
  type AccountChunk,
  balanceKinds,
  chunkMask,
  chunkShift,
  flagsWord,
  lastTransferNumber,
  numbersShift,
  wordsShift,
} from './account-chunk.ts';

/** Which of the two words of a number in memory has its sign and exponent: 1, little-endian. */
const highHalf = new Uint32Array(new Float64Array([2]).buffer)[0] === 0 ? 1 : 0;
const lowHalf = 1 - highHalf;

/** Of the two words of the last transfer the first. */
const lastWord = lastTransferNumber * 2;

/** The upper word of NaN, whatever its sign, is this or more; that of a balance is less. */
const nanHigh = 0x7ff0_0000;

/**
 * A hash of the four balances, the flags and the last transfers of accounts, from `fromSlot` up to,
 * not including, `toSlot`. Within an account each part is multiplied apart and added, so that a
 * processor works on several at a time; the chain from account to account makes the order count.
 *
 * Balances are taken by their bits, which spares a conversion for each and are the same on every
 * machine: none is a negative zero, and NaN, which has many forms, is looked up.
 *
 * @param wide the balances that are NaN in the chunks, by `slot * 4 + kind`
 * @returns 32 bits, unsigned
 */
export function hashBalances(
  chunks: readonly AccountChunk[],
  wide: ReadonlyMap<number, bigint>,
  fromSlot: number,
  toSlot: number,
): number {
  let hash = 0x811c_9dc5 ^ (toSlot - fromSlot);
  for (let slot = fromSlot; slot < toSlot; ) {
    const chunk = chunks[slot >>> chunkShift] as AccountChunk;
    const end = Math.min(toSlot, (slot | chunkMask) + 1);
    const { words } = chunk;
    for (; slot < end; slot++) {
      const at = (slot & chunkMask) << wordsShift;
      const low0 = words[at + lowHalf] as number;
      const high0 = words[at + highHalf] as number;
      const low1 = words[at + 2 + lowHalf] as number;
      const high1 = words[at + 2 + highHalf] as number;
      const low2 = words[at + 4 + lowHalf] as number;
      const high2 = words[at + 4 + highHalf] as number;
      const low3 = words[at + 6 + lowHalf] as number;
      const high3 = words[at + 6 + highHalf] as number;
      let sum = Math.imul((words[at + flagsWord] as number) + 1, 0x9e37_79b1);
      sum = (sum + Math.imul(words[at + lastWord + lowHalf] as number, 0x3d4d_51cb)) | 0;
      sum = (sum + Math.imul(words[at + lastWord + highHalf] as number, 0x2545_f491)) | 0;
      if (high0 < nanHigh && high1 < nanHigh && high2 < nanHigh && high3 < nanHigh) {
        sum = (sum + Math.imul(low0, 0x85eb_ca6b)) | 0;
        sum = (sum + Math.imul(low1, 0xc2b2_ae35)) | 0;
        sum = (sum + Math.imul(low2, 0x27d4_eb2d)) | 0;
        sum = (sum + Math.imul(low3, 0x1656_67b1)) | 0;
        sum = (sum + Math.imul(high0 ^ (high0 >>> 16), 0x68e3_1da5)) | 0;
        sum = (sum + Math.imul(high1 ^ (high1 >>> 16), 0x1b56_c4e9)) | 0;
        sum = (sum + Math.imul(high2 ^ (high2 >>> 16), 0x5ac6_35d9)) | 0;
        sum = (sum + Math.imul(high3 ^ (high3 >>> 16), 0x7feb_352d)) | 0;
      } else {
        sum = (sum + hashWithWide(chunk, wide, slot)) | 0;
      }
      hash = Math.imul(hash ^ sum ^ (sum >>> 15), 0x2c1b_3c6d);
      hash ^= hash >>> 15;
    }
  }
  return hash >>> 0;
}

/** Of an account with a balance that is wide: slower, and another hash. */
function hashWithWide(
  { numbers }: AccountChunk,
  wide: ReadonlyMap<number, bigint>,
  slot: number,
): number {
  const at = (slot & chunkMask) << numbersShift;
  let hash = 0x3c6e_f372;
  for (let kind = 0; kind < balanceKinds; kind++) {
    const value = numbers[at + kind] as number;
    let rest = Number.isNaN(value)
      ? present(wide.get(slot * balanceKinds + kind), 'a wide balance has a value')
      : BigInt(value);
    for (let lane = 0; lane < 4; lane++) {
      hash = Math.imul(hash ^ Number(rest & 0xffff_ffffn), 0x85eb_ca6b);
      hash ^= hash >>> 13;
      rest >>= 32n;
    }
  }
  return hash;
}

import {
  type AccountChunk,
  chunkMask,
  chunkShift,
  flagsWord,
  wordsShift,
} from './account-chunk.ts';

/** With fewer accounts, nearly all of them are in a cache anyway. */
export const leastAccountsToWarm = 100_000;

/** Rows to be looked at together: what they name, 32 KiB, has room in the smallest cache. */
export const rowsWarmedTogether = 256;

/** Takes what nobody needs: a compiler could leave out to look at things for nothing. */
const seen = new Int32Array(1);

/**
 * Looks at the accounts that some rows of a batch name, before they are worked on. A loop that does
 * nothing else has many of them on the way from memory at a time, where one that works on an
 * account after the other waits for each.
 *
 * @param slots two columns; a slot below 0 is none
 * @param from the first row; `end` is behind the last
 */
export function warmAccounts(
  chunks: readonly AccountChunk[],
  slots: readonly [Int32Array, Int32Array],
  from: number,
  end: number,
): void {
  const [debits, credits] = slots;
  let sum = 0;
  for (let row = from; row < end; row++) {
    const debit = debits[row] as number;
    const credit = credits[row] as number;
    if (debit < 0 || credit < 0) continue;
    const debitWords = (chunks[debit >>> chunkShift] as AccountChunk).words;
    const creditWords = (chunks[credit >>> chunkShift] as AccountChunk).words;
    sum += debitWords[((debit & chunkMask) << wordsShift) + flagsWord] as number;
    sum += creditWords[((credit & chunkMask) << wordsShift) + flagsWord] as number;
    sum |= 0;
  }
  seen[0] = sum;
}

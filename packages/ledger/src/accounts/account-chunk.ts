/**
 * How accounts lie in memory. An account's slot says where: chunk `slot >>> chunkShift`, place
 * `slot & chunkMask` in it. Chunks are allocated as needed and never move, so growth copies
 * nothing, and a hot loop may keep the arrays of a chunk.
 *
 * A chunk has one record of 64 bytes an account for what a transfer looks at, which is one line of
 * a processor's cache if it begins with one, and one of 40 bytes for the rest. The first is seen
 * through two arrays over the same bytes, each field through one of them (but see balance-hash):
 *
 *     numbers[place * 8 + ...]   words[place * 16 + ...]   details[place * 10 + ...]
 *       0 debitsPending            10 flags                  0 userData128, 4 lanes
 *       1 debitsPosted             11 ledger                 4 userData64, 2 lanes
 *       2 creditsPending           12 id, 4 lanes            6 timestamp, 2 lanes
 *       3 creditsPosted                                      8 userData32
 *       4 lastTransfer                                       9 code + 2^16 * flags when created
 *
 * Lanes are 32 bits each, the low one first. A balance below 2^53 is the number itself; one from
 * there on is *wide*: NaN here, and known to the store, see `AccountStore.balance`.
 */
export interface AccountChunk {
  readonly numbers: Float64Array;
  readonly words: Uint32Array;
  readonly details: Uint32Array;
}

export const chunkShift = 14;
export const accountsPerChunk = 1 << chunkShift;
export const chunkMask = accountsPerChunk - 1;

/** `place << numbersShift` is where an account begins in `numbers`. */
export const numbersShift = 3;
export const lastTransferNumber = 4;

/** `place << wordsShift` is where an account begins in `words`. */
export const wordsShift = 4;
export const wordsPerAccount = 1 << wordsShift;
export const flagsWord = 10;
export const ledgerWord = 11;
export const idWord = 12;

export const detailsPerAccount = 10;
export const userData128Detail = 0;
export const userData64Detail = 4;
export const timestampDetail = 6;
export const userData32Detail = 8;
export const codeDetail = 9;

/** The four balances of an account, by their place in `numbers`. */
export const BalanceKind = {
  debitsPending: 0,
  debitsPosted: 1,
  creditsPending: 2,
  creditsPosted: 3,
} as const;

/** 0 to 3, see the constant. */
export type BalanceKind = (typeof BalanceKind)[keyof typeof BalanceKind];

/** The number of kinds of balances. */
export const balanceKinds = 4;

/** The first balance that is wide, and not the number itself in `numbers`. */
export const firstWide = 2 ** 53;

const recordBytes = wordsPerAccount * 4;

/** Large blocks of malloc begin 16 bytes after a page does: so records begin with cache lines. */
const leadBytes = 48;

/** @returns an empty chunk; the system gives it memory as it is written to */
export function newAccountChunk(): AccountChunk {
  const records = new ArrayBuffer(leadBytes + accountsPerChunk * recordBytes);
  return {
    numbers: new Float64Array(records, leadBytes),
    words: new Uint32Array(records, leadBytes),
    details: new Uint32Array(accountsPerChunk * detailsPerAccount),
  };
}

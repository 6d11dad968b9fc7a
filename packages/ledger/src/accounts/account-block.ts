import {
  type AccountChunk,
  balanceKinds,
  chunkMask,
  codeDetail,
  detailsPerAccount,
  idWord,
  ledgerWord,
  wordsPerAccount,
} from './account-chunk.ts';
import { columnHeadBytes } from './lane-column.ts';

/**
 * Accounts in a snapshot: blocks of 4,096, the last one of what remains, in the order of slots; no
 * blocks when there are no accounts. All little-endian.
 *
 *     version:u8 (1)  firstSlot:u32  count:u16 (1 to 4,096)
 *     columns, each as `writeLaneColumn` says, with one value an account; of numbers wider than
 *       32 bits one column a lane, the low one first:
 *         id (4)  ledger  userData128 (4)  userData64 (2)  timestamp (2)  userData32
 *         code + 2^16 * flags when created
 *         debitsPending (2)  debitsPosted (2)  creditsPending (2)  creditsPosted (2)
 *         lastTransfer + 1 (2)  flags
 *     wideCount:u32, then that many: cell:u32  value, 16 bytes
 *       balances of 2^53 and more, which are 0 in their columns; the cell is 4 times the place in
 *       the block plus the kind, and grows
 *
 * Equal accounts have equal blocks. A block is 0.8 MB at most, and about 40 bytes an account where
 * ids are random and most user data is not used. Nothing in it says that a bit was flipped: a
 * checksum is for who stores it.
 */
export const blockVersion = 1;
/** `slot >>> blockShift` is the number of an account's block. */
export const blockShift = 12;
export const accountsPerBlock = 1 << blockShift;
export const blockHeadBytes = 7;
export const wideBytes = 20;

/** Columns that never change: those of an account's words, then those of its details. */
const wordColumns = [idWord, idWord + 1, idWord + 2, idWord + 3, ledgerWord];

/** Columns that do, by their place in scratch memory: two lanes for each number, then flags. */
export const lastTransferColumn = balanceKinds * 2;
export const flagsColumn = lastTransferColumn + 2;
export const changingColumns = flagsColumn + 1;

const columns = wordColumns.length + codeDetail + 1 + changingColumns;

export const mostBlockBytes =
  blockHeadBytes +
  columns * (columnHeadBytes + 4 * accountsPerBlock) +
  4 +
  accountsPerBlock * balanceKinds * wideBytes;

/** @returns how many blocks so many accounts fill, the last one perhaps in part */
export function blocksOf(accounts: number): number {
  return Math.ceil(accounts / accountsPerBlock);
}

/** Calls `visit` for each column that never changes, in order, with where its values are. */
export function forEachFixedColumn(
  { words, details }: AccountChunk,
  firstSlot: number,
  visit: (lanes: Uint32Array, from: number, stride: number) => void,
): void {
  const place = firstSlot & chunkMask;
  for (const word of wordColumns) visit(words, place * wordsPerAccount + word, wordsPerAccount);
  for (let detail = 0; detail <= codeDetail; detail++) {
    visit(details, place * detailsPerAccount + detail, detailsPerAccount);
  }
}

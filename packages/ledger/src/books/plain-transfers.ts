import {
  chunkMask,
  chunkShift,
  firstWide,
  flagsWord,
  lastTransferNumber,
  ledgerWord,
  numbersShift,
  wordsShift,
} from '../accounts/account-chunk.ts';
import {
  leastAccountsToWarm,
  rowsWarmedTogether,
  warmAccounts,
} from '../accounts/warm-accounts.ts';
import { AccountFlag } from '../model/account.ts';
import { maxBatchEvents } from '../model/limits.ts';
import { farLink, LaneColumn } from '../transfers/transfer-chunk.ts';
import { unusedId } from '../transfers/transfer-ids.ts';
import type { BooksState } from './books-state.ts';
import type { TransferRows } from './transfer-rows.ts';

const { debitsMustNotExceedCredits, creditsMustNotExceedDebits } = AccountFlag;
/** Accounts with these need more than a sum. */
const special = AccountFlag.history | AccountFlag.closed;

/**
 * The way that nearly all transfers go, without a bigint or an object: transfers without
 * flags, with unused ids, between accounts whose balances are below 2^53. It carries
 * out what it can and leaves alone the first row that is more than that.
 *
 * Ids, rows and moments are added for many rows at a time, by `flush`.
 */
export class PlainTransfers {
  readonly #state: BooksState;
  readonly #rows: TransferRows;
  /** Rows of the batch from here on are carried out, but not yet in the store. */
  #from = 0;
  /** Of the rows below it, ids are marked; their accounts are in the cache, or not worth it. */
  #aheadEnd = 0;
  /** What `TransferIds` has found for the ids of the batch. */
  readonly #idMarks = new Uint8Array(maxBatchEvents);

  constructor(state: BooksState, rows: TransferRows) {
    this.#state = state;
    this.#rows = rows;
  }

  /**
   * @param isRun the ids of the batch follow each other, and all are unused
   * @returns the first row, `from` or after it, that it did not carry out; `count`: none
   */
  run(from: number, count: number, isRun: boolean): number {
    this.#from = from;
    if (from === 0) {
      this.#aheadEnd = 0;
      if (!isRun) this.#state.ids.markStored(this.#rows.ids, count, this.#idMarks);
    }
    const { accounts, transfers } = this.#state;
    const { chunks } = accounts;
    const { debitSlots, creditSlots, amounts, ledgers, codes } = this.#rows;
    const { debitLinks, creditLinks } = transfers.open;
    let at = transfers.open.count;
    let position = transfers.count;
    let row = from;
    for (; row < count; row++, at++, position++) {
      if (row >= this.#aheadEnd) this.#lookAhead(row, count, isRun);
      const debit = debitSlots[row] as number;
      const credit = creditSlots[row] as number;
      const amount = amounts[row] as number;
      const ledger = ledgers[row] as number;
      // A wide amount is NaN, and greater than nothing.
      if (debit < 0 || credit < 0 || debit === credit || !(amount > 0)) break;
      const debitChunk = chunks[debit >>> chunkShift];
      const creditChunk = chunks[credit >>> chunkShift];
      if (debitChunk === undefined || creditChunk === undefined) break;
      const debitWords = debitChunk.words;
      const creditWords = creditChunk.words;
      const debitWord = (debit & chunkMask) << wordsShift;
      const creditWord = (credit & chunkMask) << wordsShift;
      const debitFlags = debitWords[debitWord + flagsWord] as number;
      const creditFlags = creditWords[creditWord + flagsWord] as number;
      if (ledger === 0 || codes[row] === 0 || ((debitFlags | creditFlags) & special) !== 0) break;
      if (debitWords[debitWord + ledgerWord] !== ledger) break;
      if (creditWords[creditWord + ledgerWord] !== ledger) break;
      const debitNumbers = debitChunk.numbers;
      const creditNumbers = creditChunk.numbers;
      const d = (debit & chunkMask) << numbersShift;
      const c = (credit & chunkMask) << numbersShift;
      const posted = (debitNumbers[d + 1] as number) + amount;
      const received = (creditNumbers[c + 3] as number) + amount;
      const debits = (debitNumbers[d] as number) + posted;
      const credits = (creditNumbers[c + 2] as number) + received;
      // A wide balance is NaN, and less than nothing.
      if (!(debits < firstWide && credits < firstWide)) break;
      if (((debitFlags | creditFlags) & 6) !== 0) {
        const exceeds =
          ((debitFlags & debitsMustNotExceedCredits) !== 0 &&
            !(debits <= (debitNumbers[d + 3] as number))) ||
          ((creditFlags & creditsMustNotExceedDebits) !== 0 &&
            !(credits <= (creditNumbers[c + 1] as number)));
        if (exceeds) break;
      }
      const debitBefore = debitNumbers[d + lastTransferNumber] as number;
      const creditBefore = creditNumbers[c + lastTransferNumber] as number;
      const debitBack = debitBefore < 0 ? 0 : position - debitBefore;
      const creditBack = creditBefore < 0 ? 0 : position - creditBefore;
      if (debitBack >= farLink || creditBack >= farLink) break;
      if (!isRun && !this.#takeId(row, position)) break;
      accounts.preserve(debit);
      accounts.preserve(credit);
      debitNumbers[d + 1] = posted;
      creditNumbers[c + 3] = received;
      debitNumbers[d + lastTransferNumber] = position;
      creditNumbers[c + lastTransferNumber] = position;
      debitLinks[at] = debitBack;
      creditLinks[at] = creditBack;
    }
    this.#flush(row, isRun);
    return row;
  }

  /** Looks for the ids of the next rows, all at once, and at their accounts. */
  #lookAhead(row: number, count: number, isRun: boolean): void {
    const { accounts, ids } = this.#state;
    const areFew = accounts.count < leastAccountsToWarm;
    const end = areFew && isRun ? count : Math.min(count, row + rowsWarmedTogether);
    this.#aheadEnd = end;
    const { ids: lanes, debitSlots, creditSlots } = this.#rows;
    if (!areFew) warmAccounts(accounts.chunks, [debitSlots, creditSlots], row, end);
    if (!isRun) ids.mark(lanes, row, end, this.#idMarks);
  }

  /** @returns whether the id was free; then it is taken */
  #takeId(row: number, position: number): boolean {
    const { ids } = this.#state;
    const lanes = this.#rows.ids;
    const l0 = lanes[row * 4] as number;
    const l1 = lanes[row * 4 + 1] as number;
    const l2 = lanes[row * 4 + 2] as number;
    const l3 = lanes[row * 4 + 3] as number;
    if ((l0 | l1 | l2 | l3) === 0 || (l0 & l1 & l2 & l3) === -1) return false;
    if (this.#idMarks[row] === 0) return ids.addMarked(l0, l1, l2, l3, position);
    if (ids.find(l0, l1, l2, l3) !== unusedId) return false;
    ids.add(l0, l1, l2, l3, position);
    return true;
  }

  /** Adds the rows up to `end` to the store. */
  #flush(end: number, isRun: boolean): void {
    const { accounts, transfers, ids, timeline } = this.#state;
    const from = this.#from;
    const count = end - from;
    if (count === 0) return;
    const rows = this.#rows;
    accounts.changed.addSlots(rows.debitSlots, from, end);
    accounts.changed.addSlots(rows.creditSlots, from, end);
    const { open } = transfers;
    const at = open.count;
    const position = transfers.count;
    open.ids.set(rows.unsignedIds.subarray(from * 4, end * 4), at * 4);
    open.debitSlots.set(rows.debitSlots.subarray(from, end), at);
    open.creditSlots.set(rows.creditSlots.subarray(from, end), at);
    open.amounts.set(rows.amounts.subarray(from, end), at);
    open.ledgers.set(rows.ledgers.subarray(from, end), at);
    open.codes.set(rows.codes.subarray(from, end), at);
    open.flags.fill(0, at, at + count);
    open.micros.fill(timeline.micros, at, at + count);
    const { nanos } = open;
    const base = timeline.nanos + from;
    for (let i = 0; i < count; i++) nanos[at + i] = base + i;
    this.#copyUserData(from, end, at);
    open.count += count;
    this.#from = end;
    if (!isRun) return;
    ids.addRun(
      rows.ids[from * 4] as number,
      rows.ids[from * 4 + 1] as number,
      rows.ids[from * 4 + 2] as number,
      rows.ids[from * 4 + 3] as number,
      position,
      count,
    );
  }

  #copyUserData(from: number, end: number, at: number): void {
    const { open } = this.#state.transfers;
    const { userData128, userData64, userData32 } = this.#rows.columns;
    if (!userData32.isZero)
      for (let row = from; row < end; row++)
        open.userData32[at + row - from] = userData32.numberAt(row);
    if (!userData128.isZero) {
      const lanes = open.lanes(LaneColumn.userData128);
      for (let row = from; row < end; row++) userData128.lanesAt(row, lanes, (at + row - from) * 4);
    }
    if (userData64.isZero) return;
    const lanes = open.lanes(LaneColumn.userData64);
    for (let row = from; row < end; row++) {
      userData64.lanesAt(row, scratch);
      lanes.set(scratch.subarray(0, 2), (at + row - from) * 2);
    }
  }
}

const scratch = new Uint32Array(4);

import type { BooksState } from '../books/books-state.ts';
import type { AccountBalance } from '../model/account.ts';
import { NumberColumn } from '../transfers/transfer-chunk.ts';
import { slotOf } from './account-slot.ts';
import { type AccountFilter, checkAccountFilter } from './filters.ts';
import { firstSince } from './position-range.ts';
import type { Scan } from './scan.ts';
import { holds, type TransferCondition, transferConditions } from './transfer-condition.ts';

const recordsPerAdvance = 512;
/** Where the transfer of each has to be looked for. */
const matchesPerAdvance = 64;
/** Until it is known how many chunks are read from the disk for them. */
const firstRecords = 1;
/** A millisecond or two. */
const readsPerAdvance = 4;

/**
 * Finds what the balances of one account with `history` were after each transfer, and after each
 * pending one that expired. User data, code, debits and credits ask for the transfers; an expiry is
 * none, so that a filter with any of them leaves it out. Of an account without `history`: nothing.
 */
export class AccountBalancesScan implements Scan<AccountBalance> {
  readonly #state: BooksState;
  readonly #filter: Required<AccountFilter>;
  readonly #slot: number;
  readonly #conditions: readonly TransferCondition[];
  readonly #asksForTransfers: boolean;
  readonly #results: AccountBalance[] = [];
  /** The newest record in time. */
  readonly #newest: number;
  /** The ordinals that are left to look at, both included. */
  #first = 0;
  #last = -1;
  #recordsAtOnce = firstRecords;

  /** @throws LedgerError LEDGER_FIELD_INVALID */
  constructor(state: BooksState, filter: AccountFilter) {
    this.#state = state;
    this.#filter = checkAccountFilter(filter);
    this.#conditions = transferConditions(this.#filter);
    const { accountId, debits, credits, timestampMin, timestampMax } = this.#filter;
    this.#asksForTransfers = this.#conditions.length > 0 || !debits || !credits;
    this.#slot = slotOf(state, accountId);
    const { history } = state;
    this.#newest = history.newestUntil(history.newestOf(this.#slot), timestampMax);
    if (this.#newest < 0) return;
    const before = history.newestUntil(this.#newest, timestampMin - 1n);
    this.#first = before < 0 ? 0 : history.ordinalOf(before) + 1;
    this.#last = history.ordinalOf(this.#newest);
  }

  get results(): readonly AccountBalance[] {
    return this.#results;
  }

  advance(): boolean {
    if (this.#isDone) return true;
    const { limit } = this.#filter;
    const { history, reads } = this.#state;
    for (const record of this.#nextRecords()) {
      if (this.#results.length === limit) break;
      if (!this.#asksForTransfers || this.#isSought(history.timestampAt(record)))
        this.#results.push(history.balanceAt(record));
    }
    const isCostly = this.#state.reads - reads > readsPerAdvance;
    this.#recordsAtOnce = isCostly
      ? Math.ceil(this.#recordsAtOnce / 2)
      : Math.min(this.#recordsAtOnce * 2, recordsPerAdvance);
    return this.#isDone;
  }

  get #isDone(): boolean {
    return this.#results.length === this.#filter.limit || this.#first > this.#last;
  }

  /** @returns those that are looked at next, in the order of the filter */
  #nextRecords(): readonly number[] {
    const { history } = this.#state;
    const most = this.#asksForTransfers ? matchesPerAdvance : recordsPerAdvance;
    const count = Math.min(most, this.#recordsAtOnce, this.#last - this.#first + 1);
    const newest = this.#filter.reversed ? this.#last : this.#first + count - 1;
    const records: number[] = [];
    let record = history.atOrdinal(this.#newest, newest);
    for (; records.length < count; record = history.before(record)) records.push(record);
    if (this.#filter.reversed) {
      this.#last -= count;
      return records;
    }
    this.#first += count;
    return records.reverse();
  }

  /** Whether it is the moment of a transfer, and that is asked for. */
  #isSought(timestamp: bigint): boolean {
    const { transfers } = this.#state;
    const position = firstSince(transfers, timestamp, transfers.count);
    if (position === transfers.count || transfers.timestamp(position) !== timestamp) return false;
    const chunk = transfers.chunkOf(position);
    const row = transfers.rowOf(position);
    const isDebit = chunk.number(NumberColumn.debitSlot, row) === this.#slot;
    if (!(isDebit ? this.#filter.debits : this.#filter.credits)) return false;
    return this.#conditions.every((condition) => holds(chunk, condition, row));
  }
}

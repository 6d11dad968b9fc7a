import {
  type AccountChunk,
  chunkMask,
  chunkShift,
  codeDetail,
  detailsPerAccount,
  ledgerWord,
  userData32Detail,
  userData64Detail,
  userData128Detail,
  wordsShift,
} from '../accounts/account-chunk.ts';
import type { BooksState } from '../books/books-state.ts';
import type { Account } from '../model/account.ts';
import { writeUint128 } from '../numbers/uint128.ts';
import { accountTimestamp } from './account-timestamp.ts';
import { checkQueryFilter, type QueryFilter } from './filters.ts';
import { firstOf } from './position-range.ts';
import type { Scan } from './scan.ts';

const slotsPerAdvance = 32_768;

/**
 * Finds accounts by user data, ledger, code and time of creation, in the order of their timestamps.
 * Their balances are all of one moment, that of the last call of `advance`.
 */
export class QueryAccountsScan implements Scan<Account> {
  readonly #state: BooksState;
  readonly #filter: Required<QueryFilter>;
  readonly #userData128 = new Uint32Array(4);
  readonly #userData64 = new Uint32Array(4);
  readonly #slots: number[] = [];
  /** Slots that are left to look at: `from` up to, not including, `end`. */
  #from: number;
  #end: number;
  #results: readonly Account[] | null = null;

  /** @throws LedgerError LEDGER_FIELD_INVALID */
  constructor(state: BooksState, filter: QueryFilter) {
    this.#state = state;
    this.#filter = checkQueryFilter(filter);
    const { accounts } = state;
    const { timestampMin, timestampMax, userData128, userData64 } = this.#filter;
    writeUint128(this.#userData128, 0, userData128);
    writeUint128(this.#userData64, 0, userData64);
    const opened = (slot: number): bigint => accountTimestamp(accounts, slot);
    this.#end = firstOf(accounts.count, (slot) => opened(slot) > timestampMax);
    this.#from = firstOf(this.#end, (slot) => opened(slot) >= timestampMin);
  }

  get results(): readonly Account[] {
    return this.#results ?? [];
  }

  advance(): boolean {
    if (this.#results !== null) return true;
    const { limit, reversed } = this.#filter;
    const until = this.#from + Math.min(slotsPerAdvance, this.#end - this.#from);
    const isLast = until === this.#end;
    const count = until - this.#from;
    for (let i = 0; i < count && this.#slots.length < limit; i++) {
      const slot = reversed ? this.#end - 1 - i : this.#from + i;
      if (this.#isSought(slot)) this.#slots.push(slot);
    }
    if (reversed) this.#end -= count;
    else this.#from = until;
    if (!isLast && this.#slots.length < limit) return false;
    this.#results = this.#slots.map((slot) => this.#state.accounts.accountAt(slot));
    return true;
  }

  #isSought(slot: number): boolean {
    const { ledger, code, userData32, userData64, userData128 } = this.#filter;
    const { words, details } = this.#state.accounts.chunks[slot >>> chunkShift] as AccountChunk;
    const place = slot & chunkMask;
    if (ledger !== 0 && words[(place << wordsShift) + ledgerWord] !== ledger) return false;
    const at = place * detailsPerAccount;
    if (code !== 0 && ((details[at + codeDetail] as number) & 0xffff) !== code) return false;
    if (userData32 !== 0 && details[at + userData32Detail] !== userData32) return false;
    return (
      (userData64 === 0n || areAt(details, at + userData64Detail, this.#userData64, 2)) &&
      (userData128 === 0n || areAt(details, at + userData128Detail, this.#userData128, 4))
    );
  }
}

function areAt(details: Uint32Array, at: number, wanted: Uint32Array, count: number): boolean {
  for (let lane = 0; lane < count; lane++) if (details[at + lane] !== wanted[lane]) return false;
  return true;
}

import type { BooksState } from '../books/books-state.ts';
import type { Transfer } from '../model/transfer.ts';
import { checkQueryFilter, type QueryFilter } from './filters.ts';
import { positionsBetween } from './position-range.ts';
import type { Scan } from './scan.ts';
import { transferConditions } from './transfer-condition.ts';
import { TransferReader } from './transfer-reader.ts';
import { TransferSearch } from './transfer-search.ts';

/** Finds transfers by user data, ledger, code and time, in the order of their timestamps. */
export class QueryTransfersScan implements Scan<Transfer> {
  readonly #state: BooksState;
  readonly #search: TransferSearch;
  #reader: TransferReader | null = null;

  /** @throws LedgerError LEDGER_FIELD_INVALID */
  constructor(state: BooksState, filter: QueryFilter) {
    const checked = checkQueryFilter(filter);
    const { timestampMin, timestampMax, limit, reversed } = checked;
    const range = positionsBetween(state.transfers, timestampMin, timestampMax);
    const conditions = transferConditions(checked);
    this.#state = state;
    this.#search = new TransferSearch(state, range, { conditions, sides: null, limit, reversed });
  }

  get results(): readonly Transfer[] {
    return this.#reader?.results ?? [];
  }

  advance(): boolean {
    if (this.#reader !== null) return this.#reader.advance();
    if (this.#search.advance())
      this.#reader = new TransferReader(this.#state, this.#search.positions);
    return false;
  }
}

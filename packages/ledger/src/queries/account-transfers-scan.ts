import type { BooksState } from '../books/books-state.ts';
import type { Transfer } from '../model/transfer.ts';
import { AccountLinks } from './account-links.ts';
import { slotOf } from './account-slot.ts';
import { type AccountFilter, checkAccountFilter } from './filters.ts';
import { positionsBetween } from './position-range.ts';
import type { Scan } from './scan.ts';
import { transferConditions } from './transfer-condition.ts';
import { TransferReader } from './transfer-reader.ts';
import { type Sought, TransferSearch } from './transfer-search.ts';

/** Finds the transfers of one account, in the order of their timestamps. */
export class AccountTransfersScan implements Scan<Transfer> {
  readonly #state: BooksState;
  readonly #sought: Sought;
  /** null: there is no such account. */
  readonly #links: AccountLinks | null = null;
  #search: TransferSearch | null = null;
  #reader: TransferReader | null = null;

  /** @throws LedgerError LEDGER_FIELD_INVALID */
  constructor(state: BooksState, filter: AccountFilter) {
    const checked = checkAccountFilter(filter);
    const { accountId, debits, credits, timestampMin, timestampMax, limit, reversed } = checked;
    const slot = slotOf(state, accountId);
    const sides = { slot, debits, credits };
    const conditions = transferConditions(checked);
    this.#state = state;
    this.#sought = { conditions, sides, limit, reversed };
    if (slot < 0) return;
    const range = positionsBetween(state.transfers, timestampMin, timestampMax);
    // The oldest are found last, so that all have to be found before some can be left out.
    const most = reversed ? limit : Number.POSITIVE_INFINITY;
    this.#links = new AccountLinks(state, range, sides, conditions, most);
  }

  get results(): readonly Transfer[] {
    return this.#reader?.results ?? [];
  }

  advance(): boolean {
    if (this.#links === null) return true;
    if (this.#reader !== null) return this.#reader.advance();
    if (this.#search === null) {
      if (this.#links.advance()) this.#search = this.#searchRest(this.#links);
    } else if (this.#search.advance()) {
      this.#reader = this.#read(this.#links, this.#search);
    }
    return false;
  }

  /** What the links led to need not be searched. */
  #searchRest(links: AccountLinks): TransferSearch {
    const { limit, reversed } = this.#sought;
    const left = reversed ? limit - links.positions.length : limit;
    return new TransferSearch(this.#state, links.rest, { ...this.#sought, limit: left });
  }

  #read(links: AccountLinks, search: TransferSearch): TransferReader {
    const { limit, reversed } = this.#sought;
    if (reversed) return new TransferReader(this.#state, [...links.positions, ...search.positions]);
    const positions = [...search.positions];
    for (let at = links.positions.length - 1; at >= 0 && positions.length < limit; at--)
      positions.push(links.positions[at] as number);
    return new TransferReader(this.#state, positions);
  }
}

import type { BooksState } from '../books/books-state.ts';
import type { Account } from '../model/account.ts';
import type { Transfer } from '../model/transfer.ts';
import { slotOf } from './account-slot.ts';
import { positionOf } from './read-transfer.ts';
import { finish, type Scan } from './scan.ts';
import { TransferReader } from './transfer-reader.ts';

/**
 * @param ids of 128 bits
 * @returns the accounts as they are now, in the order of the ids; those that are not there left out
 */
export function lookupAccounts(state: BooksState, ids: readonly bigint[]): readonly Account[] {
  const slots = ids.map((id) => slotOf(state, id)).filter((slot) => slot >= 0);
  return slots.map((slot) => state.accounts.accountAt(slot));
}

/**
 * @param ids of 128 bits
 * @returns the transfers in the order of the ids; those that are not there left out
 */
export function lookupTransfers(state: BooksState, ids: readonly bigint[]): readonly Transfer[] {
  return finish(new LookupTransfersScan(state, ids));
}

const idsPerAdvance = 1024;

/** `lookupTransfers` piece by piece. */
export class LookupTransfersScan implements Scan<Transfer> {
  readonly #state: BooksState;
  readonly #ids: readonly bigint[];
  readonly #end: number;
  readonly #positions: number[] = [];
  #next = 0;
  #reader: TransferReader | null = null;

  /** @param ids of 128 bits */
  constructor(state: BooksState, ids: readonly bigint[]) {
    this.#state = state;
    this.#ids = ids;
    this.#end = state.transfers.count;
  }

  get results(): readonly Transfer[] {
    return this.#reader?.results ?? [];
  }

  advance(): boolean {
    if (this.#reader !== null) return this.#reader.advance();
    for (const id of this.#ids.slice(this.#next, this.#next + idsPerAdvance)) {
      const position = positionOf(this.#state, id);
      if (position >= 0 && position < this.#end) this.#positions.push(position);
    }
    this.#next += idsPerAdvance;
    if (this.#next >= this.#ids.length)
      this.#reader = new TransferReader(this.#state, this.#positions);
    return false;
  }
}

import type { BooksState } from '../books/books-state.ts';
import type { Transfer } from '../model/transfer.ts';
import { transferAt } from './read-transfer.ts';
import type { Scan } from './scan.ts';

const transfersPerAdvance = 256;

/** Reads the transfers at given positions, in their order. */
export class TransferReader implements Scan<Transfer> {
  readonly #state: BooksState;
  readonly #positions: readonly number[];
  readonly #results: Transfer[] = [];

  constructor(state: BooksState, positions: readonly number[]) {
    this.#state = state;
    this.#positions = positions;
  }

  get results(): readonly Transfer[] {
    return this.#results;
  }

  advance(): boolean {
    const from = this.#results.length;
    for (const position of this.#positions.slice(from, from + transfersPerAdvance))
      this.#results.push(transferAt(this.#state, position));
    return this.#results.length === this.#positions.length;
  }
}

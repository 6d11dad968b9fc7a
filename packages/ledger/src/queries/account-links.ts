import type { BooksState } from '../books/books-state.ts';
import { NumberColumn } from '../transfers/transfer-chunk.ts';
import { Side } from '../transfers/transfer-store.ts';
import type { PositionRange } from './position-range.ts';
import { holds, type TransferCondition } from './transfer-condition.ts';
import type { SoughtSides } from './transfer-search.ts';

const stepsPerAdvance = 2048;
const mostSteps = 65_536;
/** Rows that a search by columns looks at in the time of one step, which jumps about in memory. */
const rowsPerStep = 64;

/**
 * Follows the transfers of one account from the newest on, in a range: quick where there are few,
 * and given up where looking at the whole range is likely to be quicker.
 */
export class AccountLinks {
  readonly #state: BooksState;
  readonly #range: PositionRange;
  readonly #sides: SoughtSides;
  readonly #conditions: readonly TransferCondition[];
  readonly #limit: number;
  readonly #positions: number[] = [];
  #next: number;
  #stepsLeft: number;

  /** @param limit it ends when so many are found */
  constructor(
    state: BooksState,
    range: PositionRange,
    sides: SoughtSides,
    conditions: readonly TransferCondition[],
    limit: number,
  ) {
    this.#state = state;
    this.#range = range;
    this.#sides = sides;
    this.#conditions = conditions;
    this.#limit = limit;
    this.#next = state.accounts.lastTransfer(sides.slot);
    this.#stepsLeft = Math.min(mostSteps, Math.ceil((range.end - range.from) / rowsPerStep));
  }

  /** What was found, the newest first. */
  get positions(): readonly number[] {
    return this.#positions;
  }

  /** What it has not looked at, when it is done. */
  get rest(): PositionRange {
    const { from, end } = this.#range;
    return { from, end: Math.max(from, Math.min(end, this.#next + 1)) };
  }

  advance(): boolean {
    const { transfers } = this.#state;
    let reads = 0;
    for (let step = 0; step < stepsPerAdvance; step++) {
      if (this.#next < this.#range.from || this.#positions.length === this.#limit) return true;
      if (this.#stepsLeft === 0) return true;
      if (transfers.isOnDisk(this.#next) && reads++ > 0) return false;
      this.#stepsLeft--;
      this.#step();
    }
    return false;
  }

  #step(): void {
    const { transfers } = this.#state;
    const { slot, debits, credits } = this.#sides;
    const position = this.#next;
    const chunk = transfers.chunkOf(position);
    const row = transfers.rowOf(position);
    const isDebit = chunk.number(NumberColumn.debitSlot, row) === slot;
    this.#next = transfers.previous(position, isDebit ? Side.debit : Side.credit);
    if (position >= this.#range.end || !(isDebit ? debits : credits)) return;
    if (this.#conditions.every((condition) => holds(chunk, condition, row)))
      this.#positions.push(position);
  }
}

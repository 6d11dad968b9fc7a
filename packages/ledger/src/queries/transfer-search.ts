import type { BooksState } from '../books/books-state.ts';
import { NumberColumn, type TransferChunk } from '../transfers/transfer-chunk.ts';
import type { PositionRange } from './position-range.ts';
import { mayHoldIn, narrow, type TransferCondition } from './transfer-condition.ts';

/** The account that is debited or credited. */
export interface SoughtSides {
  readonly slot: number;
  readonly debits: boolean;
  readonly credits: boolean;
}

/** What a search looks for. */
export interface Sought {
  readonly conditions: readonly TransferCondition[];
  /** null: whichever accounts. */
  readonly sides: SoughtSides | null;
  readonly limit: number;
  readonly reversed: boolean;
}

/** Rows that are looked at together: a search for few need not look at a chunk as a whole. */
const windowRows = 8192;
const rowsPerAdvance = 65_536;
/** What it costs to see that a chunk has nothing, in rows. */
const skipCost = 128;

const found = new Uint32Array(windowRows);
const debited = new Uint32Array(windowRows);
const credited = new Uint32Array(windowRows);

/** Looks at a range of all transfers, column by column, from one end to the other. */
export class TransferSearch {
  readonly #state: BooksState;
  readonly #sought: Sought;
  readonly #positions: number[] = [];
  /** What is left to look at. */
  #from: number;
  #end: number;

  constructor(state: BooksState, { from, end }: PositionRange, sought: Sought) {
    this.#state = state;
    this.#sought = sought;
    this.#from = from;
    this.#end = end;
  }

  /** Of what was found so far, in the order of the search; at most `limit`. */
  get positions(): readonly number[] {
    return this.#positions;
  }

  /** @returns whether the range or the limit is used up */
  advance(): boolean {
    let budget = rowsPerAdvance;
    while (budget > 0 && !this.#isDone) budget -= this.#step();
    return this.#isDone;
  }

  get #isDone(): boolean {
    return this.#from >= this.#end || this.#positions.length === this.#sought.limit;
  }

  /** @returns what it cost, in rows */
  #step(): number {
    const { transfers } = this.#state;
    const { reversed } = this.#sought;
    const at = reversed ? this.#end - 1 : this.#from;
    const readCost = transfers.isOnDisk(at) ? rowsPerAdvance : 0;
    const chunk = transfers.wholeChunkOf(at);
    const chunkStart = at - transfers.rowOf(at);
    const may = this.#mayHold(chunk);
    const rows = may ? windowRows : transfers.rowsPerChunk;
    const from = reversed ? Math.max(this.#from, chunkStart, this.#end - rows) : at;
    const end = reversed
      ? this.#end
      : Math.min(this.#end, chunkStart + transfers.rowsPerChunk, at + rows);
    if (reversed) this.#end = from;
    else this.#from = end;
    if (!may) return skipCost + readCost;
    this.#take(chunkStart, this.#look(chunk, transfers.rowOf(from), end - from));
    return Math.max(skipCost, end - from) + readCost;
  }

  #mayHold(chunk: TransferChunk): boolean {
    const { conditions, sides } = this.#sought;
    if (!conditions.every((condition) => mayHoldIn(chunk, condition))) return false;
    if (sides === null) return true;
    const mayDebit = sides.debits && mayHoldIn(chunk, debits(sides.slot));
    return mayDebit || (sides.credits && mayHoldIn(chunk, credits(sides.slot)));
  }

  /** @returns how many of the rows are sought; they are in `found` */
  #look(chunk: TransferChunk, firstRow: number, count: number): number {
    const { conditions, sides } = this.#sought;
    let left = count;
    if (sides === null) fillRows(found, firstRow, count);
    else left = findSides(chunk, sides, firstRow, count);
    for (const condition of conditions) {
      if (left === 0) return 0;
      left = narrow(chunk, condition, found, left);
    }
    return left;
  }

  #take(chunkStart: number, count: number): void {
    const { limit, reversed } = this.#sought;
    const taken = Math.min(count, limit - this.#positions.length);
    for (let i = 0; i < taken; i++) {
      const row = found[reversed ? count - 1 - i : i] as number;
      this.#positions.push(chunkStart + row);
    }
  }
}

function debits(slot: number): TransferCondition {
  return { kind: 'number', column: NumberColumn.debitSlot, value: slot };
}

function credits(slot: number): TransferCondition {
  return { kind: 'number', column: NumberColumn.creditSlot, value: slot };
}

function fillRows(rows: Uint32Array, first: number, count: number): void {
  for (let i = 0; i < count; i++) rows[i] = first + i;
}

/** No transfer debits and credits one account, so that no row is found twice. */
function findSides(
  chunk: TransferChunk,
  sides: SoughtSides,
  firstRow: number,
  count: number,
): number {
  let debitCount = 0;
  if (sides.debits) {
    fillRows(debited, firstRow, count);
    debitCount = narrow(chunk, debits(sides.slot), debited, count);
  }
  let creditCount = 0;
  if (sides.credits) {
    fillRows(credited, firstRow, count);
    creditCount = narrow(chunk, credits(sides.slot), credited, count);
  }
  let d = 0;
  let c = 0;
  const total = debitCount + creditCount;
  for (let i = 0; i < total; i++) {
    const isDebit = c === creditCount || (d < debitCount && at(debited, d) < at(credited, c));
    found[i] = isDebit ? at(debited, d++) : at(credited, c++);
  }
  return total;
}

function at(rows: Uint32Array, index: number): number {
  return rows[index] as number;
}

import type { Prng } from '@quorate/base';
import type { BooksState } from '../books/books-state.ts';
import type { Column } from '../columns/column.ts';
import { TransferColumns } from '../columns/transfer-columns.ts';
import { TransferFlag } from '../model/transfer.ts';
import { failedId, unusedId } from '../transfers/transfer-ids.ts';
import type { GatheredIds } from './gathered-ids.ts';

const { postPendingTransfer, voidPendingTransfer } = TransferFlag;
const settling = postPendingTransfer | voidPendingTransfer;
/** Rows of a batch that are tried, each drawn from as many: nobody knows which they will be. */
const triedRows = 32;

const lanes = new Uint32Array(4);

/** What entries will ask for of chunks that are full; of some it has to be read. */
export class SoughtRows {
  /** Positions of transfers, in no order, some of them several times. */
  readonly transfers: number[] = [];
  /** Positions of pending ones whose status was put away; likewise. */
  readonly statuses: number[] = [];
  /** Gets those that are found; null: they are in memory anyway. */
  ids: GatheredIds | null = null;
  #isSomeOnDisk = false;
  readonly #state: BooksState;
  readonly #columns = new TransferColumns();
  /** What `columns` shows. */
  #parsed: Uint8Array | null = null;

  constructor(state: BooksState) {
    this.#state = state;
  }

  /**
   * Looks at a few transfers of a batch.
   *
   * @returns whether any of them asks for what is not in memory; nothing is noted
   * @throws LedgerError LEDGER_BATCH_MALFORMED, LEDGER_PART_DAMAGED
   */
  tries(batch: Uint8Array, prng: Prng): boolean {
    this.#parse(batch);
    const { count } = this.#columns;
    const stride = count / triedRows;
    if (stride <= 2) this.#add(0, count);
    else {
      for (let at = 0; at < triedRows; at++) {
        const row = Math.floor((at + prng.float()) * stride);
        this.#add(row, row + 1);
      }
    }
    const { isSomeOnDisk } = this;
    this.#forget();
    return isSomeOnDisk;
  }

  /**
   * Notes what the next transfers of a batch ask for.
   *
   * @returns whether there are more behind them
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  add(batch: Uint8Array, from: number, most: number): boolean {
    if (this.#parsed !== batch) this.#parse(batch);
    const end = Math.min(this.#columns.count, from + most);
    this.#add(from, end);
    return end < this.#columns.count;
  }

  /** Notes pending transfers, and their statuses. */
  addPending(positions: readonly number[]): void {
    for (const position of positions) this.#addPosition(position, true);
  }

  /** Whether something of what was noted has to be read. */
  get isSomeOnDisk(): boolean {
    return this.#isSomeOnDisk;
  }

  #forget(): void {
    this.transfers.length = 0;
    this.statuses.length = 0;
    this.#isSomeOnDisk = false;
  }

  #parse(batch: Uint8Array): void {
    this.#parsed = null;
    this.#columns.parse(batch, { allowSlots: true });
    this.#parsed = batch;
  }

  #add(from: number, end: number): void {
    const { id, pendingId, flags } = this.#columns;
    const maySettle = !pendingId.isZero && !flags.isZero;
    for (let row = from; row < end; row++) {
      this.#addId(id, row, false);
      if (maySettle && (flags.numberAt(row) & settling) !== 0) this.#addId(pendingId, row, true);
    }
  }

  #addId(column: Column, row: number, isPending: boolean): void {
    column.lanesAt(row, lanes);
    const [l0 = 0, l1 = 0, l2 = 0, l3 = 0] = lanes;
    const position = this.#state.ids.find(l0 | 0, l1 | 0, l2 | 0, l3 | 0);
    if (position === unusedId) return;
    this.ids?.add(l0 | 0, l1 | 0, l2 | 0, l3 | 0, position);
    if (position !== failedId) this.#addPosition(position, isPending);
  }

  #addPosition(position: number, isPending: boolean): void {
    const { transfers, statuses } = this.#state;
    if (transfers.isSealed(position)) this.transfers.push(position);
    if (transfers.isOnDisk(position)) this.#isSomeOnDisk = true;
    const shelf = isPending ? statuses.shelfOf(position) : null;
    if (shelf === null) return;
    this.statuses.push(position);
    if (statuses.isOnDisk(shelf)) this.#isSomeOnDisk = true;
  }
}

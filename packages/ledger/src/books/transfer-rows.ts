import { assert } from '@quorate/base';
import type { AccountStore } from '../accounts/account-store.ts';
import type { Column } from '../columns/column.ts';
import { decodeLanes } from '../columns/decode-lanes.ts';
import {
  decodeInt32,
  decodeNumbers,
  decodeUint16,
  decodeUint32,
} from '../columns/decode-numbers.ts';
import type { TransferColumns } from '../columns/transfer-columns.ts';
import { maxBatchEvents } from '../model/limits.ts';

/** No account has this id: `TransferRows` has it in place of a slot. */
export const unknownSlot = -1;

/**
 * A batch of transfers unpacked, with the accounts that it names found. Kept, and loaded again for
 * batch after batch: nothing is allocated for one.
 */
export class TransferRows {
  readonly columns: TransferColumns;
  /** Four lanes an id, signed as `TransferIds` wants them. */
  readonly ids = new Int32Array(maxBatchEvents * 4);
  /** The same, unsigned. */
  readonly unsignedIds = new Uint32Array(this.ids.buffer);
  /** `unknownSlot` where there is no such account, or none is named. */
  readonly debitSlots = new Int32Array(maxBatchEvents);
  readonly creditSlots = new Int32Array(maxBatchEvents);
  /** NaN in the whole batch when one of them is 2^53 or more. */
  readonly amounts = new Float64Array(maxBatchEvents);
  readonly ledgers = new Uint32Array(maxBatchEvents);
  readonly codes = new Uint16Array(maxBatchEvents);
  readonly flags = new Uint16Array(maxBatchEvents);
  readonly #accounts: AccountStore;
  readonly #lanes = new Uint32Array(maxBatchEvents * 4);
  #isPlain = false;

  constructor(columns: TransferColumns, accounts: AccountStore) {
    this.columns = columns;
    this.#accounts = accounts;
  }

  get count(): number {
    return this.columns.count;
  }

  /** Neither flags, pending ids, timeouts nor timestamps are in it. */
  get isPlain(): boolean {
    return this.#isPlain;
  }

  /** Unpacks what `columns` has parsed. */
  load(): void {
    const { columns } = this;
    decodeLanes(columns.id, this.unsignedIds);
    this.#findAccounts(columns.debitSlot, columns.debitAccountId, this.debitSlots);
    this.#findAccounts(columns.creditSlot, columns.creditAccountId, this.creditSlots);
    if (!decodeNumbers(columns.amount, this.amounts)) this.amounts.fill(Number.NaN, 0, this.count);
    decodeUint32(columns.ledger, this.ledgers);
    decodeUint16(columns.code, this.codes);
    decodeUint16(columns.flags, this.flags);
    const { flags, pendingId, timeout, timestamp } = columns;
    this.#isPlain = flags.isZero && pendingId.isZero && timeout.isZero && timestamp.isZero;
  }

  amount(row: number): bigint {
    return this.columns.amount.uint128At(row);
  }

  /** The id of an account that is named, also of one that there is not. */
  debitAccountId(row: number): bigint {
    return this.#accountId(this.columns.debitAccountId, this.debitSlots, row);
  }

  creditAccountId(row: number): bigint {
    return this.#accountId(this.columns.creditAccountId, this.creditSlots, row);
  }

  #accountId(ids: Column, slots: Int32Array, row: number): bigint {
    const slot = slots[row] as number;
    return slot === unknownSlot ? ids.uint128At(row) : this.#accounts.idAt(slot);
  }

  #findAccounts(slotColumn: Column, ids: Column, slots: Int32Array): void {
    const { count } = this;
    if (slotColumn.isPresent) {
      decodeInt32(slotColumn, slots);
      const end = this.#accounts.count;
      let most = 0;
      for (let row = 0; row < count; row++) {
        const slot = (slots[row] as number) >>> 0;
        if (slot > most) most = slot;
      }
      // A server that resolves ids has applied no more than what comes before this entry.
      assert(most < end, 'a slot in the log is one of an account');
      return;
    }
    if (ids.isZero) {
      slots.fill(unknownSlot, 0, count);
      return;
    }
    const lanes = this.#lanes;
    decodeLanes(ids, lanes);
    this.#accounts.findMany(lanes, count, slots);
  }
}

import { assert } from '@quorate/base';
import { fieldInvalid } from '../ledger-error.ts';
import { maxBatchEvents } from '../model/limits.ts';
import type { NewTransfer } from '../model/transfer.ts';
import { writeBatch } from './batch-field.ts';
import { BatchKind } from './batch-head.ts';
import { ColumnWriter } from './column-writer.ts';
import { NarrowField } from './narrow-field.ts';
import { WideField } from './wide-field.ts';

/**
 * Puts transfers together into a batch as a client sends it. It is meant to be kept: `clear`, and
 * the next batch is put together in the same memory.
 */
export class TransferBatchBuilder {
  readonly #id: WideField;
  readonly #debitAccountId: WideField;
  readonly #creditAccountId: WideField;
  readonly #amount: WideField;
  readonly #pendingId: WideField;
  readonly #userData128: WideField;
  readonly #userData64: WideField;
  readonly #userData32: NarrowField;
  readonly #timeout: NarrowField;
  readonly #ledger: NarrowField;
  readonly #code: NarrowField;
  readonly #flags: NarrowField;
  readonly #capacity: number;
  readonly #writer = new ColumnWriter();
  #count = 0;

  /** @param capacity how many transfers it takes: 1 to 8,190, which is what a batch may have */
  constructor(capacity = maxBatchEvents) {
    const isPossible = Number.isInteger(capacity) && capacity >= 1 && capacity <= maxBatchEvents;
    assert(isPossible, 'a batch has room for 1 to 8190 events');
    this.#capacity = capacity;
    this.#id = new WideField(0, 'id', 128, capacity);
    this.#debitAccountId = new WideField(1, 'debitAccountId', 128, capacity);
    this.#creditAccountId = new WideField(2, 'creditAccountId', 128, capacity);
    this.#amount = new WideField(3, 'amount', 128, capacity);
    this.#pendingId = new WideField(4, 'pendingId', 128, capacity);
    this.#userData128 = new WideField(5, 'userData128', 128, capacity);
    this.#userData64 = new WideField(6, 'userData64', 64, capacity);
    this.#userData32 = new NarrowField(7, 'userData32', 32, capacity);
    this.#timeout = new NarrowField(8, 'timeout', 32, capacity);
    this.#ledger = new NarrowField(9, 'ledger', 32, capacity);
    this.#code = new NarrowField(10, 'code', 16, capacity);
    this.#flags = new NarrowField(11, 'flags', 16, capacity);
  }

  /** Transfers added since the last `clear`. */
  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === this.#capacity;
  }

  /**
   * @throws LedgerError `LEDGER_FIELD_INVALID` when a value does not fit its column, or when the
   *   batch is full (`field` is `count`); nothing was added
   */
  add(transfer: NewTransfer): void {
    const { id, debitAccountId, creditAccountId, amount, ledger, code } = transfer;
    const { pendingId = 0n, userData128 = 0n, userData64 = 0n } = transfer;
    const { userData32 = 0, timeout = 0, flags = 0 } = transfer;
    this.#checkRoom();
    this.#id.check(id);
    this.#debitAccountId.check(debitAccountId);
    this.#creditAccountId.check(creditAccountId);
    this.#amount.check(amount);
    this.#pendingId.check(pendingId);
    this.#userData128.check(userData128);
    this.#userData64.check(userData64);
    this.#userData32.check(userData32);
    this.#timeout.check(timeout);
    this.#ledger.check(ledger);
    this.#code.check(code);
    this.#flags.check(flags);
    const at = this.#count;
    this.#id.set(at, id);
    this.#debitAccountId.set(at, debitAccountId);
    this.#creditAccountId.set(at, creditAccountId);
    this.#amount.set(at, amount);
    this.#pendingId.set(at, pendingId);
    this.#userData128.set(at, userData128);
    this.#userData64.set(at, userData64);
    this.#userData32.set(at, userData32);
    this.#timeout.set(at, timeout);
    this.#ledger.set(at, ledger);
    this.#code.set(at, code);
    this.#flags.set(at, flags);
    this.#count = at + 1;
  }

  /**
   * As `add`, without an object or a bigint: some nanoseconds a transfer. Of what has 128 bits it
   * takes whole numbers below 2^53, and the id in two halves.
   *
   * @param idHigh bits 64 to 127 of the id, below 2^53
   * @param idLow bits 0 to 63 of the id, below 2^53
   * @throws LedgerError `LEDGER_FIELD_INVALID`, as `add`
   */
  addNumbers(
    idHigh: number,
    idLow: number,
    debitAccountId: number,
    creditAccountId: number,
    amount: number,
    ledger: number,
    code: number,
    flags = 0,
  ): void {
    const at = this.#count;
    this.#checkRoom();
    this.#ledger.check(ledger);
    this.#code.check(code);
    this.#flags.check(flags);
    this.#id.setNumbers(at, idHigh, idLow);
    this.#debitAccountId.setNumbers(at, 0, debitAccountId);
    this.#creditAccountId.setNumbers(at, 0, creditAccountId);
    this.#amount.setNumbers(at, 0, amount);
    this.#ledger.set(at, ledger);
    this.#code.set(at, code);
    this.#flags.set(at, flags);
    this.#count = at + 1;
  }

  /** Takes all transfers out. */
  clear(): void {
    for (const field of this.#fields()) field.clear(this.#count);
    this.#count = 0;
  }

  /**
   * The batch in its shortest form. The builder keeps its transfers: a retry needs the same bytes.
   *
   * @returns the caller's for good
   * @throws AssertionFailed when there are no transfers
   */
  encode(): Uint8Array<ArrayBuffer> {
    writeBatch(this.#writer, BatchKind.transfers, this.#count, this.#fields());
    return this.#writer.take();
  }

  #checkRoom(): void {
    if (this.#count === this.#capacity) fieldInvalid('count', this.#count + 1, this.#capacity);
  }

  #fields() {
    return [
      ...[this.#id, this.#debitAccountId, this.#creditAccountId, this.#amount, this.#pendingId],
      ...[this.#userData128, this.#userData64, this.#userData32, this.#timeout, this.#ledger],
      ...[this.#code, this.#flags],
    ];
  }
}

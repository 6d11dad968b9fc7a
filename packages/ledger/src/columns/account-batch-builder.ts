import { assert } from '@quorate/base';
import { fieldInvalid } from '../ledger-error.ts';
import type { NewAccount } from '../model/account.ts';
import { maxBatchEvents } from '../model/limits.ts';
import { writeBatch } from './batch-field.ts';
import { BatchKind } from './batch-head.ts';
import { ColumnWriter } from './column-writer.ts';
import { NarrowField } from './narrow-field.ts';
import { WideField } from './wide-field.ts';

/**
 * Puts accounts together into a batch as a client sends it. It is meant to be kept: `clear`, and
 * the next batch is put together in the same memory.
 */
export class AccountBatchBuilder {
  readonly #id: WideField;
  readonly #userData128: WideField;
  readonly #userData64: WideField;
  readonly #userData32: NarrowField;
  readonly #ledger: NarrowField;
  readonly #code: NarrowField;
  readonly #flags: NarrowField;
  readonly #capacity: number;
  readonly #writer = new ColumnWriter();
  #count = 0;

  /** @param capacity how many accounts it takes: 1 to 8,190, which is what a batch may have */
  constructor(capacity = maxBatchEvents) {
    const isPossible = Number.isInteger(capacity) && capacity >= 1 && capacity <= maxBatchEvents;
    assert(isPossible, 'a batch has room for 1 to 8190 events');
    this.#capacity = capacity;
    this.#id = new WideField(0, 'id', 128, capacity);
    this.#userData128 = new WideField(1, 'userData128', 128, capacity);
    this.#userData64 = new WideField(2, 'userData64', 64, capacity);
    this.#userData32 = new NarrowField(3, 'userData32', 32, capacity);
    this.#ledger = new NarrowField(4, 'ledger', 32, capacity);
    this.#code = new NarrowField(5, 'code', 16, capacity);
    this.#flags = new NarrowField(6, 'flags', 16, capacity);
  }

  /** Accounts added since the last `clear`. */
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
  add(account: NewAccount): void {
    const { id, ledger, code } = account;
    const { userData128 = 0n, userData64 = 0n, userData32 = 0, flags = 0 } = account;
    if (this.isFull) fieldInvalid('count', this.#count + 1, this.#capacity);
    this.#id.check(id);
    this.#userData128.check(userData128);
    this.#userData64.check(userData64);
    this.#userData32.check(userData32);
    this.#ledger.check(ledger);
    this.#code.check(code);
    this.#flags.check(flags);
    const at = this.#count;
    this.#id.set(at, id);
    this.#userData128.set(at, userData128);
    this.#userData64.set(at, userData64);
    this.#userData32.set(at, userData32);
    this.#ledger.set(at, ledger);
    this.#code.set(at, code);
    this.#flags.set(at, flags);
    this.#count = at + 1;
  }

  /** Takes all accounts out. */
  clear(): void {
    for (const field of this.#fields()) field.clear(this.#count);
    this.#count = 0;
  }

  /**
   * The batch in its shortest form. The builder keeps its accounts: a retry needs the same bytes.
   *
   * @returns the caller's for good
   * @throws AssertionFailed when there are no accounts
   */
  encode(): Uint8Array<ArrayBuffer> {
    writeBatch(this.#writer, BatchKind.accounts, this.#count, this.#fields());
    return this.#writer.take();
  }

  #fields() {
    return [
      ...[this.#id, this.#userData128, this.#userData64, this.#userData32],
      ...[this.#ledger, this.#code, this.#flags],
    ];
  }
}

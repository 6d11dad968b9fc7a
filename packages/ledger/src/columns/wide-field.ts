import { fieldInvalid } from '../ledger-error.ts';
import { maxUint64, maxUint128 } from '../model/limits.ts';
import { writeUint128 } from '../numbers/uint128.ts';
import type { BatchField } from './batch-field.ts';
import type { ColumnWriter } from './column-writer.ts';
import { writeLanesColumn } from './encode-lanes.ts';

/**
 * A column of 64 or 128 bits while a batch is put together. It costs no memory until a value other
 * than 0 is put in.
 */
export class WideField implements BatchField {
  readonly bit: number;
  readonly #name: string;
  readonly #limit: bigint;
  readonly #capacity: number;
  #lanes: Uint32Array | null = null;

  /** @param bit of the column in the batch's head */
  constructor(bit: number, name: string, bits: 64 | 128, capacity: number) {
    this.bit = bit;
    this.#name = name;
    this.#limit = bits === 64 ? maxUint64 : maxUint128;
    this.#capacity = capacity;
  }

  /** Four lanes of 32 bits a value, the lowest first; all 0 where nothing was written. */
  get lanes(): Uint32Array {
    this.#lanes ??= new Uint32Array(this.#capacity * 4);
    return this.#lanes;
  }

  /** @throws LedgerError `LEDGER_FIELD_INVALID` */
  check(value: bigint): void {
    if (typeof value === 'bigint' && value >= 0n && value <= this.#limit) return;
    fieldInvalid(this.#name, value, this.#limit);
  }

  /** @param value was checked */
  set(index: number, value: bigint): void {
    if (value === 0n && this.#lanes === null) return;
    writeUint128(this.lanes, index * 4, value);
  }

  /**
   * @param high bits 64 to 127
   * @param low bits 0 to 63
   * @throws LedgerError `LEDGER_FIELD_INVALID` when a half is no whole number from 0 to 2^53 - 1
   */
  setNumbers(index: number, high: number, low: number): void {
    const lanes = this.#lanes ?? this.lanes;
    const at = index * 4;
    const lane0 = low >>> 0;
    const lane2 = high >>> 0;
    lanes[at] = lane0;
    lanes[at + 1] = lane0 === low ? 0 : this.#upper(low, lane0);
    lanes[at + 2] = lane2;
    lanes[at + 3] = lane2 === high ? 0 : this.#upper(high, lane2);
  }

  write(writer: ColumnWriter, count: number): boolean {
    const lanes = this.#lanes;
    if (lanes === null || isZero(lanes, count * 4)) return false;
    writeLanesColumn(writer, lanes, count);
    return true;
  }

  clear(count: number): void {
    this.#lanes?.fill(0, 0, count * 4);
  }

  #upper(value: number, low: number): number {
    if (!Number.isSafeInteger(value) || value < 0) {
      fieldInvalid(this.#name, value, Number.MAX_SAFE_INTEGER);
    }
    return (value - low) / 2 ** 32;
  }
}

function isZero(lanes: Uint32Array, end: number): boolean {
  for (let at = 0; at < end; at++) if (lanes[at] !== 0) return false;
  return true;
}

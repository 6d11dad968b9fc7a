import { fieldInvalid } from '../ledger-error.ts';
import type { BatchField } from './batch-field.ts';
import type { ColumnWriter } from './column-writer.ts';
import { writeUint32Column } from './encode-uint32.ts';

/**
 * A column of 16 or 32 bits while a batch is put together. It costs no memory until a value other
 * than 0 is put in.
 */
export class NarrowField implements BatchField {
  readonly bit: number;
  readonly #name: string;
  readonly #limit: number;
  readonly #capacity: number;
  #values: Uint32Array | null = null;

  /** @param bit of the column in the batch's head */
  constructor(bit: number, name: string, bits: 16 | 32, capacity: number) {
    this.bit = bit;
    this.#name = name;
    this.#limit = 2 ** bits - 1;
    this.#capacity = capacity;
  }

  /** @throws LedgerError `LEDGER_FIELD_INVALID` */
  check(value: number): void {
    if (value >>> 0 === value && value <= this.#limit) return;
    fieldInvalid(this.#name, value, this.#limit);
  }

  /** @param value was checked */
  set(index: number, value: number): void {
    if (this.#values === null) {
      if (value === 0) return;
      this.#values = new Uint32Array(this.#capacity);
    }
    this.#values[index] = value;
  }

  write(writer: ColumnWriter, count: number): boolean {
    const values = this.#values;
    if (values === null || isZero(values, count)) return false;
    writeUint32Column(writer, values, count);
    return true;
  }

  clear(count: number): void {
    this.#values?.fill(0, 0, count);
  }
}

function isZero(values: Uint32Array, count: number): boolean {
  for (let i = 0; i < count; i++) if (values[i] !== 0) return false;
  return true;
}

import { present } from '@quorate/base';
import { maxBatchEvents } from '../model/limits.ts';
import {
  type LaneColumn,
  laneCounts,
  type NumberColumn,
  type TransferChunk,
} from './transfer-chunk.ts';

/**
 * The newest transfers, in columns that apply writes to by itself. Columns that most ledgers leave
 * empty are there once a transfer needs them.
 */
export class OpenChunk implements TransferChunk {
  count = 0;
  readonly ids: Uint32Array;
  readonly debitSlots: Uint32Array;
  readonly creditSlots: Uint32Array;
  readonly amounts: Float64Array;
  readonly debitLinks: Uint32Array;
  readonly creditLinks: Uint32Array;
  readonly ledgers: Uint32Array;
  readonly codes: Uint16Array;
  readonly flags: Uint16Array;
  /** Whole microseconds since the epoch; to them come `nanos`, of which there may be thousands. */
  readonly micros: Float64Array;
  readonly nanos: Uint16Array;
  #timeouts: Uint32Array | null = null;
  #userData32: Uint32Array | null = null;
  /** By `LaneColumn`; that of the ids is always there. */
  readonly #lanes: (Uint32Array | null)[];
  readonly #wideAmounts = new Map<number, bigint>();
  /** A batch is taken in whole before a chunk is closed. */
  readonly #capacity: number;

  /** @param rowsPerChunk of a full one */
  constructor(rowsPerChunk: number) {
    const capacity = rowsPerChunk + maxBatchEvents;
    this.#capacity = capacity;
    this.ids = new Uint32Array(capacity * 4);
    this.#lanes = [this.ids, null, null, null];
    this.debitSlots = new Uint32Array(capacity);
    this.creditSlots = new Uint32Array(capacity);
    this.amounts = new Float64Array(capacity);
    this.debitLinks = new Uint32Array(capacity);
    this.creditLinks = new Uint32Array(capacity);
    this.ledgers = new Uint32Array(capacity);
    this.codes = new Uint16Array(capacity);
    this.flags = new Uint16Array(capacity);
    this.micros = new Float64Array(capacity);
    this.nanos = new Uint16Array(capacity);
  }

  get timeouts(): Uint32Array {
    this.#timeouts ??= new Uint32Array(this.#capacity);
    return this.#timeouts;
  }

  get userData32(): Uint32Array {
    this.#userData32 ??= new Uint32Array(this.#capacity);
    return this.#userData32;
  }

  /** @returns the column, which is made when it is not there */
  lanes(column: LaneColumn): Uint32Array {
    const there = this.#lanes[column];
    if (there !== null && there !== undefined) return there;
    const made = new Uint32Array(this.#capacity * laneCounts[column]);
    this.#lanes[column] = made;
    return made;
  }

  has(column: LaneColumn): boolean {
    return this.#lanes[column] !== null;
  }

  setWideAmount(row: number, amount: bigint): void {
    this.amounts[row] = Number.NaN;
    this.#wideAmounts.set(row, amount);
  }

  number(column: NumberColumn, row: number): number {
    return (this.numbers(column)?.[row] ?? 0) as number;
  }

  lane(column: LaneColumn, row: number, lane: number): number {
    const lanes = this.#lanes[column];
    return lanes === null || lanes === undefined
      ? 0
      : (lanes[row * laneCounts[column] + lane] as number);
  }

  wideAmount(row: number): bigint {
    return present(this.#wideAmounts.get(row), 'an amount that is no number is wide');
  }

  timestamp(row: number): bigint {
    return BigInt(this.micros[row] as number) * 1000n + BigInt(this.nanos[row] as number);
  }

  /** @returns null for a column in which every row is 0 */
  numbers(column: NumberColumn): Uint32Array | Uint16Array | Float64Array | null {
    switch (column) {
      case 0:
        return this.debitSlots;
      case 1:
        return this.creditSlots;
      case 2:
        return this.amounts;
      case 3:
        return this.debitLinks;
      case 4:
        return this.creditLinks;
      case 5:
        return this.ledgers;
      case 6:
        return this.codes;
      case 7:
        return this.flags;
      case 8:
        return this.#timeouts;
      default:
        return this.#userData32;
    }
  }

  /** Forgets the rows from `count` on; what they held in lazy columns is 0 again. */
  truncate(count: number): void {
    for (const column of [1, 2, 3] as const)
      this.#lanes[column]?.fill(0, count * laneCounts[column], this.count * laneCounts[column]);
    this.#timeouts?.fill(0, count, this.count);
    this.#userData32?.fill(0, count, this.count);
    for (const row of this.#wideAmounts.keys()) if (row >= count) this.#wideAmounts.delete(row);
    this.count = count;
  }

  /** Forgets all rows, and takes over those of another chunk from `first` on. */
  takeFrom(other: OpenChunk, first: number): void {
    this.truncate(0);
    const end = other.count;
    for (let column = 0; column < 8; column++) {
      const from = other.numbers(column as NumberColumn);
      const to = this.numbers(column as NumberColumn);
      if (from !== null) to?.set(from.subarray(first, end));
    }
    this.micros.set(other.micros.subarray(first, end));
    this.nanos.set(other.nanos.subarray(first, end));
    if (other.#timeouts !== null) this.timeouts.set(other.#timeouts.subarray(first, end));
    if (other.#userData32 !== null) this.userData32.set(other.#userData32.subarray(first, end));
    for (const column of [0, 1, 2, 3] as const) {
      const from = other.#lanes[column];
      const lanes = laneCounts[column];
      if (from !== null && from !== undefined)
        this.lanes(column).set(from.subarray(first * lanes, end * lanes));
    }
    for (const [row, amount] of other.#wideAmounts)
      if (row >= first) this.#wideAmounts.set(row - first, amount);
    this.count = end - first;
  }
}

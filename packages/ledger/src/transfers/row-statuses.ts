import { assert } from '@quorate/base';
import { PendingStatus } from './pending-status.ts';

/** Of an entry: the bits below the row. */
const statusBits = 3;
const statusMask = (1 << statusBits) - 1;

/** Bytes of a row and its status, as checkpoints have them: u16, u8. */
const rowStatusBytes = 3;

/** Statuses of some rows of a chunk: those that may still change. Which rows they are is fixed. */
export class RowStatuses {
  /** Ascending by row. */
  readonly #entries: Uint32Array;
  #open: number;

  private constructor(entries: Uint32Array, open: number) {
    this.#entries = entries;
    this.#open = open;
  }

  /** @returns of the rows of a chunk those that are open */
  static openOf(statuses: Uint8Array): RowStatuses {
    const entries: number[] = [];
    for (let row = 0; row < statuses.length; row++)
      if (statuses[row] === PendingStatus.open)
        entries.push((row << statusBits) | PendingStatus.open);
    return new RowStatuses(Uint32Array.from(entries), entries.length);
  }

  /**
   * @param bytes as `encode` makes them
   * @param rows of the whole chunk
   * @returns null: no rows, or no statuses, of such a chunk
   */
  static decode(bytes: Uint8Array, rows: number): RowStatuses | null {
    if (bytes.length % rowStatusBytes !== 0) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const entries = new Uint32Array(bytes.length / rowStatusBytes);
    let [last, open] = [-1, 0];
    for (let at = 0; at < entries.length; at++) {
      const row = view.getUint16(at * rowStatusBytes, true);
      const status = view.getUint8(at * rowStatusBytes + 2);
      if (row <= last || row >= rows) return null;
      if (status === PendingStatus.none || status > PendingStatus.expired) return null;
      entries[at] = (row << statusBits) | status;
      last = row;
      if (status === PendingStatus.open) open++;
    }
    return new RowStatuses(entries, open);
  }

  /** How many are open. */
  get open(): number {
    return this.#open;
  }

  /** Rows that it has. */
  get size(): number {
    return this.#entries.length;
  }

  /** @returns null: the row is none of them */
  get(row: number): PendingStatus | null {
    const entry = this.#entries[this.#find(row)];
    if (entry === undefined || entry >>> statusBits !== row) return null;
    return (entry & statusMask) as PendingStatus;
  }

  /**
   * @param row one of them
   * @returns how many more are open now
   */
  set(row: number, status: PendingStatus): number {
    const before = this.get(row);
    assert(before !== null, 'what is resolved does not change');
    const change = +(status === PendingStatus.open) - +(before === PendingStatus.open);
    this.#entries[this.#find(row)] = (row << statusBits) | status;
    this.#open += change;
    return change;
  }

  copy(): RowStatuses {
    return new RowStatuses(this.#entries.slice(), this.#open);
  }

  forEach(visit: (row: number, status: PendingStatus) => void): void {
    for (const entry of this.#entries)
      visit(entry >>> statusBits, (entry & statusMask) as PendingStatus);
  }

  /**
   * @param statuses of all rows of the chunk
   * @returns the same, but with these
   */
  over(statuses: Uint8Array): Uint8Array {
    const bytes = statuses.slice();
    this.forEach((row, status) => {
      bytes[row] = status;
    });
    return bytes;
  }

  /** @returns for each row u16 row, u8 status, ascending */
  encode(): Uint8Array {
    const bytes = new Uint8Array(this.size * rowStatusBytes);
    const view = new DataView(bytes.buffer);
    let at = 0;
    this.forEach((row, status) => {
      view.setUint16(at, row, true);
      view.setUint8(at + 2, status);
      at += rowStatusBytes;
    });
    return bytes;
  }

  /** @returns the first entry of the row, or of one behind it */
  #find(row: number): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle] as number) >>> statusBits < row) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

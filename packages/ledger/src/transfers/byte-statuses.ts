import { PendingStatus } from './pending-status.ts';

/** Statuses of all rows of a chunk, a byte each. */
export class ByteStatuses {
  readonly bytes: Uint8Array;
  #open: number;

  private constructor(bytes: Uint8Array, open: number) {
    this.bytes = bytes;
    this.#open = open;
  }

  /** @returns that nothing was ever pending in so many rows */
  static none(rows: number): ByteStatuses {
    return new ByteStatuses(new Uint8Array(rows), 0);
  }

  /** @param bytes kept, and written to */
  static of(bytes: Uint8Array): ByteStatuses {
    let open = 0;
    for (let row = 0; row < bytes.length; row++) if (bytes[row] === PendingStatus.open) open++;
    return new ByteStatuses(bytes, open);
  }

  /** How many are open. */
  get open(): number {
    return this.#open;
  }

  /** Statuses that it has room for. */
  get size(): number {
    return this.bytes.length;
  }

  get(row: number): PendingStatus {
    return this.bytes[row] as PendingStatus;
  }

  /** @returns how many more are open now */
  set(row: number, status: PendingStatus): number {
    const change = +(status === PendingStatus.open) - +(this.bytes[row] === PendingStatus.open);
    this.bytes[row] = status;
    this.#open += change;
    return change;
  }

  copy(): ByteStatuses {
    return new ByteStatuses(this.bytes.slice(), this.#open);
  }
}

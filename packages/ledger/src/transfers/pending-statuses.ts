import { chunkRows } from './transfer-chunk.ts';

/** What became of a pending transfer. */
export const PendingStatus = { none: 0, open: 1, posted: 2, voided: 3, expired: 4 } as const;
export type PendingStatus = (typeof PendingStatus)[keyof typeof PendingStatus];

/** The statuses of one chunk's rows, as of when a snapshot was opened. */
export interface FrozenStatuses {
  /** By chunk; undefined: none of its transfers is pending. */
  readonly chunks: readonly (Uint8Array | undefined)[];
}

/** The one thing about a transfer that changes. A byte a row, of chunks that have pending ones. */
export class PendingStatuses {
  readonly #chunks: (Uint8Array | undefined)[] = [];
  /** Chunks whose bytes a snapshot looks at: they are copied before they change. */
  readonly #shared = new Set<number>();
  #openCount = 0;

  /** Pending transfers that are neither posted, voided nor expired. */
  get openCount(): number {
    return this.#openCount;
  }

  get(position: number): PendingStatus {
    const chunk = this.#chunks[Math.floor(position / chunkRows)];
    return (chunk?.[position % chunkRows] ?? PendingStatus.none) as PendingStatus;
  }

  set(position: number, status: PendingStatus): void {
    const at = Math.floor(position / chunkRows);
    let chunk = this.#chunks[at];
    if (chunk === undefined) {
      chunk = new Uint8Array(chunkRows);
      this.#chunks[at] = chunk;
    } else if (this.#shared.delete(at)) {
      chunk = chunk.slice();
      this.#chunks[at] = chunk;
    }
    const row = position % chunkRows;
    if (chunk[row] === PendingStatus.open) this.#openCount--;
    if (status === PendingStatus.open) this.#openCount++;
    chunk[row] = status;
  }

  /** @returns the statuses as they are now, whatever is set afterwards */
  freeze(): FrozenStatuses {
    this.#chunks.forEach((_, at) => {
      this.#shared.add(at);
    });
    return { chunks: [...this.#chunks] };
  }

  /** Takes over the bytes of one chunk. */
  restore(at: number, chunk: Uint8Array): void {
    this.#chunks[at] = chunk;
    for (const status of chunk) if (status === PendingStatus.open) this.#openCount++;
  }
}

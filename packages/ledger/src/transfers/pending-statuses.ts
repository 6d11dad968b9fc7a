import { assert } from '@quorate/base';
import type { PartPlace, PartStore } from '../parts/part-store.ts';
import { Shelf } from '../parts/shelf.ts';
import { chunkRows } from './transfer-chunk.ts';

/** What became of a pending transfer. */
export const PendingStatus = { none: 0, open: 1, posted: 2, voided: 3, expired: 4 } as const;
export type PendingStatus = (typeof PendingStatus)[keyof typeof PendingStatus];

/** Statuses of chunks that are looked at now and then. */
const mostLoadedBytes = 16 * 1024 * 1024;

/** Of one chunk that has pending transfers, as of when a snapshot was opened. */
export interface FrozenStatuses {
  readonly chunk: number;
  /** Null: `place` has them. */
  readonly statuses: Uint8Array | null;
  readonly place: PartPlace | null;
}

/**
 * The one thing about a transfer that changes. A byte a row, of chunks that have pending ones; once
 * none of them is open any more, they are put away.
 */
export class PendingStatuses {
  readonly #chunks: (Uint8Array | undefined)[] = [];
  readonly #openInChunk: number[] = [];
  /** Chunks without open ones, not put away yet. */
  readonly #done = new Set<number>();
  readonly #shelf: Shelf<Uint8Array>;
  /** By chunk: its number on the shelf. */
  readonly #shelved = new Map<number, number>();
  /** Chunks whose bytes a snapshot looks at: they are copied before they change. */
  readonly #shared = new Set<number>();
  readonly #hasParts: boolean;
  readonly #rowsPerChunk: number;
  #openCount = 0;

  /** @param parts null: all stay in memory */
  constructor(parts: PartStore | null = null, rowsPerChunk = chunkRows) {
    this.#hasParts = parts !== null;
    this.#rowsPerChunk = rowsPerChunk;
    this.#shelf = new Shelf({ parts, load: (bytes) => bytes.subarray(4), mostLoadedBytes });
  }

  /** Pending transfers that are neither posted, voided nor expired. */
  get openCount(): number {
    return this.#openCount;
  }

  get(position: number): PendingStatus {
    const at = Math.floor(position / this.#rowsPerChunk);
    const chunk = this.#chunks[at] ?? this.#putAway(at);
    return (chunk?.[position % this.#rowsPerChunk] ?? PendingStatus.none) as PendingStatus;
  }

  set(position: number, status: PendingStatus): void {
    const at = Math.floor(position / this.#rowsPerChunk);
    let chunk = this.#chunks[at];
    if (chunk === undefined) {
      assert(!this.#shelved.has(at), 'what is resolved does not change');
      chunk = new Uint8Array(this.#rowsPerChunk);
      this.#chunks[at] = chunk;
      this.#openInChunk[at] = 0;
    } else if (this.#shared.delete(at)) {
      chunk = chunk.slice();
      this.#chunks[at] = chunk;
    }
    const row = position % this.#rowsPerChunk;
    if (chunk[row] === PendingStatus.open) this.#countOpen(at, -1);
    if (status === PendingStatus.open) this.#countOpen(at, 1);
    chunk[row] = status;
  }

  /**
   * Between batches: puts away what will not change any more.
   *
   * @param sealed chunks of transfers that are full
   */
  settle(sealed: number): void {
    if (!this.#hasParts || this.#done.size === 0) return;
    for (const at of this.#done) {
      const chunk = this.#chunks[at];
      if (at >= sealed || chunk === undefined) continue;
      this.#shelved.set(at, this.#shelf.count);
      this.#shelf.add(chunk, encodeStatuses(at, chunk));
      this.#chunks[at] = undefined;
      this.#shared.delete(at);
      this.#done.delete(at);
    }
  }

  /** Chunks that are put away. */
  get resolved(): Pick<Shelf<Uint8Array>, 'files'> {
    return this.#shelf;
  }

  /**
   * @param transfers how many there are; a chain that was taken back may have been beyond them
   * @returns the statuses as they are now, whatever is set afterwards
   */
  freeze(transfers: number): readonly FrozenStatuses[] {
    const frozen: FrozenStatuses[] = [];
    for (const [chunk, number] of this.#shelved)
      frozen.push({ chunk, statuses: null, place: this.#shelf.placeOf(number) });
    this.#chunks.forEach((statuses, chunk) => {
      if (statuses === undefined || chunk * this.#rowsPerChunk >= transfers) return;
      this.#shared.add(chunk);
      frozen.push({ chunk, statuses, place: null });
    });
    return frozen.sort((one, other) => one.chunk - other.chunk);
  }

  /** Takes over the bytes of one chunk. */
  restore(at: number, chunk: Uint8Array): void {
    this.#chunks[at] = chunk;
    this.#openInChunk[at] = 0;
    let open = 0;
    for (const status of chunk) if (status === PendingStatus.open) open++;
    this.#countOpen(at, open);
    if (open === 0) this.#done.add(at);
  }

  /** None of the chunk's transfers is open. */
  restoreStored(at: number, place: PartPlace): void {
    this.#shelved.set(at, this.#shelf.count);
    this.#shelf.addStored(place);
  }

  #putAway(at: number): Uint8Array | undefined {
    const number = this.#shelved.get(at);
    return number === undefined ? undefined : this.#shelf.at(number);
  }

  #countOpen(at: number, change: number): void {
    const open = (this.#openInChunk[at] ?? 0) + change;
    this.#openInChunk[at] = open;
    this.#openCount += change;
    if (open === 0) this.#done.add(at);
    else this.#done.delete(at);
  }
}

/** @returns as snapshots and parts have them: the chunk in four bytes, then a byte a row */
export function encodeStatuses(at: number, chunk: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + chunk.length);
  new DataView(bytes.buffer).setUint32(0, at, true);
  bytes.set(chunk, 4);
  return bytes;
}

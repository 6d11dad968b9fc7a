import { present } from '@quorate/base';
import type { PartPlace, PartStore } from '../parts/part-store.ts';
import { Shelf } from '../parts/shelf.ts';
import { ByteStatuses } from './byte-statuses.ts';
import { PendingStatus } from './pending-status.ts';
import { RowStatuses } from './row-statuses.ts';
import { chunkRows } from './transfer-chunk.ts';

export { PendingStatus } from './pending-status.ts';

/** Statuses of chunks that are looked at now and then, 64 KiB each. */
const usualLoadedBytes = 16 * 1024 * 1024;
/** Statuses are put away once no more than this share of them is open. */
const leastPerOpen = 16;
/** In so many chunks behind the newest full one, what is pending is often resolved soon. */
const freshChunks = 4;
/** Of which statuses are put away between two batches: a fraction of a millisecond. */
const mostRowsAtOnce = 2 * chunkRows;

/** Of one chunk that has pending transfers, as of when a snapshot was opened. */
export type FrozenStatuses = { readonly chunk: number } & (
  | { readonly place: null; readonly bytes: Uint8Array }
  /** Of `rows`, what is stored at the place may be older. */
  | { readonly place: PartPlace; readonly rows: RowStatuses }
);

/** As it stood where the others of its chunk were put away. */
export interface GatheredStatus {
  /** Number on the shelf. */
  readonly shelf: number;
  readonly status: PendingStatus;
}

/** Of one chunk. What a snapshot looks at is copied before it changes. */
interface ChunkStatuses {
  /** Snapshots that were opened before it was copied, or made. */
  readonly snapshots: number;
  /** Those that may change. */
  readonly statuses: ByteStatuses | RowStatuses;
  /** Number on the shelf of those that do not; null: `statuses` are all. */
  readonly shelved: number | null;
}

/**
 * The one thing about a transfer that changes. A byte a row, of chunks that have pending ones. Once
 * few of a full chunk are open, all are put away, and only of those few it is kept in memory what
 * becomes of them; and so again when few of these are left.
 */
export class PendingStatuses {
  /** Null: nothing was ever pending there. */
  readonly #chunks: (ChunkStatuses | null)[] = [];
  /** Chunks that may be put away, once they are full. */
  readonly #due = new Set<number>();
  readonly #shelf: Shelf<Uint8Array>;
  readonly #hasParts: boolean;
  readonly #rowsPerChunk: number;
  #snapshots = 0;
  #openCount = 0;
  /** Of those on disk the ones that are wanted soon, by position; null: none are. */
  gathered: ReadonlyMap<number, GatheredStatus> | null = null;

  /**
   * @param parts null: all stay in memory
   * @param mostLoadedBytes of what was put away, when there is a disk for it
   */
  constructor(
    parts: PartStore | null = null,
    rowsPerChunk = chunkRows,
    mostLoadedBytes = usualLoadedBytes,
  ) {
    this.#hasParts = parts !== null;
    this.#rowsPerChunk = rowsPerChunk;
    this.#shelf = new Shelf({ parts, load: (bytes) => bytes.subarray(4), mostLoadedBytes });
  }

  /** Pending transfers that are neither posted, voided nor expired. */
  get openCount(): number {
    return this.#openCount;
  }

  get(position: number): PendingStatus {
    const chunk = this.#chunks[Math.floor(position / this.#rowsPerChunk)] ?? null;
    if (chunk === null) return PendingStatus.none;
    const row = position % this.#rowsPerChunk;
    const status = chunk.statuses.get(row);
    if (status !== null) return status;
    const gathered = this.gathered?.get(position);
    if (gathered !== undefined && gathered.shelf === chunk.shelved) return gathered.status;
    return this.#shelvedBytes(chunk.shelved)[row] as PendingStatus;
  }

  /** @returns the number on the shelf of what says a status; null: that is in memory */
  shelfOf(position: number): number | null {
    const chunk = this.#chunks[Math.floor(position / this.#rowsPerChunk)] ?? null;
    if (chunk === null || chunk.shelved === null) return null;
    return chunk.statuses.get(position % this.#rowsPerChunk) === null ? chunk.shelved : null;
  }

  /** Whether what was put away has to be read. */
  isOnDisk(shelf: number): boolean {
    return !this.#shelf.isLoaded(shelf);
  }

  /**
   * @returns the statuses of a chunk as they were put away, for who wants few of them
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  glanceAt(shelf: number): Uint8Array {
    return this.#shelf.glanceAt(shelf);
  }

  /** @param position of one that was never put away, or open when it was */
  set(position: number, status: PendingStatus): void {
    const at = Math.floor(position / this.#rowsPerChunk);
    let chunk = this.#chunks[at] ?? null;
    if (chunk === null) {
      chunk = this.#put(at, ByteStatuses.none(this.#rowsPerChunk), null);
    } else if (chunk.snapshots !== this.#snapshots) {
      chunk = this.#put(at, chunk.statuses.copy(), chunk.shelved);
    }
    this.#openCount += chunk.statuses.set(position % this.#rowsPerChunk, status);
    if (status !== PendingStatus.open && this.#isWorthwhile(chunk)) this.#due.add(at);
  }

  /**
   * Between batches: puts away what will hardly change any more.
   *
   * @param sealed chunks of transfers that are full
   */
  settle(sealed: number): void {
    let left = this.#hasParts ? mostRowsAtOnce : 0;
    for (const at of this.#due) {
      if (left < this.#rowsPerChunk) return;
      const chunk = present(this.#chunks[at], 'a chunk that is due is there');
      const { open } = chunk.statuses;
      const isFresh = open > 0 && at >= sealed - freshChunks;
      if (at >= sealed || (isFresh && chunk.shelved === null)) continue;
      this.#due.delete(at);
      if (!this.#isWorthwhile(chunk)) continue;
      this.#putAway(at, chunk);
      left -= this.#rowsPerChunk;
    }
  }

  /** What is put away, and what was of chunks that were put away again since. */
  get stored(): Pick<Shelf<Uint8Array>, 'count' | 'files' | 'areAllLoaded'> {
    return this.#shelf;
  }

  /**
   * @param transfers how many there are; a chain that was taken back may have been beyond them
   * @returns the statuses as they are now, whatever is set afterwards; to be drawn once
   */
  freeze(transfers: number): Iterable<FrozenStatuses> {
    this.#snapshots++;
    return this.#draw(this.#chunks.slice(0, Math.ceil(transfers / this.#rowsPerChunk)));
  }

  /** Takes over the bytes of one chunk. */
  restore(at: number, bytes: Uint8Array): void {
    const { statuses } = this.#put(at, ByteStatuses.of(bytes), null);
    this.#openCount += statuses.open;
  }

  /** @param rows all that were open when the statuses were put at the place */
  restoreStored(at: number, place: PartPlace, rows: RowStatuses): void {
    const chunk = this.#put(at, rows, this.#shelf.count);
    this.#shelf.addStored(place);
    this.#openCount += rows.open;
    if (this.#isWorthwhile(chunk)) this.#due.add(at);
  }

  #put(at: number, statuses: ChunkStatuses['statuses'], shelved: number | null): ChunkStatuses {
    while (this.#chunks.length < at) this.#chunks.push(null);
    const chunk = { snapshots: this.#snapshots, statuses, shelved };
    this.#chunks[at] = chunk;
    if (shelved === null) this.#due.add(at);
    return chunk;
  }

  /** The older ones of the chunk, if it has any, are of no use after that. */
  #putAway(at: number, { statuses, shelved }: ChunkStatuses): void {
    const bytes =
      statuses instanceof ByteStatuses
        ? statuses.bytes
        : statuses.over(this.#shelvedBytes(shelved));
    this.#put(at, RowStatuses.openOf(bytes), this.#shelf.count);
    this.#shelf.add(bytes, encodeStatuses(at, bytes));
  }

  /** Whether little of it would have to be kept in memory. */
  #isWorthwhile({ statuses: { size, open }, shelved }: ChunkStatuses): boolean {
    // A few that are resolved take less room than what would be written for them.
    if (shelved !== null && size <= this.#rowsPerChunk >>> 12) return false;
    return open * leastPerOpen <= size;
  }

  /** @throws LedgerError LEDGER_PART_DAMAGED */
  #shelvedBytes(shelved: number | null): Uint8Array {
    return this.#shelf.at(present(shelved, 'the other rows are put away'));
  }

  *#draw(chunks: readonly (ChunkStatuses | null)[]): Generator<FrozenStatuses, void> {
    for (const [chunk, frozen] of chunks.entries()) {
      if (frozen === null) continue;
      const { statuses, shelved } = frozen;
      if (statuses instanceof ByteStatuses) {
        yield { chunk, place: null, bytes: statuses.bytes };
        continue;
      }
      const number = present(shelved, 'the other rows are put away');
      const place = present(this.#shelf.placeOf(number), 'what is put away has a place');
      yield { chunk, place, rows: statuses };
    }
  }
}

/** @returns as snapshots and parts have them: the chunk in four bytes, then a byte a row */
export function encodeStatuses(at: number, chunk: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + chunk.length);
  new DataView(bytes.buffer).setUint32(0, at, true);
  bytes.set(chunk, 4);
  return bytes;
}

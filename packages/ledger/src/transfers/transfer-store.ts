import { present } from '@quorate/base';
import { ColumnWriter } from '../columns/column-writer.ts';
import type { PartPlace, PartStore } from '../parts/part-store.ts';
import { Shelf, usualLoadedBytes } from '../parts/shelf.ts';
import { ChunkSealing, sealingSteps } from './chunk-sealing.ts';
import { OpenChunk } from './open-chunk.ts';
import { reopenChunk } from './reopen-chunk.ts';
import { SealedChunk } from './sealed-chunk.ts';
import { chunkRows, farLink, NumberColumn, type TransferChunk } from './transfer-chunk.ts';

/** Which of its two accounts a link of a transfer is for. */
export const Side = { debit: 0, credit: 1 } as const;
export type Side = (typeof Side)[keyof typeof Side];

/** A chunk is sealed by the time the next one has so much of its rows, as a part of 1. */
const sealedBy = 0.75;

/** From this part of a chunk on that is wanted at once, more of it may be wanted soon. */
const keptShare = 1 / 1024;
const leastKeptRows = 16;
/** Transfers that cannot be in many chunks. */
const fewRows = 64;

/** A chunk to which no transfers come any more. */
interface FullChunk {
  readonly chunk: OpenChunk;
  readonly sealing: ChunkSealing;
  /** Snapshots may still look at it. */
  readonly isShared: boolean;
}

/** What a snapshot needs of transfers as they are now. */
export interface FrozenTransfers {
  /** Chunks that are full. */
  readonly chunkCount: number;
  /** What is in no full one: rows that never change, wherever they are afterwards. */
  readonly open: OpenChunk;
  readonly openCount: number;
}

/**
 * All transfers in the order in which they were carried out, by position from 0 on. The newest
 * stand in columns that apply writes to; the others, 65,536 at a time, as bytes that never change.
 * A chunk that has become full is turned into bytes while the next one is written to.
 */
export class TransferStore {
  readonly #sealed: Shelf<SealedChunk>;
  /** Links too long for 32 bits, by position * 2 + side. */
  readonly #farLinks = new Map<number, number>();
  /** In a full chunk. */
  readonly rowsPerChunk: number;
  #open: OpenChunk;
  /** The position of the first row of `open`. */
  #openPosition = 0;
  #full: FullChunk | null = null;
  /** Rows of `open` when `settle` was called last. */
  #settledRows = 0;
  /** Serves one sealing after the other. */
  readonly #writer = new ColumnWriter();
  /** Columns that nobody looks at any more: new ones would cost a millisecond, and be garbage. */
  #spare: OpenChunk | null = null;
  /** Snapshots may still look at it. */
  #isOpenShared = false;
  /** Of chunks on disk, transfers that are wanted soon, by position; null: none are. */
  gathered: ReadonlyMap<number, TransferChunk> | null = null;

  /**
   * @param parts null: all stay in memory
   * @param mostLoadedBytes of chunks in memory, when there is a disk for the others
   */
  constructor(
    parts: PartStore | null = null,
    rowsPerChunk = chunkRows,
    mostLoadedBytes = usualLoadedBytes,
  ) {
    this.rowsPerChunk = rowsPerChunk;
    this.#open = new OpenChunk(rowsPerChunk);
    const load = (bytes: Uint8Array): SealedChunk => new SealedChunk(bytes);
    this.#sealed = new Shelf({ parts, load, mostLoadedBytes });
  }

  /** How many there are; the position of the next one. */
  get count(): number {
    return this.#openPosition + this.#open.count;
  }

  /** The chunk that is written to. */
  get open(): OpenChunk {
    return this.#open;
  }

  /** The position of the first row of `open`. */
  get openPosition(): number {
    return this.#openPosition;
  }

  /** Chunks that never change any more, in order. */
  get sealed(): Pick<
    Shelf<SealedChunk>,
    'count' | 'at' | 'placeOf' | 'files' | 'areAllLoaded' | 'reads'
  > {
    return this.#sealed;
  }

  /** Between batches: goes on with sealing, as far as there are new rows. */
  settle(): void {
    while (this.#open.count >= this.rowsPerChunk) {
      while (this.#full !== null) this.sealStep();
      this.#begin();
    }
    const rows = this.#open.count - this.#settledRows;
    this.#settledRows = this.#open.count;
    const steps = Math.ceil((rows * sealingSteps) / (this.rowsPerChunk * sealedBy));
    for (let step = 0; step < steps && this.#full !== null; step++) this.sealStep();
  }

  /** Does some of the sealing, if a chunk is full and not sealed yet. */
  sealStep(): void {
    if (this.#full === null) return;
    const sealed = this.#full.sealing.step();
    if (sealed === null) return;
    this.#sealed.add(sealed, sealed.bytes);
    const { chunk, isShared } = this.#full;
    if (!isShared) this.#spare = chunk;
    this.#full = null;
  }

  /** Between batches. */
  freeze(): FrozenTransfers {
    this.#isOpenShared = true;
    const chunkCount = this.#openPosition / this.rowsPerChunk;
    return { chunkCount, open: this.#open, openCount: this.#open.count };
  }

  /** Forgets the transfers from `count` on, which are in the open chunk. */
  truncate(count: number): void {
    const kept = count - this.openPosition;
    for (let row = kept; row < this.#open.count; row++) {
      const position = this.openPosition + row;
      if (this.#open.debitLinks[row] === farLink) this.#farLinks.delete(position * 2);
      if (this.#open.creditLinks[row] === farLink) this.#farLinks.delete(position * 2 + 1);
    }
    this.#open.truncate(kept);
  }

  /** Takes over a chunk of a snapshot, the next in order; one that is not full is the last. */
  restore(chunk: SealedChunk): void {
    if (chunk.count === this.rowsPerChunk) {
      this.#sealed.add(chunk, chunk.bytes);
      this.#openPosition += this.rowsPerChunk;
      return;
    }
    this.#open = reopenChunk(chunk, this.rowsPerChunk);
    this.#settledRows = chunk.count;
  }

  /** Likewise, of one that is full, and stored. */
  restoreStored(place: PartPlace): void {
    this.#sealed.addStored(place);
    this.#openPosition += this.rowsPerChunk;
  }

  restoreFarLink(key: number, position: number): void {
    this.#farLinks.set(key, position);
  }

  get farLinks(): ReadonlyMap<number, number> {
    return this.#farLinks;
  }

  /** Says which transfer the account of one side had before; -1: none. */
  link(position: number, side: Side, previous: number): void {
    const links = side === Side.debit ? this.#open.debitLinks : this.#open.creditLinks;
    const row = position - this.openPosition;
    const back = previous < 0 ? 0 : position - previous;
    if (back < farLink) {
      links[row] = back;
      return;
    }
    links[row] = farLink;
    this.#farLinks.set(position * 2 + side, previous);
  }

  /** @returns the transfer that the account of one side had before; -1: none */
  previous(position: number, side: Side): number {
    const column = side === Side.debit ? NumberColumn.debitLink : NumberColumn.creditLink;
    const back = this.number(position, column);
    if (back === 0) return -1;
    if (back === farLink) return this.#farLinks.get(position * 2 + side) as number;
    return position - back;
  }

  /** @returns the chunk that a transfer is in, or that row of it alone; its row is `rowOf` */
  chunkOf(position: number): TransferChunk {
    if (position >= this.#openPosition) return this.#open;
    return this.gathered?.get(position) ?? this.wholeChunkOf(position);
  }

  /** @returns the chunk that a transfer is in, for who looks at many of them */
  wholeChunkOf(position: number): OpenChunk | SealedChunk {
    if (position >= this.#openPosition) return this.#open;
    const chunk = Math.floor(position / this.rowsPerChunk);
    // The one behind the sealed ones is full, and its rows are where they were.
    return chunk < this.#sealed.count ? this.#sealed.at(chunk) : this.#fullChunk.chunk;
  }

  /** Whether the chunk that a transfer is in never changes any more. */
  isSealed(position: number): boolean {
    return position < this.#sealed.count * this.rowsPerChunk;
  }

  /** Whether the chunk that a transfer is in has to be read. */
  isOnDisk(position: number): boolean {
    const chunk = Math.floor(position / this.rowsPerChunk);
    return chunk < this.#sealed.count && !this.#sealed.isLoaded(chunk);
  }

  /**
   * As `wholeChunkOf`, for who knows what else is wanted: a chunk that little is wanted of does not
   * take the place of another one in memory.
   *
   * @param rows that are wanted of the chunk
   * @param total of all chunks
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  chunkFor(position: number, rows: number, total: number): TransferChunk {
    const kept = Math.max(leastKeptRows, this.rowsPerChunk * keptShare);
    const isMuch = total <= fewRows || rows >= kept;
    if (isMuch || !this.isOnDisk(position)) return this.wholeChunkOf(position);
    return this.#sealed.glanceAt(Math.floor(position / this.rowsPerChunk));
  }

  /** @returns the row of a transfer in its chunk; the open one may be overfull within a batch */
  rowOf(position: number): number {
    const { openPosition } = this;
    return position < openPosition ? position % this.rowsPerChunk : position - openPosition;
  }

  number(position: number, column: NumberColumn): number {
    return this.chunkOf(position).number(column, this.rowOf(position));
  }

  amount(position: number): bigint {
    const chunk = this.chunkOf(position);
    const row = this.rowOf(position);
    const amount = chunk.number(NumberColumn.amount, row);
    return Number.isNaN(amount) ? chunk.wideAmount(row) : BigInt(amount);
  }

  timestamp(position: number): bigint {
    return this.chunkOf(position).timestamp(this.rowOf(position));
  }

  get #fullChunk(): FullChunk {
    return present(this.#full, 'what is neither open nor sealed is in a full chunk');
  }

  /** Lets a full chunk be sealed; its rows that are too many go to the next one. */
  #begin(): void {
    const chunk = this.#open;
    const next = this.#spare ?? new OpenChunk(this.rowsPerChunk);
    this.#spare = null;
    next.takeFrom(chunk, this.rowsPerChunk);
    this.#full = {
      chunk,
      sealing: new ChunkSealing(chunk, this.rowsPerChunk, this.#writer),
      isShared: this.#isOpenShared,
    };
    this.#open = next;
    this.#isOpenShared = false;
    this.#openPosition += this.rowsPerChunk;
    this.#settledRows = 0;
  }
}

import type { PartPlace, PartStore } from '../parts/part-store.ts';
import { Shelf } from '../parts/shelf.ts';
import { OpenChunk } from './open-chunk.ts';
import { reopenChunk } from './reopen-chunk.ts';
import { sealChunk } from './seal-chunk.ts';
import { SealedChunk } from './sealed-chunk.ts';
import { chunkRows, farLink, NumberColumn, type TransferChunk } from './transfer-chunk.ts';

/** Which of its two accounts a link of a transfer is for. */
export const Side = { debit: 0, credit: 1 } as const;
export type Side = (typeof Side)[keyof typeof Side];

/** Of chunks in memory, when there is a disk for the others: some ten to thirty million rows. */
const mostLoadedBytes = 256 * 1024 * 1024;

/**
 * All transfers in the order in which they were carried out, by position from 0 on. The newest
 * stand in columns that apply writes to; the others, 65,536 at a time, as bytes that never change.
 */
export class TransferStore {
  readonly #sealed: Shelf<SealedChunk>;
  /** Links too long for 32 bits, by position * 2 + side. */
  readonly #farLinks = new Map<number, number>();
  /** In a full chunk. */
  readonly rowsPerChunk: number;
  #open: OpenChunk;

  /** @param parts null: all stay in memory */
  constructor(parts: PartStore | null = null, rowsPerChunk = chunkRows) {
    this.rowsPerChunk = rowsPerChunk;
    this.#open = new OpenChunk(rowsPerChunk);
    const load = (bytes: Uint8Array): SealedChunk => new SealedChunk(bytes);
    this.#sealed = new Shelf({ parts, load, mostLoadedBytes });
  }

  /** How many there are; the position of the next one. */
  get count(): number {
    return this.#sealed.count * this.rowsPerChunk + this.#open.count;
  }

  /** The chunk that is written to. */
  get open(): OpenChunk {
    return this.#open;
  }

  /** The position of the first row of `open`. */
  get openPosition(): number {
    return this.#sealed.count * this.rowsPerChunk;
  }

  /** Chunks that never change any more, in order. */
  get sealed(): Pick<Shelf<SealedChunk>, 'count' | 'at' | 'placeOf' | 'files'> {
    return this.#sealed;
  }

  /** Between batches: closes the open chunk when it is full. */
  settle(): void {
    while (this.#open.count >= this.rowsPerChunk) {
      const full = this.#open;
      const chunk = sealChunk(full, this.rowsPerChunk);
      this.#sealed.add(chunk, chunk.bytes);
      this.#open = full.rest(this.rowsPerChunk);
    }
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
    if (chunk.count === this.rowsPerChunk) this.#sealed.add(chunk, chunk.bytes);
    else this.#open = reopenChunk(chunk, this.rowsPerChunk);
  }

  /** Likewise, of one that is full, and stored. */
  restoreStored(place: PartPlace): void {
    this.#sealed.addStored(place);
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

  /** @returns the chunk that a transfer is in; its row there is `rowOf` */
  chunkOf(position: number): TransferChunk {
    const chunk = Math.floor(position / this.rowsPerChunk);
    return chunk < this.#sealed.count ? this.#sealed.at(chunk) : this.#open;
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
}

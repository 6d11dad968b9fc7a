import type { PartStore } from '../../parts/part-store.ts';
import { blockIds, entryWords, type IdSegment, readBlocks } from './id-segment.ts';
import { readWords } from './word-bytes.ts';

/** A power of two. */
const slotCount = 64;

/** Blocks of ids that were read not long ago, each in the one slot that it can have. */
export class BlockCache {
  readonly #parts: PartStore;
  readonly #segments: (IdSegment | null)[] = new Array(slotCount).fill(null);
  readonly #blocks = new Uint32Array(slotCount);
  readonly #words: (Int32Array | undefined)[] = new Array(slotCount);

  constructor(parts: PartStore) {
    this.#parts = parts;
  }

  /**
   * @returns the entries of the block; what lies behind them means nothing. Good until the next
   * call.
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  read(segment: IdSegment, block: number): Int32Array {
    const { file, offset } = segment.place;
    const mixed = Math.imul(file, 0x9e37_79b1) ^ Math.imul(offset % 0x7fff_ffff, 0x85eb_ca6b);
    const slot = (Math.imul(mixed ^ block, 0x2c1b_3c6d) >>> 20) & (slotCount - 1);
    let words = this.#words[slot];
    if (this.#segments[slot] === segment && this.#blocks[slot] === block && words !== undefined)
      return words;
    if (words === undefined) {
      words = new Int32Array(blockIds * entryWords);
      this.#words[slot] = words;
    }
    const bytes = readBlocks(this.#parts, segment, block, 1);
    readWords(bytes, 0, words, bytes.length / 4);
    this.#segments[slot] = segment;
    this.#blocks[slot] = block;
    return words;
  }

  /** Lets go of segments, some of which are no longer in use. */
  clear(): void {
    this.#segments.fill(null);
  }
}

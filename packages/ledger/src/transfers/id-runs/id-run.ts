import { hashUint128 } from '../../numbers/uint128.ts';
import type { PartPlace } from '../../parts/part-store.ts';
import type { BlockCache } from './block-cache.ts';
import { hashIds, idsTogether } from './hash-ids.ts';
import { filterLine, filterWords, lineMayHold, mayHold } from './id-filter.ts';
import { compareIds, lastNotAbove } from './id-order.ts';
import { blockIds, entryWords, type IdSegment } from './id-segment.ts';
import { SegmentDirectory } from './segment-directory.ts';
import { valueAt } from './value-words.ts';

const lines = new Int32Array(idsTogether);
const otherHashes = new Int32Array(idsTogether);
/** Takes what nobody needs: a compiler could leave out to look at things for nothing. */
const seen = new Int32Array(1);

/** Sorted ids on disk: segments that follow each other. It never changes. */
export class IdRun {
  readonly segments: readonly IdSegment[];
  readonly places: readonly PartPlace[];
  readonly count: number;
  /** Whether all its ids are in the filter of all ids. */
  readonly isSeen: boolean;
  readonly #directory: SegmentDirectory;
  /** Those of the segments, one after the other. */
  readonly #filter: Int32Array;
  /** Of each segment, where in it its filter begins; at last, where all end. */
  readonly #filterStarts: Int32Array;
  /** Of the hashes in filters. */
  readonly #seed: number;

  /**
   * @param segments in order, at least one
   * @param filter those of all segments
   * @param seed of the hashes in it
   * @param isSeen whether all its ids are in `SeenIds`
   */
  constructor(segments: readonly IdSegment[], filter: Int32Array, seed: number, isSeen: boolean) {
    this.isSeen = isSeen;
    this.segments = segments;
    this.places = segments.map(({ place }) => place);
    this.count = segments.reduce((sum, { count }) => sum + count, 0);
    this.#directory = new SegmentDirectory(segments);
    this.#filter = filter;
    this.#seed = seed;
    this.#filterStarts = new Int32Array(segments.length + 1);
    for (const [at, { count }] of segments.entries())
      this.#filterStarts[at + 1] = (this.#filterStarts[at] as number) + filterWords(count);
  }

  /**
   * @param hash of the id with `seed`
   * @returns a number with the lowest bit clear: the id is surely not here
   */
  mayHold(l0: number, l1: number, l2: number, l3: number, hash: number, seed: number): number {
    const at = this.#directory.find(l0, l1, l2, l3);
    if (at < 0) return 0;
    const own = this.#seed === seed ? hash : hashUint128(l0, l1, l2, l3, this.#seed);
    const starts = this.#filterStarts;
    return mayHold(this.#filter, starts[at] as number, starts[at + 1] as number, own);
  }

  /**
   * `mayHold` for many ids: first it looks at the lines of all in the filter, so that the processor
   * has several on the way from memory at a time.
   *
   * @param ids four lanes each
   * @param hashes of the ids with `seed`
   * @param count up to `idsTogether`
   * @param marks one is set to 1 where the id may be here; the others stay as they are
   */
  mark(ids: Int32Array, hashes: Int32Array, count: number, seed: number, marks: Uint8Array): void {
    const own = this.#seed === seed ? hashes : hashIds(ids, count, this.#seed, otherHashes);
    const filter = this.#filter;
    const starts = this.#filterStarts;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const at = this.#directory.find(
        ids[i * 4] as number,
        ids[i * 4 + 1] as number,
        ids[i * 4 + 2] as number,
        ids[i * 4 + 3] as number,
      );
      const from = starts[Math.max(0, at)] as number;
      const to = starts[at + 1] as number;
      const line = filterLine(from, to, own[i] as number);
      lines[i] = line;
      sum ^= filter[line] as number;
    }
    seen[0] = sum;
    for (let i = 0; i < count; i++) {
      const bits = lineMayHold(filter, lines[i] as number, own[i] as number);
      marks[i] = (marks[i] as number) | (bits & 1);
    }
  }

  /**
   * @returns the value of the id; -1: it is not here
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  find(blocks: BlockCache, l0: number, l1: number, l2: number, l3: number): number {
    const segment = this.segments[this.#directory.find(l0, l1, l2, l3)];
    if (segment === undefined) return -1;
    const { fences } = segment;
    const block = lastNotAbove(fences, 4, fences.length >> 2, l0, l1, l2, l3);
    const words = blocks.read(segment, block);
    const row = lastNotAbove(words, entryWords, rowsOf(segment, block), l0, l1, l2, l3);
    const at = row * entryWords;
    if (row < 0 || compareIds(words, at, l0, l1, l2, l3) !== 0) return -1;
    return valueAt(words, at);
  }

  /**
   * Whether any id from `first` to `last`, both of four lanes, is here.
   *
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  intersects(blocks: BlockCache, first: Int32Array, last: Int32Array): boolean {
    const [l0, l1, l2, l3] = lanesOf(last);
    const at = this.#directory.find(l0, l1, l2, l3);
    if (at < 0) return false;
    const segment = this.segments[at] as IdSegment;
    const [f0, f1, f2, f3] = lanesOf(first);
    if (compareIds(segment.last, 0, f0, f1, f2, f3) < 0) return false;
    const { fences } = segment;
    const block = lastNotAbove(fences, 4, fences.length >> 2, l0, l1, l2, l3);
    if (compareIds(fences, block * 4, f0, f1, f2, f3) >= 0) return true;
    const words = blocks.read(segment, block);
    const row = lastNotAbove(words, entryWords, rowsOf(segment, block), l0, l1, l2, l3);
    return compareIds(words, row * entryWords, f0, f1, f2, f3) >= 0;
  }
}

function rowsOf({ count }: IdSegment, block: number): number {
  return Math.min(blockIds, count - block * blockIds);
}

function lanesOf(id: Int32Array): [number, number, number, number] {
  return [id[0] as number, id[1] as number, id[2] as number, id[3] as number];
}

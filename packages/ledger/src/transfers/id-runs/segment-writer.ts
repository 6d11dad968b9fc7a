import { assert } from '@quorate/base';
import { hashUint128 } from '../../numbers/uint128.ts';
import type { PartPlace, PartStore } from '../../parts/part-store.ts';
import { addToFilter, filterWords } from './id-filter.ts';
import {
  blockBytes,
  blockIds,
  blocksOf,
  entryWords,
  headBytesOf,
  headWordsOf,
  type IdSegment,
  segmentBytesOf,
} from './id-segment.ts';
import { putLowBytesFirst } from './word-bytes.ts';

/** Writes a segment of as many ids as were announced. */
export class SegmentWriter {
  readonly #count: number;
  readonly #seed: number;
  /** The whole segment, head and entries. */
  readonly #words: Int32Array;
  readonly #filter: Int32Array;
  readonly #filterFrom: number;
  readonly #filterTo: number;
  /** Where in the words the next entry goes. */
  #at: number;

  /**
   * @param filter its filter is written there, zeros up to now, from `filterFrom` on
   * @param seed of the hashes in it
   */
  constructor(count: number, filter: Int32Array, filterFrom: number, seed: number) {
    this.#count = count;
    this.#seed = seed;
    this.#words = new Int32Array(segmentBytesOf(count) / 4);
    this.#at = headBytesOf(count) / 4;
    this.#filter = filter;
    this.#filterFrom = filterFrom;
    this.#filterTo = filterFrom + filterWords(count);
  }

  get isFull(): boolean {
    return this.#at === this.#words.length;
  }

  /**
   * Ids come in ascending order.
   *
   * @param entry words, from `from` on
   * @returns the hash of the id
   */
  add(entry: Int32Array, from: number): number {
    const words = this.#words;
    const at = this.#at;
    const l0 = entry[from] as number;
    const l1 = entry[from + 1] as number;
    const l2 = entry[from + 2] as number;
    const l3 = entry[from + 3] as number;
    words[at] = l0;
    words[at + 1] = l1;
    words[at + 2] = l2;
    words[at + 3] = l3;
    words[at + 4] = entry[from + 4] as number;
    words[at + 5] = entry[from + 5] as number;
    this.#at = at + entryWords;
    const hash = hashUint128(l0, l1, l2, l3, this.#seed);
    addToFilter(this.#filter, this.#filterFrom, this.#filterTo, hash);
    return hash;
  }

  /** @param put adds the part */
  finish(checksum: PartStore['checksum'], put: (bytes: Uint8Array) => PartPlace): IdSegment {
    assert(this.isFull, 'a segment has as many ids as were announced');
    const count = this.#count;
    const words = this.#words;
    const bytes = new Uint8Array(words.buffer);
    const headBytes = headBytesOf(count);
    const entries = words.subarray(headBytes / 4);
    const blocks = blocksOf(count);
    const fences = new Int32Array(blocks * 4);
    for (let block = 0, at = 0; block < blocks; block++, at += blockIds * entryWords)
      fences.set(entries.subarray(at, at + 4), block * 4);
    const last = entries.slice(entries.length - entryWords, entries.length - 2);
    putLowBytesFirst(bytes.subarray(headBytes));
    const crcs = new Int32Array(blocks);
    for (let block = 0, from = headBytes; block < blocks; block++, from += blockBytes)
      crcs[block] = checksum(bytes.subarray(from, from + blockBytes));
    const filter = this.#filter.subarray(this.#filterFrom, this.#filterTo);
    words.set(headWordsOf({ count, seed: this.#seed, filter, fences, crcs, last }));
    putLowBytesFirst(bytes.subarray(0, headBytes - 4));
    words[headBytes / 4 - 1] = checksum(bytes.subarray(0, headBytes - 4));
    putLowBytesFirst(bytes.subarray(headBytes - 4, headBytes));
    return { place: put(bytes), count, fences, crcs, last };
  }
}

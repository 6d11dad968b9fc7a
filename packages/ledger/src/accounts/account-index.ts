import { assert } from '@quorate/base';
import { equalUint128, hashUint128 } from '../numbers/uint128.ts';
import { type AccountChunk, chunkMask, chunkShift, idWord, wordsShift } from './account-chunk.ts';

/** A segment: words for its count and depth, then its cells. */
const countWord = 0;
const depthWord = 1;
const headerWords = 2;

/** A cell: the hash of the id, and the slot plus 1; 0 there: the cell is free. */
const cellWords = 2;

const firstCells = 64;
/** Dividing as many takes some ten microseconds: the longest pause of an insert. */
const mostCells = 4096;
const mostDepth = 16;

/** Ids that are looked for at a time: what is looked at for them has room in a small cache. */
const findsTogether = 256;

/**
 * Finds the slot of an account by its id.
 *
 * Extendible hashing: the upper bits of an id's hash lead through a directory to a segment, a small
 * table with linear probing by the lower bits, three quarters full at most. A full segment is
 * divided in two by one more upper bit. So the index grows by steps of a few microseconds, there is
 * never an old table beside a new one, and a search writes nothing. The hash beside a slot spares a
 * search that fails from looking at ids, and a division too.
 *
 * Small indexes have one small segment that doubles. So does a segment that has become as deep as
 * can be, which takes 200 million accounts or ids chosen so that their hashes begin alike.
 */
export class AccountIndex {
  readonly #chunks: readonly AccountChunk[];
  readonly #seed: number;
  readonly #hashes = new Int32Array(findsTogether);
  readonly #scratch = new Int32Array(headerWords + mostCells * cellWords);
  /** By the first `#depth` bits of a hash. A segment less deep stands in several places. */
  #directory: Int32Array[] = [newSegment(firstCells, 0)];
  #depth = 0;

  /**
   * @param chunks where the ids are; may grow
   * @param seed 32 bits, for the hash. Answers do not depend on it, so each process may have its
   *   own, unknown to clients who would choose ids that collide.
   */
  constructor(chunks: readonly AccountChunk[], seed: number) {
    this.#chunks = chunks;
    this.#seed = seed;
  }

  /** The bytes of all cells, free or not. */
  get bytes(): number {
    let bytes = this.#scratch.byteLength;
    for (const segment of new Set(this.#directory)) bytes += segment.byteLength;
    return bytes;
  }

  /**
   * @param lane0 with the others, the id; each as a signed integer (`| 0`), because V8 puts an
   *   unsigned one above 2^31 on the heap when it is handed on
   * @returns the slot of the account, or -1
   */
  find(lane0: number, lane1: number, lane2: number, lane3: number): number {
    const hash = hashUint128(lane0, lane1, lane2, lane3, this.#seed);
    const segment = this.#segmentOf(hash);
    const mask = segment.length - headerWords - cellWords;
    for (let at = (hash << 1) & mask; ; at = (at + cellWords) & mask) {
      const next = segment[headerWords + at + 1] as number;
      if (next === 0) return -1;
      if (segment[headerWords + at] !== hash) continue;
      const slot = next - 1;
      const { words } = this.#chunks[slot >>> chunkShift] as AccountChunk;
      const id = ((slot & chunkMask) << wordsShift) + idWord;
      if (
        ((words[id] as number) | 0) === lane0 &&
        ((words[id + 1] as number) | 0) === lane1 &&
        ((words[id + 2] as number) | 0) === lane2 &&
        ((words[id + 3] as number) | 0) === lane3
      ) {
        return slot;
      }
    }
  }

  /**
   * Looks for many ids. It takes a step for many of them and then the next step: so a processor
   * waits for the memory of several at a time. With few accounts, that is no gain, and no loss.
   *
   * @param ids four lanes each, the low one first
   * @param slots gets for each of the first `count` the slot of the account, or -1
   */
  findMany(ids: Uint32Array, count: number, slots: Int32Array): void {
    for (let from = 0; from < count; from += findsTogether) {
      const end = Math.min(count, from + findsTogether);
      this.#hashAll(ids, from, end);
      this.#guess(from, end, slots);
      this.#verify(ids, from, end, slots);
    }
  }

  /**
   * Takes in the account in this slot, whose id is in its chunk.
   *
   * @returns whether it did; false: an account with that id is there already
   */
  insert(slot: number): boolean {
    const hash = this.#hashAt(slot);
    let segment = this.#segmentOf(hash);
    while (isFull(segment)) {
      this.#grow(segment, hash);
      segment = this.#segmentOf(hash);
    }
    const mask = segment.length - headerWords - cellWords;
    let at = (hash << 1) & mask;
    for (; segment[headerWords + at + 1] !== 0; at = (at + cellWords) & mask) {
      if (segment[headerWords + at] !== hash) continue;
      if (this.#haveOneId(slot, (segment[headerWords + at + 1] as number) - 1)) return false;
    }
    segment[headerWords + at] = hash;
    segment[headerWords + at + 1] = slot + 1;
    segment[countWord] = (segment[countWord] as number) + 1;
    return true;
  }

  /** Forgets the account in this slot, whose id is still in its chunk. */
  remove(slot: number): void {
    const hash = this.#hashAt(slot);
    const segment = this.#segmentOf(hash);
    const mask = segment.length - headerWords - cellWords;
    let hole = (hash << 1) & mask;
    while (segment[headerWords + hole + 1] !== slot + 1) {
      assert(segment[headerWords + hole + 1] !== 0, 'an account that is removed is in the index');
      hole = (hole + cellWords) & mask;
    }
    // What follows moves up unless it would come to stand before its own place.
    for (let at = (hole + cellWords) & mask; ; at = (at + cellWords) & mask) {
      const next = segment[headerWords + at + 1] as number;
      if (next === 0) break;
      const otherHash = segment[headerWords + at] as number;
      const fromHome = (at - (otherHash << 1)) & mask;
      if (fromHome < ((at - hole) & mask)) continue;
      segment[headerWords + hole] = otherHash;
      segment[headerWords + hole + 1] = next;
      hole = at;
    }
    segment[headerWords + hole] = 0;
    segment[headerWords + hole + 1] = 0;
    segment[countWord] = (segment[countWord] as number) - 1;
  }

  #hashAll(ids: Uint32Array, from: number, end: number): void {
    for (let i = from; i < end; i++) {
      this.#hashes[i - from] = hashUint128(
        (ids[i * 4] as number) | 0,
        (ids[i * 4 + 1] as number) | 0,
        (ids[i * 4 + 2] as number) | 0,
        (ids[i * 4 + 3] as number) | 0,
        this.#seed,
      );
    }
  }

  /** The first accounts with the right hashes, or -1. */
  #guess(from: number, end: number, slots: Int32Array): void {
    for (let i = from; i < end; i++) {
      const hash = this.#hashes[i - from] as number;
      const segment = this.#segmentOf(hash);
      const mask = segment.length - headerWords - cellWords;
      let at = (hash << 1) & mask;
      let next = segment[headerWords + at + 1] as number;
      while (next !== 0 && segment[headerWords + at] !== hash) {
        at = (at + cellWords) & mask;
        next = segment[headerWords + at + 1] as number;
      }
      slots[i] = next - 1;
    }
  }

  /** Looks again for ids that an account found has the hash of, but that are others. */
  #verify(ids: Uint32Array, from: number, end: number, slots: Int32Array): void {
    for (let i = from; i < end; i++) {
      const slot = slots[i] as number;
      if (slot < 0) continue;
      const { words } = this.#chunks[slot >>> chunkShift] as AccountChunk;
      const id = ((slot & chunkMask) << wordsShift) + idWord;
      if (equalUint128(words, id, ids, i * 4)) continue;
      slots[i] = this.find(
        (ids[i * 4] as number) | 0,
        (ids[i * 4 + 1] as number) | 0,
        (ids[i * 4 + 2] as number) | 0,
        (ids[i * 4 + 3] as number) | 0,
      );
    }
  }

  #haveOneId(slot: number, other: number): boolean {
    return equalUint128(
      (this.#chunks[slot >>> chunkShift] as AccountChunk).words,
      ((slot & chunkMask) << wordsShift) + idWord,
      (this.#chunks[other >>> chunkShift] as AccountChunk).words,
      ((other & chunkMask) << wordsShift) + idWord,
    );
  }

  #hashAt(slot: number): number {
    const { words } = this.#chunks[slot >>> chunkShift] as AccountChunk;
    const id = ((slot & chunkMask) << wordsShift) + idWord;
    return hashUint128(
      (words[id] as number) | 0,
      (words[id + 1] as number) | 0,
      (words[id + 2] as number) | 0,
      (words[id + 3] as number) | 0,
      this.#seed,
    );
  }

  #segmentOf(hash: number): Int32Array {
    return this.#directory[this.#entryOf(hash)] as Int32Array;
  }

  #entryOf(hash: number): number {
    // In two steps, because a shift by 32 bits, when the depth is 0, would be none.
    return (hash >>> 1) >>> (31 - this.#depth);
  }

  #grow(segment: Int32Array, hash: number): void {
    const depth = segment[depthWord] as number;
    const cells = (segment.length - headerWords) / cellWords;
    if (cells < mostCells || depth === mostDepth) {
      const larger = newSegment(cells * 2, depth);
      this.#replace(hash, depth, larger);
      refill(segment, larger, larger, 0);
      return;
    }
    if (depth === this.#depth) this.#deepen();
    const upper = newSegment(cells, depth + 1);
    const bit = 1 << (31 - depth);
    this.#scratch.set(segment);
    segment.fill(0);
    segment[depthWord] = depth + 1;
    this.#replace(hash | bit, depth + 1, upper);
    refill(this.#scratch, segment, upper, bit);
  }

  /** Puts a segment where the first `depth` bits of the hash lead to. */
  #replace(hash: number, depth: number, segment: Int32Array): void {
    const entries = 1 << (this.#depth - depth);
    const first = this.#entryOf(hash) & -entries;
    this.#directory.fill(segment, first, first + entries);
  }

  #deepen(): void {
    const deeper: Int32Array[] = [];
    for (const segment of this.#directory) deeper.push(segment, segment);
    this.#directory = deeper;
    this.#depth++;
  }
}

function newSegment(cells: number, depth: number): Int32Array {
  const segment = new Int32Array(headerWords + cells * cellWords);
  segment[depthWord] = depth;
  return segment;
}

function isFull(segment: Int32Array): boolean {
  const cells = (segment.length - headerWords) / cellWords;
  return (segment[countWord] as number) * 4 >= cells * 3;
}

function put(segment: Int32Array, hash: number, slotPlusOne: number): void {
  const mask = segment.length - headerWords - cellWords;
  let at = (hash << 1) & mask;
  while (segment[headerWords + at + 1] !== 0) at = (at + cellWords) & mask;
  segment[headerWords + at] = hash;
  segment[headerWords + at + 1] = slotPlusOne;
  segment[countWord] = (segment[countWord] as number) + 1;
}

/** Puts what is in `old` into `upper` where the bit of the hash is set, else into `lower`. */
function refill(old: Int32Array, lower: Int32Array, upper: Int32Array, bit: number): void {
  for (let at = headerWords; at < old.length; at += cellWords) {
    const slotPlusOne = old[at + 1] as number;
    if (slotPlusOne === 0) continue;
    const hash = old[at] as number;
    put((hash & bit) === 0 ? lower : upper, hash, slotPlusOne);
  }
}

import { chunkEntries, type StrayIds } from '../stray-ids.ts';
import { entryWords } from './id-segment.ts';
import { lazyWords } from './lazy-words.ts';

const bucketBits = 8;
const bucketCount = 1 << bucketBits;
/** An entry is moved in the time in which so many are looked at. */
const looksPerMove = 2;

type Stage = 'compare' | 'count' | 'move' | 'done';

/**
 * Copies the entries of a table that grows no more, a little at a time, into buckets of ids that
 * are near each other, the least ids first: what is sorted after that fits the processor's cache,
 * unless ids are much alike.
 */
export class TableScatter {
  /** Entries as in a segment, six words each. */
  readonly entries: Int32Array;
  /** Of each bucket, where it ends, and the next one begins; once it is done. */
  readonly ends = new Uint32Array(bucketCount);
  readonly #table: StrayIds;
  #stage: Stage = 'compare';
  /** What is done of the stage. */
  #at = 0;
  /** Bits in which not all ids are the same. */
  readonly #differing = new Int32Array(4);
  /** The bits that choose a bucket: highest ones in which ids differ. */
  #lane = 0;
  #shift = 0;

  /** @param entries where they go, if there is room; what was in it is of no use any more */
  constructor(table: StrayIds, entries: Int32Array | null) {
    const words = table.count * entryWords;
    this.#table = table;
    this.entries = entries !== null && entries.length >= words ? entries : lazyWords(words);
  }

  get isDone(): boolean {
    return this.#stage === 'done';
  }

  /**
   * Goes on.
   *
   * @returns what it has cost, in entries that are moved
   */
  step(budget: number): number {
    const { count } = this.#table;
    const perMove = this.#stage === 'move' ? 1 : looksPerMove;
    const from = this.#at;
    // No more than what lies together in the table.
    const most = Math.min(count, (Math.floor(from / chunkEntries) + 1) * chunkEntries);
    const to = Math.min(most, from + Math.ceil(budget * perMove));
    const words = this.#table.chunks[Math.floor(from / chunkEntries)] as Int32Array;
    const begin = (from % chunkEntries) * entryWords;
    const end = begin + (to - from) * entryWords;
    if (this.#stage === 'compare') this.#compare(words, begin, end);
    else if (this.#stage === 'count') this.#count(words, begin, end);
    else this.#move(words, begin, end);
    this.#at = to;
    if (to === count) this.#nextStage();
    return (to - from) / perMove;
  }

  #nextStage(): void {
    this.#at = 0;
    if (this.#stage === 'compare') {
      this.#chooseBits();
      this.#stage = 'count';
    } else if (this.#stage === 'count') {
      let sum = 0;
      // Each end is where the bucket begins until entries have come.
      for (const [bucket, ids] of this.ends.entries()) {
        this.ends[bucket] = sum;
        sum += ids;
      }
      this.#stage = 'move';
    } else this.#stage = 'done';
  }

  #chooseBits(): void {
    let lane = 3;
    while (lane > 0 && this.#differing[lane] === 0) lane--;
    this.#lane = lane;
    const bits = 32 - Math.clz32(this.#differing[lane] as number);
    this.#shift = Math.max(0, bits - bucketBits);
  }

  #compare(words: Int32Array, begin: number, end: number): void {
    const first = this.#table.chunks[0] as Int32Array;
    const differing = this.#differing;
    const [f0 = 0, f1 = 0, f2 = 0, f3 = 0] = first.subarray(0, 4);
    let [d0 = 0, d1 = 0, d2 = 0, d3 = 0] = differing;
    for (let at = begin; at < end; at += entryWords) {
      d0 |= (words[at] as number) ^ f0;
      d1 |= (words[at + 1] as number) ^ f1;
      d2 |= (words[at + 2] as number) ^ f2;
      d3 |= (words[at + 3] as number) ^ f3;
    }
    differing[0] = d0;
    differing[1] = d1;
    differing[2] = d2;
    differing[3] = d3;
  }

  #count(words: Int32Array, begin: number, end: number): void {
    const { ends } = this;
    const shift = this.#shift;
    for (let at = begin + this.#lane; at < end; at += entryWords) {
      const bucket = ((words[at] as number) >>> shift) & (bucketCount - 1);
      ends[bucket] = (ends[bucket] as number) + 1;
    }
  }

  #move(words: Int32Array, begin: number, end: number): void {
    const { ends, entries } = this;
    const lane = this.#lane;
    const shift = this.#shift;
    for (let at = begin; at < end; at += entryWords) {
      const bucket = ((words[at + lane] as number) >>> shift) & (bucketCount - 1);
      const to = ends[bucket] as number;
      ends[bucket] = to + 1;
      const out = to * entryWords;
      entries[out] = words[at] as number;
      entries[out + 1] = words[at + 1] as number;
      entries[out + 2] = words[at + 2] as number;
      entries[out + 3] = words[at + 3] as number;
      entries[out + 4] = words[at + 4] as number;
      entries[out + 5] = words[at + 5] as number;
    }
  }
}

import { assert } from '@quorate/base';
import { hashUint128 } from '../numbers/uint128.ts';
import { entryWords } from './id-runs/id-segment.ts';
import { lazyWords, touchWords } from './id-runs/lazy-words.ts';
import { valueAt } from './id-runs/value-words.ts';

/**
 * Where nobody knows how many ids will come, each part is a small table that grows by itself, so
 * that no growth moves more than a part.
 */
const growingParts = 4096;
/** Bits of a hash that choose one of them; the others say where in it. */
const growingPartBits = 12;
const firstPartSlots = 8;
/** A slot: the hash of the id, and a number that is `base` or less where the slot is free. */
const slotWords = 2;
/** A part in which nothing was put yet. */
const noSlots = new Int32Array(slotWords);
/** Entries that lie together. */
export const chunkEntries = 65_536;
/** What `prepare` gets memory for at a time, at most: a mebibyte. */
const wordsPrepared = 2 ** 18;
/** Numbers in slots stay below 2^31. */
const usualLastBase = 2 ** 30;

/**
 * Ids that are in no run, each with a number. Lanes are signed (`| 0`) in all calls, because V8
 * puts others on the heap. Open addressing, with hashes beside the entries, so that the ids
 * themselves are hardly ever looked at for nothing; entries stand in the order in which they came,
 * so that the newest can be taken out again.
 */
export class StrayIds {
  /** Whether somebody else reads from it, for who knows how long: it cannot be used again. */
  isLent = false;
  readonly #chunks: Int32Array[] = [];
  readonly #parts: Int32Array[];
  readonly #partBits: number;
  readonly #partSizes: Uint32Array;
  readonly #seed: number;
  readonly #lastBase: number;
  /** Ids that were here and went: entries are numbered above them, so that their slots are free. */
  #base = 0;
  #count = 0;
  /** Words of the part of a table for some ids that have memory. */
  #prepared = 0;
  /** Takes what nobody needs: a compiler could leave out to look at things for nothing. */
  readonly #touched = new Int32Array(1);

  /**
   * @param seed 32 bits; see `hashUint128`. It changes no answer.
   * @param expected how many ids will come, when that is known: then there is one part, with room
   *   for them
   * @param lastBase after so many ids `clear` looks at all slots; for tests
   */
  constructor(seed: number, expected = 0, lastBase = usualLastBase) {
    this.#seed = seed;
    this.#lastBase = lastBase;
    this.#partBits = expected === 0 ? growingPartBits : 0;
    this.#parts =
      expected === 0
        ? new Array<Int32Array>(growingParts).fill(noSlots)
        : [lazyWords(slotsFor(expected) * slotWords)];
    this.#partSizes = new Uint32Array(this.#parts.length);
  }

  get count(): number {
    return this.#count;
  }

  /** Whether it was made for as many ids as will come. */
  get isBounded(): boolean {
    return this.#partBits === 0;
  }

  /** Entries in the order in which they came, 65,536 in each: as in a segment, six words each. */
  get chunks(): readonly Int32Array[] {
    return this.#chunks;
  }

  /**
   * @param hash of the id, as `hashUint128` gives it with the seed of this table
   * @returns the number of the id; -1: it is not here
   */
  find(l0: number, l1: number, l2: number, l3: number, hash: number): number {
    if (this.#count === 0) return -1;
    const part = this.#parts[this.#partOf(hash)] as Int32Array;
    const at = this.#seek(part, hash, l0, l1, l2, l3);
    const entry = (part[at + 1] as number) - this.#base - 1;
    if (entry < 0) return -1;
    return valueAt(this.#chunks[entry >>> 16] as Int32Array, (entry & 0xffff) * entryWords);
  }

  /**
   * Looks at what `add` begins with for some ids. Without a branch none of them waits for the one
   * before it, so that the processor has several on the way from memory at a time.
   *
   * @param hashes as for `find`, the first `count`
   */
  touch(hashes: Int32Array, count: number): void {
    const parts = this.#parts;
    const bits = this.#partBits;
    const partMask = parts.length - 1;
    let touched = 0;
    for (let i = 0; i < count; i++) {
      const hash = hashes[i] as number;
      const part = parts[hash & partMask] as Int32Array;
      touched ^= part[(hash >>> bits) & (part.length - slotWords)] as number;
    }
    this.#touched[0] = touched;
  }

  /**
   * Adds an id unless it is here.
   *
   * @param hash as for `find`
   * @param value what `find` is to answer
   * @returns whether it was added
   */
  add(l0: number, l1: number, l2: number, l3: number, hash: number, value: number): boolean {
    const partAt = this.#partOf(hash);
    const part = this.#roomyPart(partAt);
    const slot = this.#seek(part, hash, l0, l1, l2, l3);
    if ((part[slot + 1] as number) > this.#base) return false;
    const entry = this.#count++;
    this.#partSizes[partAt] = (this.#partSizes[partAt] as number) + 1;
    part[slot] = hash;
    part[slot + 1] = this.#base + entry + 1;
    if (entry >>> 16 === this.#chunks.length)
      this.#chunks.push(new Int32Array(chunkEntries * entryWords));
    const words = this.#chunks[entry >>> 16] as Int32Array;
    const at = (entry & 0xffff) * entryWords;
    words[at] = l0;
    words[at + 1] = l1;
    words[at + 2] = l2;
    words[at + 3] = l3;
    words[at + 4] = value;
    words[at + 5] = Math.floor(value / 2 ** 32);
    return true;
  }

  /** Takes the newest id out again. */
  removeNewest(): void {
    assert(this.#count > 0, 'there is an id to take out');
    const entry: number = --this.#count;
    const hash = this.#hashOf(entry);
    const partAt = this.#partOf(hash);
    const part = this.#parts[partAt] as Int32Array;
    const mask = part.length - slotWords;
    const base = this.#base;
    this.#partSizes[partAt] = (this.#partSizes[partAt] as number) - 1;
    let hole = this.#place(hash, mask);
    while (part[hole + 1] !== base + entry + 1) hole = (hole + slotWords) & mask;
    // Those behind it that could not stand where they wanted move up, or `find` would miss them.
    for (
      let at = (hole + slotWords) & mask;
      (part[at + 1] as number) > base;
      at = (at + slotWords) & mask
    ) {
      const wanted = this.#place(part[at] as number, mask);
      if (((at - wanted) & mask) < ((at - hole) & mask)) continue;
      part[hole] = part[at] as number;
      part[hole + 1] = part[at + 1] as number;
      hole = at;
    }
    part[hole + 1] = 0;
  }

  /** Takes all out, nearly always without looking at any of them. */
  clear(): void {
    this.#base += this.#count;
    this.#count = 0;
    this.#prepared = Number.POSITIVE_INFINITY;
    this.#partSizes.fill(0);
    if (this.#base < this.#lastBase) return;
    this.#base = 0;
    for (const part of this.#parts) part.fill(0);
  }

  /**
   * Gets memory for a table in which nothing was put yet, a little at a time, if it was made for
   * some ids.
   *
   * @param share of all of it that should be there by now
   */
  prepare(share: number): void {
    if (!this.isBounded) return;
    const part = this.#parts[0] as Int32Array;
    const from = this.#prepared;
    const end = Math.min(Math.ceil(part.length * share), from + wordsPrepared, part.length);
    if (end <= from) return;
    touchWords(part, from, end);
    this.#prepared = end;
  }

  /** Those from `from` up to, not including, `to`, in the order in which they came. */
  forEach(
    from: number,
    to: number,
    visit: (lanes: Int32Array, at: number, value: number) => void,
  ): void {
    for (let entry = from; entry < to; entry++) {
      const words = this.#chunks[entry >>> 16] as Int32Array;
      const at = (entry & 0xffff) * entryWords;
      visit(words, at, valueAt(words, at));
    }
  }

  #partOf(hash: number): number {
    return hash & (this.#parts.length - 1);
  }

  /** @param mask of a part */
  #place(hash: number, mask: number): number {
    return (hash >>> this.#partBits) & mask;
  }

  /** @returns where in the part the id stands, or the free slot where it would */
  #seek(part: Int32Array, hash: number, l0: number, l1: number, l2: number, l3: number): number {
    const mask = part.length - slotWords;
    const base = this.#base;
    for (let slot = this.#place(hash, mask); ; slot = (slot + slotWords) & mask) {
      const entry = (part[slot + 1] as number) - base - 1;
      if (entry < 0) return slot;
      if (part[slot] !== hash) continue;
      const words = this.#chunks[entry >>> 16] as Int32Array;
      const at = (entry & 0xffff) * entryWords;
      if (words[at] === l0 && words[at + 1] === l1 && words[at + 2] === l2 && words[at + 3] === l3)
        return slot;
    }
  }

  /** @returns the part, with room for one more */
  #roomyPart(partAt: number): Int32Array {
    const part = this.#parts[partAt] as Int32Array;
    const slots = part.length / slotWords;
    const isRoomy = ((this.#partSizes[partAt] as number) + 1) * 4 <= slots * 3;
    return isRoomy ? part : this.#grow(partAt, part);
  }

  #grow(partAt: number, old: Int32Array): Int32Array {
    const slots = old === noSlots ? firstPartSlots : (old.length / slotWords) * 2;
    const grown = new Int32Array(slots * slotWords);
    const mask = grown.length - slotWords;
    for (let from = 0; from < old.length; from += slotWords) {
      if ((old[from + 1] as number) <= this.#base) continue;
      const hash = old[from] as number;
      let to = this.#place(hash, mask);
      while (grown[to + 1] !== 0) to = (to + slotWords) & mask;
      grown[to] = hash;
      grown[to + 1] = old[from + 1] as number;
    }
    this.#parts[partAt] = grown;
    return grown;
  }

  #hashOf(entry: number): number {
    const words = this.#chunks[entry >>> 16] as Int32Array;
    const at = (entry & 0xffff) * entryWords;
    return hashUint128(
      words[at] as number,
      words[at + 1] as number,
      words[at + 2] as number,
      words[at + 3] as number,
      this.#seed,
    );
  }
}

/** @returns a power of two, three quarters of which are more than is expected */
function slotsFor(expected: number): number {
  let slots = firstPartSlots;
  while (slots * 0.7 < expected) slots *= 2;
  return slots;
}

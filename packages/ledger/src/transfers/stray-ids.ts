import { assert } from '@quorate/base';
import { hashUint128 } from '../numbers/uint128.ts';

/** Each part is a small table that grows by itself, so that no growth moves more than a part. */
const partCount = 4096;
const firstPartSlots = 8;
/** A slot of a part: the hash of the id, and the entry plus 1; 0 there: the slot is free. */
const slotWords = 2;
/** A part in which nothing was put yet. */
const noSlots = new Int32Array(slotWords);
const chunkEntries = 65_536;

/** Ids in the order in which they came, 65,536 of them but in the last chunk. */
export interface StrayChunk {
  /** Four lanes an id, low lane first; signed, since V8 puts others on the heap in a call. */
  readonly lanes: Int32Array;
  readonly positions: Float64Array;
}

/**
 * Ids that are in no run, each with a number. Lanes are signed (`| 0`) in all calls. Open
 * addressing, with hashes beside the entries, so that the ids themselves are hardly ever looked at
 * for nothing; entries stand in the order in which they came, so that the newest can be taken out
 * again.
 */
export class StrayIds {
  readonly #chunks: StrayChunk[] = [];
  readonly #parts: Int32Array[];
  readonly #partSizes = new Uint32Array(partCount);
  readonly #seed: number;
  #count = 0;
  /** Takes what nobody needs: a compiler could leave out to look at things for nothing. */
  readonly #touched = new Int32Array(1);

  /**
   * @param seed 32 bits; see `hashUint128`. It changes no answer.
   * @param expected how many ids will come, when that is known: parts begin with room for them
   */
  constructor(seed: number, expected = 0) {
    this.#seed = seed;
    this.#parts = expected === 0 ? new Array(partCount).fill(noSlots) : partsFor(expected);
  }

  get count(): number {
    return this.#count;
  }

  get chunks(): readonly StrayChunk[] {
    return this.#chunks;
  }

  /** @returns the number of the id; -1: it is not here */
  find(l0: number, l1: number, l2: number, l3: number): number {
    if (this.#count === 0) return -1;
    const hash = hashUint128(l0, l1, l2, l3, this.#seed);
    const part = this.#parts[hash & (partCount - 1)] as Int32Array;
    const at = this.#seek(part, hash, l0, l1, l2, l3);
    const entry = (part[at + 1] as number) - 1;
    if (entry < 0) return -1;
    return (this.#chunks[entry >>> 16] as StrayChunk).positions[entry & 0xffff] as number;
  }

  /**
   * Asks for many ids by their hashes.
   *
   * @param hashes of the ids with the seed of this table, the first `count`
   * @param marks one is set to 1 where the id may be here; the others stay as they are
   */
  mark(hashes: Int32Array, count: number, marks: Uint8Array): void {
    if (this.#count === 0) return;
    this.touch(hashes, count);
    const parts = this.#parts;
    for (let i = 0; i < count; i++) {
      const hash = hashes[i] as number;
      const part = parts[hash & (partCount - 1)] as Int32Array;
      const mask = part.length - slotWords;
      let at = (hash >>> 11) & mask;
      while (part[at + 1] !== 0 && part[at] !== hash) at = (at + slotWords) & mask;
      if (part[at + 1] !== 0) marks[i] = 1;
    }
  }

  /**
   * Looks at what `add` and `mark` begin with for some ids. Without a branch none of them waits for
   * the one before it, so that the processor has several on the way from memory at a time.
   */
  touch(hashes: Int32Array, count: number): void {
    const parts = this.#parts;
    let touched = 0;
    for (let i = 0; i < count; i++) {
      const hash = hashes[i] as number;
      const part = parts[hash & (partCount - 1)] as Int32Array;
      touched ^= part[(hash >>> 11) & (part.length - slotWords)] as number;
    }
    this.#touched[0] = touched;
  }

  /**
   * Adds an id unless it is here.
   *
   * @param value what `find` is to answer
   * @returns whether it was added
   */
  add(l0: number, l1: number, l2: number, l3: number, value: number): boolean {
    const hash = hashUint128(l0, l1, l2, l3, this.#seed);
    const partAt = hash & (partCount - 1);
    const part = this.#roomyPart(partAt);
    const slot = this.#seek(part, hash, l0, l1, l2, l3);
    if (part[slot + 1] !== 0) return false;
    const entry = this.#count++;
    this.#partSizes[partAt] = (this.#partSizes[partAt] as number) + 1;
    part[slot] = hash;
    part[slot + 1] = entry + 1;
    if (entry >>> 16 === this.#chunks.length) {
      const lanes = new Int32Array(chunkEntries * 4);
      this.#chunks.push({ lanes, positions: new Float64Array(chunkEntries) });
    }
    const { lanes, positions } = this.#chunks[entry >>> 16] as StrayChunk;
    const at = (entry & 0xffff) * 4;
    lanes[at] = l0;
    lanes[at + 1] = l1;
    lanes[at + 2] = l2;
    lanes[at + 3] = l3;
    positions[at >> 2] = value;
    return true;
  }

  /** Takes the newest id out again. */
  removeNewest(): void {
    assert(this.#count > 0, 'there is an id to take out');
    const entry: number = --this.#count;
    const hash = this.#hashOf(entry);
    const partAt = hash & (partCount - 1);
    const part = this.#parts[partAt] as Int32Array;
    const mask = part.length - slotWords;
    this.#partSizes[partAt] = (this.#partSizes[partAt] as number) - 1;
    let hole = (hash >>> 11) & mask;
    while (part[hole + 1] !== entry + 1) hole = (hole + slotWords) & mask;
    // Those behind it that could not stand where they wanted move up, or `find` would miss them.
    for (let at = (hole + slotWords) & mask; part[at + 1] !== 0; at = (at + slotWords) & mask) {
      const wanted = ((part[at] as number) >>> 11) & mask;
      if (((at - wanted) & mask) < ((at - hole) & mask)) continue;
      part[hole] = part[at] as number;
      part[hole + 1] = part[at + 1] as number;
      hole = at;
    }
    part[hole + 1] = 0;
  }

  /** Those from `from` up to, not including, `to`, in the order in which they came. */
  forEach(
    from: number,
    to: number,
    visit: (lanes: Int32Array, at: number, value: number) => void,
  ): void {
    for (let entry = from; entry < to; entry++) {
      const { lanes, positions } = this.#chunks[entry >>> 16] as StrayChunk;
      visit(lanes, (entry & 0xffff) * 4, positions[entry & 0xffff] as number);
    }
  }

  /** @returns where in the part the id stands, or the free slot where it would */
  #seek(part: Int32Array, hash: number, l0: number, l1: number, l2: number, l3: number): number {
    const mask = part.length - slotWords;
    for (let slot = (hash >>> 11) & mask; ; slot = (slot + slotWords) & mask) {
      const entry = (part[slot + 1] as number) - 1;
      if (entry < 0) return slot;
      if (part[slot] !== hash) continue;
      const { lanes } = this.#chunks[entry >>> 16] as StrayChunk;
      const at = (entry & 0xffff) * 4;
      if (lanes[at] === l0 && lanes[at + 1] === l1 && lanes[at + 2] === l2 && lanes[at + 3] === l3)
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
      if (old[from + 1] === 0) continue;
      const hash = old[from] as number;
      let to = (hash >>> 11) & mask;
      while (grown[to + 1] !== 0) to = (to + slotWords) & mask;
      grown[to] = hash;
      grown[to + 1] = old[from + 1] as number;
    }
    this.#parts[partAt] = grown;
    return grown;
  }

  #hashOf(entry: number): number {
    const { lanes } = this.#chunks[entry >>> 16] as StrayChunk;
    const at = (entry & 0xffff) * 4;
    return hashUint128(
      lanes[at] as number,
      lanes[at + 1] as number,
      lanes[at + 2] as number,
      lanes[at + 3] as number,
      this.#seed,
    );
  }
}

/** @returns parts in one array, of which the system gives memory only for what is written to */
function partsFor(expected: number): Int32Array[] {
  let slots = firstPartSlots;
  // Some parts get a few more than others, and three quarters of the slots is what a part takes.
  while (slots * 0.7 < expected / partCount) slots *= 2;
  const words = slots * slotWords;
  const all = new Int32Array(partCount * words);
  return Array.from({ length: partCount }, (_, at) => all.subarray(at * words, (at + 1) * words));
}

import { assert } from '@quorate/base';
import { hashUint128 } from '../numbers/uint128.ts';

/** Each part is a small table that grows by itself, so that no growth moves more than a part. */
const partCount = 4096;
const firstPartSlots = 8;
const chunkEntries = 65_536;

/** Ids in the order in which they came, 65,536 of them but in the last chunk. */
export interface StrayChunk {
  /** Four lanes an id, low lane first; signed, since V8 puts others on the heap in a call. */
  readonly lanes: Int32Array;
  readonly positions: Float64Array;
}

/**
 * Ids that are in no run, each with a number. Lanes are signed (`| 0`) in all calls. Open
 * addressing; entries stand in the order in which they came, so that the newest can be taken out
 * again.
 */
export class StrayIds {
  readonly #chunks: StrayChunk[] = [];
  /** Of each part: entry + 1, or 0 where there is none. */
  readonly #parts: (Uint32Array | undefined)[] = new Array(partCount);
  readonly #partSizes = new Uint32Array(partCount);
  readonly #seed: number;
  #count = 0;

  /** @param seed 32 bits; see `hashUint128`. It changes no answer. */
  constructor(seed: number) {
    this.#seed = seed;
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
    const h = hashUint128(l0, l1, l2, l3, this.#seed);
    const part = this.#parts[h & (partCount - 1)];
    if (part === undefined) return -1;
    const mask = part.length - 1;
    for (let slot = (h >>> 12) & mask; ; slot = (slot + 1) & mask) {
      const entry: number = (part[slot] as number) - 1;
      if (entry < 0) return -1;
      const { lanes, positions } = this.#chunks[entry >>> 16] as StrayChunk;
      const at = (entry & 0xffff) * 4;
      if (lanes[at] === l0 && lanes[at + 1] === l1 && lanes[at + 2] === l2 && lanes[at + 3] === l3)
        return positions[at >> 2] as number;
    }
  }

  /** @param value what `find` is to answer; the id is not here yet */
  add(l0: number, l1: number, l2: number, l3: number, value: number): void {
    const entry = this.#count++;
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
    const h = hashUint128(l0, l1, l2, l3, this.#seed);
    const partAt = h & (partCount - 1);
    const size = (this.#partSizes[partAt] as number) + 1;
    this.#partSizes[partAt] = size;
    const part = this.#parts[partAt];
    if (part === undefined || size * 2 > part.length) this.#grow(partAt, part);
    place(this.#parts[partAt] as Uint32Array, h >>> 12, entry + 1);
  }

  /** Takes the newest id out again. */
  removeNewest(): void {
    assert(this.#count > 0, 'there is an id to take out');
    const entry: number = --this.#count;
    const h = this.#hashOf(entry);
    const partAt = h & (partCount - 1);
    const part = this.#parts[partAt] as Uint32Array;
    const mask = part.length - 1;
    this.#partSizes[partAt] = (this.#partSizes[partAt] as number) - 1;
    let hole = (h >>> 12) & mask;
    while (part[hole] !== entry + 1) hole = (hole + 1) & mask;
    // Those behind it that could not stand where they wanted move up, or `find` would miss them.
    for (let slot = (hole + 1) & mask; part[slot] !== 0; slot = (slot + 1) & mask) {
      const wanted = (this.#hashOf((part[slot] as number) - 1) >>> 12) & mask;
      if (((slot - wanted) & mask) < ((slot - hole) & mask)) continue;
      part[hole] = part[slot] as number;
      hole = slot;
    }
    part[hole] = 0;
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

  #grow(partAt: number, old: Uint32Array | undefined): void {
    const grown = new Uint32Array(old === undefined ? firstPartSlots : old.length * 2);
    this.#parts[partAt] = grown;
    if (old === undefined) return;
    for (const entry of old) if (entry !== 0) place(grown, this.#hashOf(entry - 1) >>> 12, entry);
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

function place(part: Uint32Array, wanted: number, entry: number): void {
  const mask = part.length - 1;
  let slot = wanted & mask;
  while (part[slot] !== 0) slot = (slot + 1) & mask;
  part[slot] = entry;
}

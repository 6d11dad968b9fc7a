import type { Prng } from '@quorate/base';

interface DirtyRange {
  readonly offset: number;
  readonly length: number;
  /** The file's size as the write found it. */
  readonly sizeBefore: number;
  /** Where the bytes that it found, from `offset` up to that size, are in the undo bytes. */
  readonly undoAt: number;
}

/** Growing by doubling keeps a long run of small appends linear. */
class GrowingBytes {
  bytes: Uint8Array;
  size: number;

  constructor(bytes: Uint8Array, size: number) {
    this.bytes = bytes;
    this.size = size;
  }

  /** Bytes beyond the size before are zeros. */
  extend(size: number): void {
    if (size > this.bytes.length) {
      const grown = new Uint8Array(Math.max(size, this.bytes.length * 2, 256));
      grown.set(this.size === this.bytes.length ? this.bytes : this.bytes.subarray(0, this.size));
      this.bytes = grown;
    }
    if (size > this.size) this.size = size;
  }

  put(offset: number, bytes: Uint8Array): void {
    this.extend(offset + bytes.length);
    this.bytes.set(bytes, offset);
  }

  flipBit(offset: number, bit: number): void {
    if (offset < this.size) this.bytes[offset] = (this.bytes[offset] as number) ^ (1 << bit);
  }
}

const nothing = new Uint8Array(0);

/**
 * A file's bytes as readers see them (the cache), and what is needed to tell what of them is left
 * after a loss of power: the ranges that were written and not yet synced.
 *
 * Why two forms: nearly every write is followed by its sync and then by another write, so a second
 * copy of every file would be half of the simulator's work. While all that is not durable is in
 * the list of unsynced writes, the durable bytes follow from the cache by undoing these. Once the
 * medium differs otherwise (a failed sync, rot), it is kept as a copy of its own until the power
 * goes.
 */
export class VirtualContent {
  #cache = new GrowingBytes(nothing, 0);
  #medium: GrowingBytes | null = null;
  #dirty: DirtyRange[] = [];
  readonly #undo = new GrowingBytes(nothing, 0);

  get size(): number {
    return this.#cache.size;
  }

  /** Takes a copy. */
  write(offset: number, bytes: Uint8Array): void {
    const { length } = bytes;
    if (length === 0) return;
    const cache = this.#cache;
    const sizeBefore = cache.size;
    const undoAt = this.#undo.size;
    if (this.#medium === null && offset < sizeBefore) {
      const end = Math.min(sizeBefore, offset + length);
      this.#undo.put(undoAt, cache.bytes.subarray(offset, end));
    }
    this.#dirty.push({ offset, length, sizeBefore, undoAt });
    cache.put(offset, bytes);
  }

  /** Puts bytes onto the medium behind the cache's back; readers see them. Never grows the file. */
  overwrite(offset: number, bytes: Uint8Array): void {
    const medium = this.#separateMedium();
    for (const copy of [this.#cache, medium]) {
      const fits = Math.max(0, Math.min(bytes.length, copy.size - offset));
      if (fits > 0) copy.put(offset, bytes.subarray(0, fits));
    }
  }

  /** @returns a copy, shorter than `length` only at the end of the file */
  read(offset: number, length: number): Uint8Array {
    const end = Math.min(this.#cache.size, offset + length);
    return this.#cache.bytes.slice(Math.min(offset, end), end);
  }

  sync(): void {
    if (this.#medium !== null) {
      for (const { offset, length } of this.#dirty) this.#keep(this.#medium, offset, length);
    }
    this.#forgetDirty();
  }

  /**
   * What a failed sync leaves: some of the writes are durable, none is tried again, and readers
   * still see them all until the power goes.
   */
  failSync(prng: Prng, sectorBytes: number): void {
    const medium = this.#separateMedium();
    for (const range of this.#dirty) this.#keepSome(medium, range, prng, sectorBytes);
    this.#forgetDirty();
  }

  /** Each unsynced write survives, vanishes or is torn; the rest of the cache is forgotten. */
  losePower(prng: Prng, sectorBytes: number): void {
    if (this.#dirty.length === 0 && this.#medium === null) return;
    const medium = this.#separateMedium();
    for (const range of this.#dirty) this.#keepSome(medium, range, prng, sectorBytes);
    this.#forgetDirty();
    this.#cache = medium;
    this.#medium = null;
  }

  /** Bytes that are there after a loss of power, if nothing is written until then. */
  get durableSize(): number {
    if (this.#medium !== null) return this.#medium.size;
    return this.#dirty[0]?.sizeBefore ?? this.#cache.size;
  }

  /** Of the medium, not of the cache. */
  durableByte(offset: number): number {
    return this.#separateMedium().bytes[offset] ?? 0;
  }

  /**
   * Rot of the medium: it is there after a loss of power. Readers see it too, except where the
   * cache holds something newer, which the next sync puts in its place.
   */
  flipBit(offset: number, bit: number): void {
    this.#separateMedium().flipBit(offset, bit);
    const isDirty = this.#dirty.some(
      (range) => offset >= range.offset && offset < range.offset + range.length,
    );
    if (!isDirty) this.#cache.flipBit(offset, bit);
  }

  #forgetDirty(): void {
    if (this.#dirty.length > 0) this.#dirty.length = 0;
    this.#undo.size = 0;
  }

  #separateMedium(): GrowingBytes {
    if (this.#medium !== null) return this.#medium;
    const { bytes, size } = this.#cache;
    const medium = new GrowingBytes(bytes.slice(0, size), size);
    for (let at = this.#dirty.length - 1; at >= 0; at--) {
      const { offset, length, sizeBefore, undoAt } = this.#dirty[at] as DirtyRange;
      const found = Math.max(0, Math.min(sizeBefore, offset + length) - offset);
      if (found > 0) medium.bytes.set(this.#undo.bytes.subarray(undoAt, undoAt + found), offset);
      medium.bytes.fill(0, sizeBefore, medium.size);
      medium.size = sizeBefore;
    }
    this.#medium = medium;
    return medium;
  }

  #keep(medium: GrowingBytes, offset: number, length: number): void {
    if (length > 0) medium.put(offset, this.#cache.bytes.subarray(offset, offset + length));
  }

  #keepSome(
    medium: GrowingBytes,
    { offset, length }: DirtyRange,
    prng: Prng,
    sectorBytes: number,
  ): void {
    const fate = prng.below(4);
    if (fate === 0) return;
    // The new length may reach the disk although the bytes did not: they read as zeros then.
    if (fate !== 1 && prng.chance(0.5)) medium.extend(offset + length);
    if (fate === 1) this.#keep(medium, offset, length);
    else if (fate === 2) this.#keep(medium, offset, prng.below(length));
    else this.#keepSectors(medium, offset, length, prng, sectorBytes);
  }

  /** Sectors reach the medium in any order, so a later one may survive where an earlier did not. */
  #keepSectors(
    medium: GrowingBytes,
    offset: number,
    length: number,
    prng: Prng,
    sectorBytes: number,
  ): void {
    const end = offset + length;
    for (let start = offset; start < end; ) {
      const next = Math.min(end, (Math.floor(start / sectorBytes) + 1) * sectorBytes);
      const fate = prng.below(8);
      if (fate < 4) this.#keep(medium, start, next - start);
      else if (fate === 4) this.#keep(medium, start, prng.below(next - start));
      start = next;
    }
  }
}

import type { Prng } from '@quorate/base';

interface DirtyRange {
  readonly offset: number;
  readonly length: number;
}

/** Growing by doubling keeps a long run of small appends linear. */
class GrowingBytes {
  bytes = new Uint8Array(0);
  size = 0;

  extend(size: number): void {
    if (size > this.bytes.length) {
      const grown = new Uint8Array(Math.max(size, this.bytes.length * 2, 256));
      grown.set(this.bytes.subarray(0, this.size));
      this.bytes = grown;
    }
    if (size > this.size) this.size = size;
  }

  put(offset: number, bytes: Uint8Array): void {
    this.extend(offset + bytes.length);
    this.bytes.set(bytes, offset);
  }
}

/**
 * A file's bytes twice: as readers see them (the cache) and as they are after a loss of power.
 * Between the two lies a list of ranges that were written and not yet synced.
 */
export class VirtualContent {
  readonly #cache = new GrowingBytes();
  readonly #durable = new GrowingBytes();
  #dirty: DirtyRange[] = [];

  get size(): number {
    return this.#cache.size;
  }

  /** Takes a copy. */
  write(offset: number, bytes: Uint8Array): void {
    this.#cache.put(offset, bytes);
    if (bytes.length > 0) this.#dirty.push({ offset, length: bytes.length });
  }

  /** @returns a copy, shorter than `length` only at the end of the file */
  read(offset: number, length: number): Uint8Array {
    const end = Math.min(this.#cache.size, offset + length);
    return this.#cache.bytes.slice(Math.min(offset, end), end);
  }

  sync(): void {
    for (const { offset, length } of this.#dirty) this.#keep(offset, length);
    this.#dirty = [];
  }

  /**
   * What a failed sync leaves: some of the writes are durable, none is tried again, and readers
   * still see them all until the power goes.
   */
  failSync(prng: Prng, sectorBytes: number): void {
    for (const range of this.#dirty) this.#keepSome(range, prng, sectorBytes);
    this.#dirty = [];
  }

  /** Each unsynced write survives, vanishes or is torn; the rest of the cache is forgotten. */
  losePower(prng: Prng, sectorBytes: number): void {
    for (const range of this.#dirty) this.#keepSome(range, prng, sectorBytes);
    this.#dirty = [];
    this.#cache.bytes = this.#durable.bytes.slice(0, this.#durable.size);
    this.#cache.size = this.#durable.size;
  }

  /** Damage to the medium itself: readers see it, and it is there after a loss of power. */
  flipBit(offset: number, bit: number): void {
    for (const copy of [this.#cache, this.#durable]) {
      if (offset < copy.size) copy.bytes[offset] = (copy.bytes[offset] as number) ^ (1 << bit);
    }
  }

  #keep(offset: number, length: number): void {
    if (length > 0) this.#durable.put(offset, this.#cache.bytes.subarray(offset, offset + length));
  }

  #keepSome({ offset, length }: DirtyRange, prng: Prng, sectorBytes: number): void {
    const fate = prng.below(4);
    if (fate === 0) return;
    // The new length may reach the disk although the bytes did not: they read as zeros then.
    if (fate !== 1 && prng.chance(0.5)) this.#durable.extend(offset + length);
    if (fate === 1) this.#keep(offset, length);
    else if (fate === 2) this.#keep(offset, prng.below(length));
    else this.#keepSectors(offset, length, prng, sectorBytes);
  }

  /** Sectors reach the medium in any order, so a later one may survive where an earlier did not. */
  #keepSectors(offset: number, length: number, prng: Prng, sectorBytes: number): void {
    const end = offset + length;
    for (let start = offset; start < end; ) {
      const next = Math.min(end, (Math.floor(start / sectorBytes) + 1) * sectorBytes);
      const fate = prng.below(8);
      if (fate < 4) this.#keep(start, next - start);
      else if (fate === 4) this.#keep(start, prng.below(next - start));
      start = next;
    }
  }
}

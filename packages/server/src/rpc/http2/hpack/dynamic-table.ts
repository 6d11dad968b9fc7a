import type { HeaderField } from './header-field.ts';
import { staticTable } from './static-table.ts';

/** The fields that a client taught us, newest first (RFC 7541, 2.3 and 4). */
export class DynamicTable {
  /** A ring; the newest is at `#newest`. Its length is a power of two. */
  readonly #ring: (HeaderField | undefined)[];
  readonly #limitBytes: number;
  #maxBytes: number;
  #bytes = 0;
  #count = 0;
  #newest = 0;

  /** @param limitBytes the most that `resize` may ask for, and what holds before it */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
    this.#maxBytes = limitBytes;
    let length = 1;
    while (length * 32 <= limitBytes) length *= 2;
    this.#ring = new Array(length).fill(undefined);
  }

  /** @param index as on the wire, static fields included */
  get(index: number): HeaderField | undefined {
    if (index <= staticTable.length) return staticTable[index - 1];
    const age = index - staticTable.length - 1;
    if (age >= this.#count) return undefined;
    return this.#ring[(this.#newest - age) & (this.#ring.length - 1)];
  }

  add(field: HeaderField): void {
    this.#evictDownTo(this.#maxBytes - field.bytes);
    if (field.bytes > this.#maxBytes) return;
    this.#newest = (this.#newest + 1) & (this.#ring.length - 1);
    this.#ring[this.#newest] = field;
    this.#bytes += field.bytes;
    this.#count++;
  }

  /** @returns false when it is more than may be asked for */
  resize(maxBytes: number): boolean {
    if (maxBytes > this.#limitBytes) return false;
    this.#maxBytes = maxBytes;
    this.#evictDownTo(maxBytes);
    return true;
  }

  #evictDownTo(bytes: number): void {
    while (this.#count > 0 && this.#bytes > bytes) {
      const oldest = (this.#newest - this.#count + 1) & (this.#ring.length - 1);
      this.#bytes -= (this.#ring[oldest] as HeaderField).bytes;
      this.#ring[oldest] = undefined;
      this.#count--;
    }
  }
}

import { frameHeaderBytes } from './protocol.ts';

const smallestSlabBytes = 512;
const largestSlabBytes = 64 * 1024;
/** What is longer is not copied but handed on as it is. */
const copiedBytes = 4096;

/**
 * Gathers what a connection sends within a turn into few pieces. Small frames are written one
 * behind the other; its slab follows what a turn needs, so that an idle connection holds little.
 */
export class OutputBuffer {
  #slabBytes = smallestSlabBytes;
  #slab: Buffer = Buffer.alloc(0);
  /** Of the slab, what is not in a piece yet. */
  #from = 0;
  #to = 0;
  #pieces: Buffer[] = [];
  #bytes = 0;

  /** Not yet taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @returns everything since the last time, in order; nothing in it changes any more */
  take(): readonly Buffer[] {
    this.#cut();
    const pieces = this.#pieces;
    if (this.#bytes > this.#slabBytes / 2) {
      this.#slabBytes = Math.min(this.#slabBytes * 2, largestSlabBytes);
    } else if (this.#bytes < this.#slabBytes / 16) {
      this.#slabBytes = Math.max(this.#slabBytes / 2, smallestSlabBytes);
    }
    this.#pieces = [];
    this.#bytes = 0;
    return pieces;
  }

  /** @param length of the payload, which follows through `byte`, `uint32` and `append` */
  frameHeader(length: number, type: number, flags: number, stream: number): void {
    this.#reserve(frameHeaderBytes + 8);
    const slab = this.#slab;
    let at = this.#to;
    slab[at++] = length >>> 16;
    slab[at++] = length >>> 8;
    slab[at++] = length;
    slab[at++] = type;
    slab[at++] = flags;
    slab[at++] = stream >>> 24;
    slab[at++] = stream >>> 16;
    slab[at++] = stream >>> 8;
    slab[at++] = stream;
    this.#grewTo(at);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#slab[this.#to] = value;
    this.#grewTo(this.#to + 1);
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#grewTo(this.#slab.writeUInt32BE(value, this.#to));
  }

  /** @param bytes may be kept until they are sent, and must not change */
  append(bytes: Uint8Array): void {
    if (bytes.length > copiedBytes) {
      this.#cut();
      this.#pieces.push(asBuffer(bytes));
      this.#bytes += bytes.length;
      return;
    }
    this.#reserve(bytes.length);
    this.#slab.set(bytes, this.#to);
    this.#grewTo(this.#to + bytes.length);
  }

  #grewTo(to: number): void {
    this.#bytes += to - this.#to;
    this.#to = to;
  }

  #reserve(length: number): void {
    if (this.#to + length <= this.#slab.length) return;
    this.#cut();
    this.#slabBytes = Math.min(Math.max(this.#slabBytes, this.#bytes), largestSlabBytes);
    this.#slab = Buffer.allocUnsafe(Math.max(this.#slabBytes, length));
    this.#from = 0;
    this.#to = 0;
  }

  #cut(): void {
    if (this.#to > this.#from) this.#pieces.push(this.#slab.subarray(this.#from, this.#to));
    this.#from = this.#to;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

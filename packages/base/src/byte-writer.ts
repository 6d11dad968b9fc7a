import { assert } from './assert.ts';

const encoder = new TextEncoder();

/** Protobuf's wire types that are in use; 3 and 4 (groups) are not. */
export const WireType = {
  varint: 0,
  fixed64: 1,
  lengthDelimited: 2,
  fixed32: 5,
} as const;
export type WireType = (typeof WireType)[keyof typeof WireType];

/** @returns how many bytes `value`, a safe integer, takes as a varint: 1 to 8 */
export function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  if (value < 0x800000000) return 5;
  if (value < 0x40000000000) return 6;
  return value < 0x2000000000000 ? 7 : 8;
}

/**
 * A growing buffer and the primitives of protobuf's wire format. Integers are unsigned and safe (at
 * most 2^53 - 1), little-endian where they are fixed.
 *
 * A writer is meant to be kept: `take` copies out exactly what was written and the buffer is used
 * again, so that a steady flow of messages costs one allocation of the right size each.
 */
export class ByteWriter {
  readonly #keptBytes: number;
  #buffer: Uint8Array;
  #length = 0;

  /** @param keptBytes a buffer that has grown beyond this is let go when the writer is emptied */
  constructor(initialBytes = 256, keptBytes = 1024 * 1024) {
    this.#buffer = new Uint8Array(initialBytes);
    this.#keptBytes = keptBytes;
  }

  get length(): number {
    return this.#length;
  }

  varint(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, 'a varint is an integer from 0 to 2^53 - 1');
    if (this.#length + 8 > this.#buffer.length) this.#grow(8);
    const buffer = this.#buffer;
    let at = this.#length;
    let rest = value;
    if (value > 0xffffffff) {
      // Bit operations see 32 bits, so the low 28 go first and the seam of 4 + 3 bits is stitched.
      const low = value >>> 0;
      const high = (value - low) / 2 ** 32;
      buffer[at++] = low | 0x80;
      buffer[at++] = (low >>> 7) | 0x80;
      buffer[at++] = (low >>> 14) | 0x80;
      buffer[at++] = (low >>> 21) | 0x80;
      rest = (high << 4) | (low >>> 28);
    }
    while (rest > 0x7f) {
      buffer[at++] = rest | 0x80;
      rest >>>= 7;
    }
    buffer[at++] = rest;
    this.#length = at;
  }

  tag(field: number, wireType: WireType): void {
    this.varint(field * 8 + wireType);
  }

  fixed32(value: number): void {
    if (this.#length + 4 > this.#buffer.length) this.#grow(4);
    this.#length += 4;
    this.patchFixed32(this.#length - 4, value);
  }

  /** Overwrites four bytes that were written before. */
  patchFixed32(offset: number, value: number): void {
    assert(offset >= 0 && offset + 4 <= this.#length, 'a patch lies inside what was written');
    this.#buffer[offset] = value;
    this.#buffer[offset + 1] = value >>> 8;
    this.#buffer[offset + 2] = value >>> 16;
    this.#buffer[offset + 3] = value >>> 24;
  }

  /** The bytes alone, without a length before them. */
  raw(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#buffer.length) this.#grow(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** The length, then the bytes. */
  bytes(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** The length in bytes, then the text as UTF-8. */
  string(text: string): void {
    this.bytes(encoder.encode(text));
  }

  /**
   * Begins a message within a message; `end` puts its length before it.
   *
   * @param expectedBytes room for the length is made for this size; if it turns out to need another
   *   room, the content is moved, which costs time and nothing else
   * @returns the mark that `end` wants
   */
  begin(expectedBytes: number): number {
    const room = varintBytes(expectedBytes);
    if (this.#length + room > this.#buffer.length) this.#grow(room);
    const mark = this.#length;
    this.#buffer[mark] = room;
    this.#length += room;
    return mark;
  }

  end(mark: number): void {
    const start = mark + (this.#buffer[mark] as number);
    const size = this.#length - start;
    assert(size >= 0, 'a mark is ended once, and after the marks inside it');
    const room = varintBytes(size);
    if (mark + room !== start) {
      if (mark + room + size > this.#buffer.length) this.#grow(room);
      this.#buffer.copyWithin(mark + room, start, start + size);
    }
    this.#length = mark;
    this.varint(size);
    this.#length += size;
  }

  /** Forgets everything from `length` on. */
  truncate(length: number): void {
    assert(length >= 0 && length <= this.#length, 'truncation only shortens');
    this.#length = length;
  }

  /** What was written, from `start` on, in place: valid only until the writer is used again. */
  view(start = 0): Uint8Array {
    return this.#buffer.subarray(start, this.#length);
  }

  /** @returns a copy of what was written, the caller's for good; the writer is empty afterwards */
  take(): Uint8Array {
    const taken = this.#buffer.slice(0, this.#length);
    this.#length = 0;
    if (this.#buffer.length > this.#keptBytes) this.#buffer = new Uint8Array(this.#keptBytes);
    return taken;
  }

  #grow(extraBytes: number): void {
    const grown = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length + extraBytes, 64));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}

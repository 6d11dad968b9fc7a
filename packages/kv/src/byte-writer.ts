import { assert } from '@quorate/base';

const INITIAL_BYTES = 256;
const RETAINED_BYTES = 64 * 1024;

/**
 * Appends the few primitives that commands and snapshots are made of to a growing buffer.
 *
 * - varint: 7 bits a byte, low bits first, bit 7 says that more follow; 0 to 2^53 - 1
 * - signed: first byte has 6 bits of magnitude, bit 6 the sign, bit 7 more; the rest a varint
 * - blob: its length as a varint, then the bytes
 * - uint32 and int64: little-endian
 */
export class ByteWriter {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.patchUint32(this.#length, value);
    this.#length += 4;
  }

  /** Overwrites four bytes that were written before, for a length known only afterwards. */
  patchUint32(offset: number, value: number): void {
    for (let i = 0; i < 4; i++) this.#bytes[offset + i] = (value >>> (8 * i)) & 0xff;
  }

  varint(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, 'a varint is a safe integer of 0 or more');
    this.#reserve(8);
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  signed(value: number): void {
    assert(Number.isSafeInteger(value), 'a number in a command is a safe integer');
    const magnitude = Math.abs(value);
    const rest = Math.floor(magnitude / 64);
    this.byte((magnitude % 64) | (value < 0 ? 64 : 0) | (rest > 0 ? 128 : 0));
    if (rest > 0) this.varint(rest);
  }

  int64(value: bigint): void {
    assert(BigInt.asIntN(64, value) === value, 'an int64 has at most 64 bits');
    const bits = BigInt.asUintN(64, value);
    this.uint32(Number(bits & 0xffff_ffffn));
    this.uint32(Number(bits >> 32n));
  }

  blob(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** A view of what is written, good until the next call that writes. */
  view(start: number, end: number): Uint8Array {
    return this.#bytes.subarray(start, end);
  }

  /** @returns a copy of the first `length` bytes, which are then gone from here */
  take(length: number): Uint8Array {
    const taken = this.#bytes.slice(0, length);
    this.#bytes.copyWithin(0, length, this.#length);
    this.#length -= length;
    // One huge command must not keep its memory for ever.
    if (this.#length === 0 && this.#bytes.length > RETAINED_BYTES) {
      this.#bytes = new Uint8Array(INITIAL_BYTES);
    }
    return taken;
  }

  /** Forgets everything written. */
  clear(): void {
    this.#length = 0;
  }

  #reserve(extra: number): void {
    const needed = this.#length + extra;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

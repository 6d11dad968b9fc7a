const LARGEST_SHIFT = 2 ** 49;

/**
 * Reads what `ByteWriter` writes. Anything that does not fit goes to `fail`, which throws; no
 * length found in the bytes is trusted beyond the bytes that are there.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #fail: (reason: string, offset: number) => never;
  #end: number;
  offset: number;

  constructor(bytes: Uint8Array, fail: (reason: string, offset: number) => never) {
    this.#bytes = bytes;
    this.#fail = fail;
    this.#end = bytes.length;
    this.offset = 0;
  }

  get remaining(): number {
    return this.#end - this.offset;
  }

  /** Confines reading to `[start, end)`. */
  confine(start: number, end: number): void {
    this.offset = start;
    this.#end = end;
  }

  fail(reason: string): never {
    return this.#fail(reason, this.offset);
  }

  expectEnd(): void {
    if (this.offset !== this.#end) this.fail(`${this.remaining} bytes too many`);
  }

  byte(): number {
    if (this.offset >= this.#end) this.fail('it ends too early');
    return this.#bytes[this.offset++] as number;
  }

  uint32(): number {
    if (this.remaining < 4) this.fail('it ends too early');
    const bytes = this.#bytes;
    const at = this.offset;
    this.offset += 4;
    return (
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24)) >>>
      0
    );
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) break;
      if (scale === LARGEST_SHIFT) this.fail('a number has too many bytes');
      scale *= 128;
    }
    if (value > Number.MAX_SAFE_INTEGER) this.fail('a number is above 2^53 - 1');
    return value;
  }

  signed(): number {
    const first = this.byte();
    const magnitude = (first & 63) + (first & 128 ? 64 * this.varint() : 0);
    if (magnitude > Number.MAX_SAFE_INTEGER) this.fail('a number is above 2^53 - 1');
    return first & 64 ? 0 - magnitude : magnitude;
  }

  int64(): bigint {
    const low = this.uint32();
    const high = this.uint32();
    return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
  }

  /** @returns a view, not a copy */
  blob(): Uint8Array {
    const length = this.varint();
    if (length > this.remaining) this.fail(`${length} bytes announced, ${this.remaining} left`);
    const start = this.offset;
    this.offset += length;
    return this.#bytes.subarray(start, this.offset);
  }
}

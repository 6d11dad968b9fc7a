import type { WireType } from './byte-writer.ts';
import { CodedError } from './coded-error.ts';

/** What is wrong with the bytes at an offset; the texts stand in messages as they are. */
export type MalformedBytesReason =
  | 'truncated'
  | 'overlong varint'
  | 'integer beyond 2^53 - 1'
  | 'wrong wire type'
  | 'bad field number'
  | 'text is not UTF-8';

/** By code: what a ByteReaderError knows. */
export interface ByteReaderErrorMetadata {
  /** `offset` counts from the first byte of the array that the reader was given. */
  BYTES_MALFORMED: { readonly offset: number; readonly reason: MalformedBytesReason };
}

/** Bytes from outside were not what they should be. */
export class ByteReaderError extends CodedError<ByteReaderErrorMetadata, 'BYTES_MALFORMED'> {
  override readonly name = 'ByteReaderError';
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const maxFieldNumber = 2 ** 29 - 1;

/**
 * Reads the primitives of protobuf's wire format. Every read is checked against the end; what is
 * malformed throws `ByteReaderError` and nothing else.
 */
export class ByteReader {
  readonly #buffer: Uint8Array;
  #offset: number;
  #end: number;

  /** Reads `buffer` from `start` up to `end`; never copies it. */
  constructor(buffer: Uint8Array, start = 0, end = buffer.length) {
    this.#buffer = buffer;
    this.#offset = start;
    this.#end = end;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#end - this.#offset;
  }

  get atEnd(): boolean {
    return this.#offset >= this.#end;
  }

  /** @returns an integer from 0 to 2^53 - 1 */
  varint(): number {
    const buffer = this.#buffer;
    let at = this.#offset;
    const room = this.#end - at;
    if (room < 10) {
      if (room < 1) this.#fail('truncated', at);
      const only = buffer[at] as number;
      if (only > 0x7f) return this.#varintNearEnd();
      this.#offset = at + 1;
      return only;
    }
    let byte = buffer[at++] as number;
    let value = byte & 0x7f;
    if (byte > 0x7f) {
      byte = buffer[at++] as number;
      value |= (byte & 0x7f) << 7;
      if (byte > 0x7f) {
        byte = buffer[at++] as number;
        value |= (byte & 0x7f) << 14;
        if (byte > 0x7f) {
          byte = buffer[at++] as number;
          value |= (byte & 0x7f) << 21;
          if (byte > 0x7f) return this.#varintBeyond28Bits(value);
        }
      }
    }
    this.#offset = at;
    return value;
  }

  /** @returns field number and wire type as they are on the wire: `field * 8 + wireType` */
  tag(): number {
    const at = this.#offset;
    const tag = this.varint();
    if (tag < 8 || tag > maxFieldNumber * 8 + 7) this.#fail('bad field number', at);
    return tag;
  }

  fixed32(): number {
    const buffer = this.#buffer;
    const at = this.#offset;
    if (this.#end - at < 4) this.#fail('truncated', at);
    this.#offset = at + 4;
    const low =
      (buffer[at] as number) |
      ((buffer[at + 1] as number) << 8) |
      ((buffer[at + 2] as number) << 16);
    return (low | ((buffer[at + 3] as number) << 24)) >>> 0;
  }

  /** The length, then so many bytes. A view: it belongs to whoever owns the reader's buffer. */
  bytes(): Uint8Array {
    const length = this.#lengthWithin();
    const start = this.#offset;
    this.#offset = start + length;
    return this.#buffer.subarray(start, start + length);
  }

  string(): string {
    const at = this.#offset;
    const bytes = this.bytes();
    try {
      return decoder.decode(bytes);
    } catch {
      return this.#fail('text is not UTF-8', at);
    }
  }

  /**
   * Reads a length and makes so many bytes the whole of what can be read.
   *
   * @returns the mark that `leave` wants
   */
  enter(): number {
    const length = this.#lengthWithin();
    const outerEnd = this.#end;
    this.#end = this.#offset + length;
    return outerEnd;
  }

  /** Widens again to what could be read before `enter`; what was left inside is skipped. */
  leave(mark: number): void {
    this.#offset = this.#end;
    this.#end = mark;
  }

  /** Steps over the value of an unknown field. Groups have no place in our messages. */
  skip(wireType: number): void {
    switch (wireType as WireType) {
      case 0:
        this.#skipVarint();
        return;
      case 1:
        this.#skipBytes(8);
        return;
      case 2:
        this.#skipBytes(this.#lengthWithin());
        return;
      case 5:
        this.#skipBytes(4);
        return;
      default:
        this.#fail('wrong wire type', this.#offset);
    }
  }

  #lengthWithin(): number {
    const at = this.#offset;
    const length = this.varint();
    if (length > this.#end - this.#offset) this.#fail('truncated', at);
    return length;
  }

  #skipBytes(count: number): void {
    if (count > this.#end - this.#offset) this.#fail('truncated', this.#offset);
    this.#offset += count;
  }

  #skipVarint(): void {
    const start = this.#offset;
    for (let at = start; at < start + 10; at++) {
      if (at >= this.#end) this.#fail('truncated', start);
      if ((this.#buffer[at] as number) < 0x80) {
        this.#offset = at + 1;
        return;
      }
    }
    this.#fail('overlong varint', start);
  }

  /** The four bytes at the offset gave `low`, and more follow; there are ten bytes to look at. */
  #varintBeyond28Bits(low: number): number {
    const start = this.#offset;
    let scale = 2 ** 28;
    let value = low;
    for (let at = start + 4; at < start + 10; at++) {
      const byte = this.#buffer[at] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return this.#safe(value, start, at + 1);
      scale *= 128;
    }
    return this.#fail('overlong varint', start);
  }

  #varintNearEnd(): number {
    const start = this.#offset;
    let scale = 1;
    let value = 0;
    for (let at = start; at < this.#end; at++) {
      const byte = this.#buffer[at] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return this.#safe(value, start, at + 1);
      scale *= 128;
    }
    return this.#fail('truncated', start);
  }

  #safe(value: number, start: number, next: number): number {
    if (value > Number.MAX_SAFE_INTEGER) this.#fail('integer beyond 2^53 - 1', start);
    this.#offset = next;
    return value;
  }

  #fail(reason: MalformedBytesReason, offset: number): never {
    const message = `malformed bytes at offset ${offset}: ${reason}; their source is broken`;
    throw new ByteReaderError('BYTES_MALFORMED', message, { offset, reason });
  }
}

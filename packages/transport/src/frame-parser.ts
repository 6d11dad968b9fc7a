import { ByteReader, type Checksum } from '@quorate/base';

/**
 * After the handshake a connection is a sequence of frames, integers little-endian:
 *
 * ```
 * 0  4  length of the payload
 * 4  4  CRC-32 of the payload
 * 8  n  payload: envelopes (proto/quorate/peer.proto), each after its length as a varint
 * ```
 *
 * An empty frame is a ping; the side that accepted answers it with the same eight bytes.
 */
export const frameHeaderBytes = 8;

/** Nothing after it can be trusted: the connection has to end. */
export interface FrameFault {
  /** Where the frame begins, counted from the first byte after the handshake. */
  readonly offset: number;
  readonly reason: string;
}

/**
 * Payloads up to the first are cut from pieces of memory of the second size, one by one: an
 * allocation for each would take longer than all the rest that is done with a heartbeat. Whoever
 * keeps a message keeps at most one such piece alive.
 */
const smallPayloadBytes = 128;
const slabBytes = 2048;

/** Cuts a stream into frames. Each payload is a piece of memory that is never written again. */
export class FrameParser {
  readonly #checksum: Checksum;
  readonly #maxFrameBytes: number;
  readonly #header = new Uint8Array(frameHeaderBytes);
  #headerFilled = 0;
  #payloadBytes = 0;
  /** Non-null when only a part of it has come. */
  #payload: Uint8Array | null = null;
  #payloadFilled = 0;
  #slab = new Uint8Array(0);
  #slabUsed = 0;
  #crc = 0;
  #frameOffset = 0;

  constructor(checksum: Checksum, maxFrameBytes: number) {
    this.#checksum = checksum;
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Where the frame begins that is being read. */
  get frameOffset(): number {
    return this.#frameOffset;
  }

  /**
   * @param chunk the next bytes of the stream; copied, so the caller may use it again
   * @param take called with each payload, which is the callee's from then on; false stops for good
   */
  push(chunk: Uint8Array, take: (payload: Uint8Array) => boolean): FrameFault | null {
    let at = 0;
    while (at < chunk.length) {
      if (this.#headerFilled < frameHeaderBytes) {
        at = this.#fillHeader(chunk, at);
        if (this.#headerFilled < frameHeaderBytes) return null;
        const fault = this.#readHeader();
        if (fault !== null) return fault;
      }
      const payload = this.#fillPayload(chunk, at);
      if (payload === null) return null;
      at += payload.length - this.#payloadFilled;
      if (this.#checksum.crc32(payload, 0) !== this.#crc) {
        return { offset: this.#frameOffset, reason: 'the CRC of a frame does not match' };
      }
      if (!take(payload)) return null;
      this.#frameOffset += frameHeaderBytes + payload.length;
      this.#payload = null;
      this.#payloadFilled = 0;
      this.#headerFilled = 0;
    }
    return null;
  }

  /** @returns where the header's bytes in the chunk end */
  #fillHeader(chunk: Uint8Array, start: number): number {
    let at = start;
    // Byte by byte: for so few, making a view of the chunk would cost more.
    while (this.#headerFilled < frameHeaderBytes && at < chunk.length) {
      this.#header[this.#headerFilled++] = chunk[at++] as number;
    }
    return at;
  }

  #readHeader(): FrameFault | null {
    const header = new ByteReader(this.#header);
    const length = header.fixed32();
    this.#crc = header.fixed32();
    this.#payloadBytes = length;
    if (length <= this.#maxFrameBytes) return null;
    const reason = `a frame of ${length} bytes exceeds the limit of ${this.#maxFrameBytes}`;
    return { offset: this.#frameOffset, reason };
  }

  /** @returns the payload once it is whole; `payloadFilled` is what was there of it before */
  #fillPayload(chunk: Uint8Array, at: number): Uint8Array | null {
    const missing = this.#payloadBytes - this.#payloadFilled;
    const here = chunk.length - at;
    // The usual case: one copy of the right size, straight out of the chunk.
    if (this.#payload === null && here >= missing && missing > smallPayloadBytes) {
      return chunk.slice(at, at + missing);
    }
    this.#payload ??= this.#allocate();
    const count = Math.min(here, missing);
    this.#payload.set(chunk.subarray(at, at + count), this.#payloadFilled);
    if (count === missing) return this.#payload;
    this.#payloadFilled += count;
    return null;
  }

  #allocate(): Uint8Array {
    const length = this.#payloadBytes;
    if (length > smallPayloadBytes) return new Uint8Array(length);
    if (this.#slabUsed + length > this.#slab.length) {
      this.#slab = new Uint8Array(slabBytes);
      this.#slabUsed = 0;
    }
    const start = this.#slabUsed;
    this.#slabUsed += length;
    return this.#slab.subarray(start, start + length);
  }
}

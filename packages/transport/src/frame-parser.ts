import { ByteReader, type Checksum, present } from '@quorate/base';

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

/** Cuts a stream into frames. Each payload is one allocation of the exact size. */
export class FrameParser {
  readonly #checksum: Checksum;
  readonly #maxFrameBytes: number;
  readonly #header = new Uint8Array(frameHeaderBytes);
  #headerFilled = 0;
  #payload: Uint8Array | null = null;
  #payloadFilled = 0;
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
      if (this.#payload === null) {
        const count = Math.min(chunk.length - at, frameHeaderBytes - this.#headerFilled);
        this.#header.set(chunk.subarray(at, at + count), this.#headerFilled);
        this.#headerFilled += count;
        at += count;
        if (this.#headerFilled < frameHeaderBytes) return null;
        const fault = this.#beginPayload();
        if (fault !== null) return fault;
      }
      const payload = present(this.#payload, 'a whole header begins a payload');
      const count = Math.min(chunk.length - at, payload.length - this.#payloadFilled);
      payload.set(chunk.subarray(at, at + count), this.#payloadFilled);
      this.#payloadFilled += count;
      at += count;
      if (this.#payloadFilled < payload.length) return null;
      if (this.#checksum.crc32(payload, 0) !== this.#crc) {
        return { offset: this.#frameOffset, reason: 'the CRC of a frame does not match' };
      }
      if (!take(payload)) return null;
      this.#frameOffset += frameHeaderBytes + payload.length;
      this.#payload = null;
      this.#headerFilled = 0;
    }
    return null;
  }

  #beginPayload(): FrameFault | null {
    const header = new ByteReader(this.#header);
    const length = header.fixed32();
    this.#crc = header.fixed32();
    if (length > this.#maxFrameBytes) {
      const reason = `a frame of ${length} bytes exceeds the limit of ${this.#maxFrameBytes}`;
      return { offset: this.#frameOffset, reason };
    }
    this.#payload = new Uint8Array(length);
    this.#payloadFilled = 0;
    return null;
  }
}

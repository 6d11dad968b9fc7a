import { defaultMaxFrameBytes, frameHeaderBytes, readUint32 } from './protocol.ts';

export interface FrameTaker {
  /**
   * @param payload whole; a view of the chunk where it lies in one
   * @returns false when nothing more is to be read of this connection
   */
  frame(type: number, flags: number, stream: number, payload: Buffer): boolean;
  /** A frame is longer than it may be. Nothing more is read. */
  oversized(): void;
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  readonly #header = Buffer.alloc(frameHeaderBytes);
  #headerLength = 0;
  /** Of a frame that lies in several chunks. */
  #payload: Buffer | null = null;
  #payloadLength = 0;

  /** What the frame that has begun takes in memory. */
  get heldBytes(): number {
    return this.#payload === null ? 0 : this.#payload.length;
  }

  push(chunk: Buffer, taker: FrameTaker): void {
    let at = 0;
    if (this.#headerLength > 0) {
      at = this.#resume(chunk, taker);
      if (at < 0) return;
    }
    while (at + frameHeaderBytes <= chunk.length) {
      const length = lengthAt(chunk, at);
      if (length > defaultMaxFrameBytes) {
        taker.oversized();
        return;
      }
      const from = at + frameHeaderBytes;
      const end = from + length;
      if (end > chunk.length) break;
      const stream = readUint32(chunk, at + 5) & 0x7fff_ffff;
      const payload = chunk.subarray(from, end);
      if (!taker.frame(chunk[at + 3] as number, chunk[at + 4] as number, stream, payload)) return;
      at = end;
    }
    if (at < chunk.length) this.#resume(chunk.subarray(at), taker);
  }

  /** @returns how much of the chunk was used for the frame that was begun, -1 to stop */
  #resume(chunk: Buffer, taker: FrameTaker): number {
    let at = 0;
    if (this.#payload === null) {
      at = chunk.copy(this.#header, this.#headerLength);
      this.#headerLength += at;
      if (this.#headerLength < frameHeaderBytes) return at;
      const length = lengthAt(this.#header, 0);
      if (length > defaultMaxFrameBytes) {
        taker.oversized();
        return -1;
      }
      this.#payload = Buffer.allocUnsafe(length);
      this.#payloadLength = 0;
    }
    const copied = chunk.copy(this.#payload, this.#payloadLength, at);
    this.#payloadLength += copied;
    at += copied;
    if (this.#payloadLength < this.#payload.length) return at;
    const payload = this.#payload;
    const [, , , type = 0, flags = 0] = this.#header;
    this.#payload = null;
    this.#headerLength = 0;
    const stream = readUint32(this.#header, 5) & 0x7fff_ffff;
    return taker.frame(type, flags, stream, payload) ? at : -1;
  }
}

function lengthAt(bytes: Buffer, at: number): number {
  return (
    ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)
  );
}

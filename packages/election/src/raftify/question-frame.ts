/**
 * A question or an answer, each one frame:
 *
 * ```
 *  0  8  magic "QRRAFT\r\n"; what peers say begins otherwise at the third byte
 *  8  4  length of the body, little-endian, at most 65,536
 * 12     body
 * ```
 */
const magic = new TextEncoder().encode('QRRAFT\r\n');
const headerBytes = magic.length + 4;
const maxBodyBytes = 64 * 1024;

export function frameOf(body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(headerBytes + body.length);
  frame.set(magic);
  new DataView(frame.buffer).setUint32(magic.length, body.length, true);
  frame.set(body, headerBytes);
  return frame;
}

/** Gathers one frame from however many chunks it comes in. */
export class FrameReader {
  #buffer = new Uint8Array(256);
  #length = 0;

  /** All that came, for whom it may concern otherwise. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  push(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#buffer.length));
      larger.set(this.bytes);
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, this.#length);
    this.#length = length;
  }

  /** Whether what came so far can be the beginning of a frame. */
  get isFrame(): boolean {
    return this.bytes.subarray(0, magic.length).every((byte, at) => byte === magic[at]);
  }

  /** `undefined`: bytes are missing; null: it is too long, or more than one. */
  get body(): Uint8Array | null | undefined {
    if (this.#length < headerBytes) return undefined;
    const length = new DataView(this.#buffer.buffer).getUint32(magic.length, true);
    const end = headerBytes + length;
    if (length > maxBodyBytes || this.#length > end) return null;
    return this.#length < end ? undefined : this.#buffer.subarray(headerBytes, end);
  }
}

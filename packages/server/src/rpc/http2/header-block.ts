import type { Http2Limits } from './limits.ts';
import { type ConnectionFault, ErrorCode } from './protocol.ts';

/** A header block that comes in several frames. */
export class HeaderBlock {
  readonly stream: number;
  readonly endsStream: boolean;
  readonly #limits: Http2Limits;
  readonly #parts: Buffer[];
  #bytes: number;

  constructor(stream: number, endsStream: boolean, first: Buffer, limits: Http2Limits) {
    this.stream = stream;
    this.endsStream = endsStream;
    this.#limits = limits;
    // Copied: it would keep all alive that came with it.
    this.#parts = [Buffer.from(first)];
    this.#bytes = first.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get whole(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** @returns the fault of a client that goes on and on */
  add(part: Buffer): ConnectionFault | null {
    this.#parts.push(Buffer.from(part));
    this.#bytes += part.length;
    const { maxContinuations, maxHeaderBlockBytes } = this.#limits;
    if (this.#parts.length <= 1 + maxContinuations && this.#bytes <= maxHeaderBlockBytes)
      return null;
    return { code: ErrorCode.enhanceYourCalm, reason: 'header block too large' };
  }
}

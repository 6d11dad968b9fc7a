import { assert } from '@quorate/base';

/** Chunks that were let go stay in the array until there are so many of them. */
const compactAfter = 64;

/** What was written and the other side has not acknowledged, by its offset in the stream. */
export class OutgoingBytes {
  #chunks: Uint8Array[] = [];
  /** Of the first chunk that is still needed. */
  #first = 0;
  /** Of the first chunk in the stream; at or before `start`. */
  #firstOffset = 0;
  #start = 0;
  #end = 0;

  /** The first byte that is not acknowledged. */
  get start(): number {
    return this.#start;
  }

  /** Behind the last byte. */
  get end(): number {
    return this.#end;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** @param chunk must not be changed afterwards */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#end += chunk.length;
  }

  /** @returns false when so much was never written; what is older than known changes nothing */
  acknowledge(offset: number): boolean {
    if (offset > this.#end) return false;
    if (offset <= this.#start) return true;
    this.#start = offset;
    for (;;) {
      const chunk = this.#chunks[this.#first];
      if (chunk === undefined || this.#firstOffset + chunk.length > offset) break;
      this.#firstOffset += chunk.length;
      this.#first += 1;
    }
    if (this.#first >= compactAfter || this.#first === this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#first);
      this.#first = 0;
    }
    return true;
  }

  /** Up to `maxBytes` from `offset` on, as views. */
  read(offset: number, maxBytes: number): Uint8Array[] {
    assert(offset >= this.#start && offset <= this.#end, 'only what is held can be read');
    const out: Uint8Array[] = [];
    let at = this.#firstOffset;
    let left = maxBytes;
    for (let i = this.#first; i < this.#chunks.length && left > 0; i++) {
      const chunk = this.#chunks[i] as Uint8Array;
      const from = Math.max(0, offset - at);
      at += chunk.length;
      if (from >= chunk.length) continue;
      const view = chunk.subarray(from, Math.min(chunk.length, from + left));
      left -= view.length;
      out.push(view);
    }
    return out;
  }

  clear(): void {
    this.#chunks = [];
    this.#first = 0;
    this.#start = this.#end;
    this.#firstOffset = this.#end;
  }
}

import { ByteWriter } from '@quorate/base';

const utf8 = new TextDecoder();

const openBrace = 0x7b;
const closeBrace = 0x7d;
const quote = 0x22;
const backslash = 0x5c;

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Cuts a body into the JSON objects that stand in it one after the other, as they come in. */
export class JsonObjects {
  readonly #maxBytes: number;
  /** Copied into one buffer: chunks may be of one byte each, and each would keep its own alive. */
  readonly #pending = new ByteWriter(256, 64 * 1024);
  #depth = 0;
  #isInText = false;
  #isEscaped = false;

  /** @param maxBytes of one object */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether an object has begun and not ended. */
  get isInside(): boolean {
    return this.#pending.length > 0;
  }

  /** Of the object that has begun. */
  get heldBytes(): number {
    return this.#pending.length;
  }

  /**
   * @param take given the text of each object that is complete
   * @returns why no more can be read
   */
  push(chunk: Uint8Array, take: (text: string) => void): 'tooLarge' | 'noObject' | null {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (this.#depth === 0) {
        if (isSpace(byte)) continue;
        if (byte !== openBrace) return 'noObject';
        start = at;
      }
      this.#step(byte);
      if (this.#depth > 0) continue;
      this.#keep(chunk.subarray(start, at + 1));
      if (this.#pending.length > this.#maxBytes) return 'tooLarge';
      take(this.#taken());
      start = at + 1;
    }
    if (this.#depth > 0) this.#keep(chunk.subarray(start));
    return this.#pending.length > this.#maxBytes ? 'tooLarge' : null;
  }

  #step(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (this.#isInText) {
      if (byte === backslash) this.#isEscaped = true;
      else if (byte === quote) this.#isInText = false;
    } else if (byte === quote) this.#isInText = true;
    else if (byte === openBrace) this.#depth += 1;
    else if (byte === closeBrace) this.#depth -= 1;
  }

  #keep(bytes: Uint8Array): void {
    this.#pending.raw(bytes);
  }

  #taken(): string {
    return utf8.decode(this.#pending.take());
  }
}

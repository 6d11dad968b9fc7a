import { readUint32 } from '../protocol.ts';

const prefixBytes = 5;
const smallestPartBytes = 1024;

/** Why a stream of messages cannot be read on. */
export type MessageFault =
  | { readonly kind: 'compressed'; readonly flag: number }
  | { readonly kind: 'tooLarge'; readonly bytes: number };

/** Cuts what a client sends on one stream into messages, each behind its prefix. */
export class MessageReader {
  readonly #maxBytes: number;
  readonly #prefix = Buffer.alloc(prefixBytes);
  #prefixLength = 0;
  /** It grows as the message comes: what the prefix says costs nothing yet. */
  #part: Buffer | null = null;
  #partLength = 0;
  #wantedBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether a message has begun that is not complete. */
  get isInside(): boolean {
    return this.#prefixLength > 0;
  }

  /** What the message that has begun takes in memory. */
  get partialBytes(): number {
    return this.#part === null ? 0 : this.#part.length;
  }

  /**
   * @param take is given each message; a view of `bytes` where it lies whole in them
   * @returns the fault, after which nothing more may be pushed
   */
  push(bytes: Buffer, take: (message: Buffer) => void): MessageFault | null {
    for (let at = 0; at < bytes.length; ) {
      if (this.#prefixLength < prefixBytes) {
        const copied = bytes.copy(this.#prefix, this.#prefixLength, at);
        this.#prefixLength += copied;
        at += copied;
        if (this.#prefixLength < prefixBytes) return null;
        const fault = this.#begin();
        if (fault !== null) return fault;
      }
      const end = at + this.#wantedBytes - this.#partLength;
      if (this.#part === null && end <= bytes.length) {
        this.#prefixLength = 0;
        take(bytes.subarray(at, end));
      } else this.#gather(bytes.subarray(at, end), take);
      at = end;
    }
    return null;
  }

  #begin(): MessageFault | null {
    const [flag = 0] = this.#prefix;
    if (flag !== 0) return { kind: 'compressed', flag };
    this.#wantedBytes = readUint32(this.#prefix, 1);
    if (this.#wantedBytes <= this.#maxBytes) return null;
    return { kind: 'tooLarge', bytes: this.#wantedBytes };
  }

  #gather(bytes: Buffer, take: (message: Buffer) => void): void {
    const length = this.#partLength + bytes.length;
    if (this.#part === null || length > this.#part.length) {
      const capacity = Math.max(length, (this.#part?.length ?? 0) * 2, smallestPartBytes);
      const part = Buffer.allocUnsafe(Math.min(capacity, this.#wantedBytes));
      this.#part?.copy(part, 0, 0, this.#partLength);
      this.#part = part;
    }
    bytes.copy(this.#part, this.#partLength);
    this.#partLength = length;
    if (length < this.#wantedBytes) return;
    const message = this.#part;
    this.#part = null;
    this.#partLength = 0;
    this.#prefixLength = 0;
    take(message);
  }
}

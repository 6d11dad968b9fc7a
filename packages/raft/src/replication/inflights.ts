import type { LogIndex } from '@quorate/schema';

/**
 * AppendEntries that were sent to one follower and not yet answered, bounded by count and bytes.
 */
export class Inflights {
  readonly #maxCount: number;
  readonly #maxBytes: number;
  /** Ascending: an answer for an index answers everything before it. */
  #messages: { readonly lastIndex: LogIndex; readonly bytes: number }[] = [];
  #bytes = 0;

  constructor(maxCount: number, maxBytes: number) {
    this.#maxCount = maxCount;
    this.#maxBytes = maxBytes;
  }

  get full(): boolean {
    return this.#messages.length >= this.#maxCount || this.#bytes >= this.#maxBytes;
  }

  get count(): number {
    return this.#messages.length;
  }

  add(lastIndex: LogIndex, bytes: number): void {
    this.#messages.push({ lastIndex, bytes });
    this.#bytes += bytes;
  }

  acknowledged(index: LogIndex): void {
    let answered = 0;
    for (const message of this.#messages) {
      if (message.lastIndex > index) break;
      this.#bytes -= message.bytes;
      answered++;
    }
    if (answered > 0) this.#messages.splice(0, answered);
  }

  clear(): void {
    this.#messages = [];
    this.#bytes = 0;
  }
}

import type { LogIndex } from '@quorate/schema';
import { Queue } from '../queue.ts';

interface InflightMessage {
  readonly lastIndex: LogIndex;
  readonly bytes: number;
}

/**
 * AppendEntries that were sent to one follower and not yet answered, bounded by count and bytes.
 */
export class Inflights {
  readonly #maxCount: number;
  readonly #maxBytes: number;
  /** Ascending: an answer for an index answers everything before it. */
  #messages = new Queue<InflightMessage>();
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
    const messages = this.#messages;
    while (messages.first !== null && messages.first.lastIndex <= index) {
      this.#bytes -= messages.first.bytes;
      messages.shift();
    }
  }

  clear(): void {
    this.#messages = new Queue();
    this.#bytes = 0;
  }
}

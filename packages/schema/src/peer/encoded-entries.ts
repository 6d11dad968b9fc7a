import type { ByteWriter } from '@quorate/base';
import type { Entry } from './types.ts';

/** Fewer are encoded again as fast as they are copied twice. */
const leastEntries = 8;

/** A copy that is larger is not kept. */
const mostBytes = 1024 * 1024;

/**
 * The entries that were encoded last, for a leader sends each of its followers the same: known by
 * the array that holds them, which nobody changes.
 */
export class EncodedEntries {
  #entries: readonly Entry[] | null = null;
  #bytes = new Uint8Array(0);
  #length = 0;

  /** @returns null when these are not the last; valid until `keep` is called again */
  of(entries: readonly Entry[]): Uint8Array | null {
    return entries === this.#entries ? this.#bytes.subarray(0, this.#length) : null;
  }

  /** What the writer has from `start` on are these entries. */
  keep(entries: readonly Entry[], writer: ByteWriter, start: number): void {
    const length = writer.length - start;
    if (entries.length < leastEntries || length > mostBytes) return;
    if (length > this.#bytes.length) this.#bytes = new Uint8Array(2 * length);
    this.#bytes.set(writer.view(start));
    this.#length = length;
    this.#entries = entries;
  }
}

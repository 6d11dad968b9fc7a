import { encodeSessionCommand, plainCommandHead } from './session-command.ts';

/** Commands are cut from pieces of memory of this size, one by one. */
const slabBytes = 16 * 1024;

/**
 * Encodes commands outside of sessions, of one group. An array with memory of its own costs more
 * to make and to collect than all else that is done for a small command, and the log keeps them in
 * order, so that a piece of memory is let go when they are.
 */
export class PlainCommands {
  #slab = new Uint8Array(0);
  #used = 0;

  /** @returns what `encodeSessionCommand` does: bytes that nobody else changes */
  encode(command: Uint8Array): Uint8Array {
    const length = 1 + command.length;
    if (length > slabBytes / 4) return encodeSessionCommand({ kind: 'plain', command });
    if (this.#used + length > this.#slab.length) {
      this.#slab = new Uint8Array(slabBytes);
      this.#used = 0;
    }
    const bytes = new Uint8Array(this.#slab.buffer, this.#used, length);
    this.#used += length;
    bytes[0] = plainCommandHead;
    bytes.set(command, 1);
    return bytes;
  }
}

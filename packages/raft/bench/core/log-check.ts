import { assert, equalBytes } from '@quorate/base';
import { type Entry, EntryKind, type LogIndex } from '@quorate/schema';

/**
 * Follows one copy of the log, entry by entry: nothing left out, nothing twice, every command the
 * one that was proposed at that place. Copies with equal checksums are equal.
 */
export class LogCheck {
  /** Proposed in turn, over and over. */
  readonly #commands: readonly Uint8Array[];
  lastIndex: LogIndex = 0;
  commandCount = 0;
  checksum = 0;

  constructor(commands: readonly Uint8Array[]) {
    this.#commands = commands;
  }

  /** @throws AssertionFailed when this is not what comes next */
  follow(entries: readonly Entry[]): void {
    for (const entry of entries) {
      assert(entry.index === this.lastIndex + 1, 'entries come without a gap');
      this.lastIndex = entry.index;
      if (entry.kind === EntryKind.command) {
        const proposed = this.#commands[this.commandCount % this.#commands.length] as Uint8Array;
        const isProposed = entry.data === proposed || equalBytes(entry.data, proposed);
        assert(isProposed, 'a command is what was proposed at its place');
        this.commandCount += 1;
      }
      this.#add(entry.index);
      this.#add(entry.term);
      this.#add(entry.kind);
      this.#add(entry.timestampMicros % 2 ** 32);
      this.#add(Math.floor(entry.timestampMicros / 2 ** 32));
      this.#add(entry.data.length);
    }
  }

  /** FNV-1a, a word at a time. */
  #add(word: number): void {
    this.checksum = Math.imul(this.checksum ^ word, 0x01000193) >>> 0;
  }
}

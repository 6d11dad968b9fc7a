import type { PartStore } from '../../parts/part-store.ts';
import type { IdRun } from './id-run.ts';
import { blockIds, blocksOf, entryWords, readBlocks } from './id-segment.ts';
import { readWords } from './word-bytes.ts';

/** Blocks that are read at once. */
const blocksPerRead = 8;

/** Goes through a run, from the least id to the greatest. */
export class RunCursor {
  /** The entry at hand is in `words`, from `at` on. */
  readonly words = new Int32Array(blocksPerRead * blockIds * entryWords);
  at = 0;
  readonly #parts: PartStore;
  readonly #run: IdRun;
  #end = 0;
  #segment = 0;
  #block = 0;

  /** @throws LedgerError LEDGER_PART_DAMAGED */
  constructor(parts: PartStore, run: IdRun) {
    this.#parts = parts;
    this.#run = run;
    this.#read();
  }

  /**
   * To the next entry.
   *
   * @returns whether there is one
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  next(): boolean {
    this.at += entryWords;
    return this.at < this.#end || this.#read();
  }

  #read(): boolean {
    const segment = this.#run.segments[this.#segment];
    if (segment === undefined) return false;
    const all = blocksOf(segment.count);
    const blocks = Math.min(blocksPerRead, all - this.#block);
    const bytes = readBlocks(this.#parts, segment, this.#block, blocks);
    this.#end = bytes.length / 4;
    readWords(bytes, 0, this.words, this.#end);
    this.at = 0;
    this.#block += blocks;
    if (this.#block === all) {
      this.#segment++;
      this.#block = 0;
    }
    return true;
  }
}

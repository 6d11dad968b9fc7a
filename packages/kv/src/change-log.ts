import { assert } from '@quorate/base';
import type { KeyEntry } from './key-entry.ts';

const BLOCK_CHANGES = 1024;

interface Block {
  readonly revisions: number[];
  readonly entries: KeyEntry[];
}

/**
 * Which key changed at which revision, in the order of the writes. It makes compaction proportional
 * to what there is to drop, and lets a snapshot send history as it happened.
 *
 * Positions count changes since the store was made and never move, though the front is cut off.
 * In blocks, so that neither end ever copies the whole.
 */
export class ChangeLog {
  #blocks: Block[] = [];
  /** Position of the first change of the first block. */
  #base = 0;
  #start = 0;
  #end = 0;

  /** Position of the oldest change still here. */
  get start(): number {
    return this.#start;
  }

  /** Position after the newest. */
  get end(): number {
    return this.#end;
  }

  push(revision: number, entry: KeyEntry): void {
    let block = this.#blocks.at(-1);
    if (block === undefined || block.entries.length === BLOCK_CHANGES) {
      block = { revisions: [], entries: [] };
      this.#blocks.push(block);
    }
    block.revisions.push(revision);
    block.entries.push(entry);
    this.#end++;
  }

  revisionAt(position: number): number {
    return this.#block(position).revisions[(position - this.#base) % BLOCK_CHANGES] as number;
  }

  entryAt(position: number): KeyEntry {
    return this.#block(position).entries[(position - this.#base) % BLOCK_CHANGES] as KeyEntry;
  }

  /** Cuts off the oldest change. */
  shift(): void {
    assert(this.#start < this.#end, 'only a change that is there can be cut off');
    this.#start++;
    if (this.#start - this.#base === BLOCK_CHANGES) {
      this.#blocks.shift();
      this.#base = this.#start;
    }
  }

  /** @returns the position of the first change above `revision`, or `end` */
  firstAfter(revision: number): number {
    let low = this.#start;
    let high = this.#end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.revisionAt(middle) <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #block(position: number): Block {
    assert(position >= this.#start && position < this.#end, 'a change is read while it is here');
    return this.#blocks[Math.floor((position - this.#base) / BLOCK_CHANGES)] as Block;
  }
}

import { blockShift } from './account-block.ts';

/** Which blocks of accounts were written to since each was cleared: for checkpoints. */
export class ChangedBlocks {
  /** By block, 1: changed. */
  #marks = new Uint8Array(64);

  /** Whether an account of the block was written to since `clear`. */
  has(block: number): boolean {
    return this.#marks[block] === 1;
  }

  /** What is there of the block is stored, or will be: from now on writes count. */
  clear(block: number): void {
    this.#marks[block] = 0;
  }

  /** The block counts as changed. */
  add(block: number): void {
    this.#marks[block] = 1;
  }

  /** The blocks of these accounts count as changed, from `slots[from]` up to `slots[end - 1]`. */
  addSlots(slots: Int32Array, from: number, end: number): void {
    const marks = this.#marks;
    for (let i = from; i < end; i++) marks[(slots[i] as number) >>> blockShift] = 1;
  }

  /** Makes room for that many blocks. */
  grow(blocks: number): void {
    if (blocks <= this.#marks.length) return;
    const marks = new Uint8Array(Math.max(blocks, this.#marks.length * 2));
    marks.set(this.#marks);
    this.#marks = marks;
  }
}

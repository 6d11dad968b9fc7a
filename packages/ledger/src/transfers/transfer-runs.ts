import { assert } from '@quorate/base';

/** Runs in a block; a block that is full is cut in two. */
const blockRuns = 512;

/** Some runs that follow each other, as `TransferRuns.freeze` has found them. */
export interface FrozenRuns {
  /** Lanes of the first ids, four a run, low lane first. */
  readonly lanes: Uint32Array;
  /** Of the first ids. */
  readonly positions: Float64Array;
  /** How many ids follow each other. */
  readonly lengths: Float64Array;
  /** Runs; what lies behind them means nothing. */
  readonly count: number;
}

/** Lanes of the first id, four a run, low lane first; then the position of that id and a length. */
class Block {
  readonly lanes = new Uint32Array(blockRuns * 4);
  readonly positions = new Float64Array(blockRuns);
  readonly lengths = new Float64Array(blockRuns);
  count = 0;
  /** Somebody else has the arrays: they must not change any more. */
  isShared = false;

  insert(at: number): void {
    this.lanes.copyWithin((at + 1) * 4, at * 4, this.count * 4);
    this.positions.copyWithin(at + 1, at, this.count);
    this.lengths.copyWithin(at + 1, at, this.count);
    this.count++;
  }

  remove(at: number): void {
    this.lanes.copyWithin(at * 4, (at + 1) * 4, this.count * 4);
    this.positions.copyWithin(at, at + 1, this.count);
    this.lengths.copyWithin(at, at + 1, this.count);
    this.count--;
  }

  copy(): Block {
    const copy = new Block();
    copy.lanes.set(this.lanes);
    copy.positions.set(this.positions);
    copy.lengths.set(this.lengths);
    copy.count = this.count;
    return copy;
  }

  /** @returns the second half, as a block of its own */
  cut(): Block {
    const half = this.count >> 1;
    const second = new Block();
    second.lanes.set(this.lanes.subarray(half * 4, this.count * 4));
    second.positions.set(this.positions.subarray(half, this.count));
    second.lengths.set(this.lengths.subarray(half, this.count));
    second.count = this.count - half;
    this.count = half;
    return second;
  }
}

/**
 * How far id `l0` to `l3` is above one that stands in an array. Exact when it is below 2^53, since
 * what is added up then cancels from the highest lane down; beyond that, still beyond that.
 */
function distance(
  lanes: Uint32Array,
  at: number,
  l0: number,
  l1: number,
  l2: number,
  l3: number,
): number {
  const d3 = ((l3 >>> 0) - (lanes[at * 4 + 3] as number)) * 2 ** 96;
  const d2 = ((l2 >>> 0) - (lanes[at * 4 + 2] as number)) * 2 ** 64;
  const d1 = ((l1 >>> 0) - (lanes[at * 4 + 1] as number)) * 2 ** 32;
  return d3 + d2 + d1 + ((l0 >>> 0) - (lanes[at * 4] as number));
}

/**
 * Ids that follow each other, held as their first id, its position and a length: clients number
 * their transfers by time, so that millions of ids are a few thousand runs.
 *
 * Sorted in blocks. Runs do not overlap.
 */
export class TransferRuns {
  readonly #blocks: Block[] = [new Block()];
  /** The place that `#seek` has found: the last run that begins at or below the id. */
  #block = 0;
  #at = -1;
  /** Ids in all runs. */
  #ids = 0;

  get ids(): number {
    return this.#ids;
  }

  /** @returns the position of the id; -1: it is in no run */
  find(l0: number, l1: number, l2: number, l3: number): number {
    if (this.#ids === 0) return -1;
    this.#seek(l0, l1, l2, l3);
    if (this.#at < 0) return -1;
    const { lanes, lengths, positions } = this.#blocks[this.#block] as Block;
    const above = distance(lanes, this.#at, l0, l1, l2, l3);
    const isWithin = above < (lengths[this.#at] as number);
    return isWithin ? (positions[this.#at] as number) + above : -1;
  }

  /** @returns whether any of `count` ids from this one on is in a run */
  intersects(l0: number, l1: number, l2: number, l3: number, count: number): boolean {
    if (this.#ids === 0) return false;
    if (this.find(l0, l1, l2, l3) !== -1) return true;
    const isLastOfBlock = this.#at + 1 >= (this.#blocks[this.#block] as Block).count;
    const next = this.#blocks[isLastOfBlock ? this.#block + 1 : this.#block];
    if (next === undefined || next.count === 0) return false;
    return -distance(next.lanes, isLastOfBlock ? 0 : this.#at + 1, l0, l1, l2, l3) < count;
  }

  /** Ids from this one on, none of which is in a run yet, that have `count` positions in a row. */
  add(l0: number, l1: number, l2: number, l3: number, position: number, count: number): void {
    this.#ids += count;
    this.#seek(l0, l1, l2, l3);
    const block = this.#blocks[this.#block] as Block;
    const at = this.#at;
    if (at >= 0) {
      const length = block.lengths[at] as number;
      const follows =
        (block.positions[at] as number) + length === position &&
        distance(block.lanes, at, l0, l1, l2, l3) === length;
      if (follows) {
        this.#changing(this.#block).lengths[at] = length + count;
        return;
      }
    }
    this.#insert(this.#block, at + 1, [l0, l1, l2, l3], position, count);
  }

  /** Takes the newest id out again, which is the last of its run. */
  remove(l0: number, l1: number, l2: number, l3: number): void {
    this.#seek(l0, l1, l2, l3);
    const block = this.#changing(this.#block);
    const at = this.#at;
    const length = block.lengths[at] as number;
    assert(
      at >= 0 && distance(block.lanes, at, l0, l1, l2, l3) === length - 1,
      'only the last id of a run is taken out',
    );
    this.#ids--;
    if (length > 1) block.lengths[at] = length - 1;
    else block.remove(at);
    if (block.count === 0 && this.#blocks.length > 1) this.#blocks.splice(this.#block, 1);
  }

  /** All runs as they are now, in the order of their ids; cheap. What it holds never changes. */
  freeze(): FrozenRuns[] {
    return this.#blocks.map((block) => {
      block.isShared = true;
      const { lanes, positions, lengths, count } = block;
      return { lanes, positions, lengths, count };
    });
  }

  #insert(
    blockAt: number,
    at: number,
    lanes: readonly number[],
    position: number,
    count: number,
  ): void {
    let block = this.#changing(blockAt);
    let place = at;
    if (block.count === blockRuns) {
      // Ids rise with time: a full last block stays full, and a new one begins.
      const isLast = blockAt === this.#blocks.length - 1 && at === block.count;
      const second = isLast ? new Block() : block.cut();
      this.#blocks.splice(blockAt + 1, 0, second);
      if (isLast || place > block.count) {
        place -= block.count;
        block = second;
      }
    }
    block.insert(place);
    block.lanes.set(lanes, place * 4);
    block.positions[place] = position;
    block.lengths[place] = count;
  }

  /** @returns the block, to be written to */
  #changing(at: number): Block {
    const block = this.#blocks[at] as Block;
    if (!block.isShared) return block;
    const copy = block.copy();
    this.#blocks[at] = copy;
    return copy;
  }

  #seek(l0: number, l1: number, l2: number, l3: number): void {
    const blocks = this.#blocks;
    let low = 0;
    let high = blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (distance((blocks[middle] as Block).lanes, 0, l0, l1, l2, l3) < 0) high = middle - 1;
      else low = middle;
    }
    this.#block = low;
    const { lanes, count } = blocks[low] as Block;
    let from = -1;
    let to = count - 1;
    while (from < to) {
      const middle = (from + to + 1) >> 1;
      if (distance(lanes, middle, l0, l1, l2, l3) < 0) to = middle - 1;
      else from = middle;
    }
    this.#at = from;
  }
}

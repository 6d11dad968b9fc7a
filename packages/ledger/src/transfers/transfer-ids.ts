import { portableChecksum } from '@quorate/base';
import type { GatheredIds } from '../gathering/gathered-ids.ts';
import type { PartStore } from '../parts/part-store.ts';
import { advanceId } from './id-runs/advance-id.ts';
import { idsTogether } from './id-runs/hash-ids.ts';
import { RunLoader } from './id-runs/run-loader.ts';
import { type IdsCheckpoint, LoneIds } from './lone-ids.ts';
import { type FrozenRuns, TransferRuns } from './transfer-runs.ts';

/** What `TransferIds.find` answers for an id that nobody has used. */
export const unusedId = -1;
/** What it answers for one that a failed transfer keeps (rule 21). */
export const failedId = -2;

/** Ids that go to disk at once. */
const usualTableIds = 1_048_576;
const usualSegmentIds = 16_384;
/** From how many ids on `areUnused` asks for all of them at once. */
const manyIds = 8;

/** Of ids on disk; tests have small ones. */
export interface TransferIdsOptions {
  /** Ids that go to disk at once. */
  readonly tableIds?: number;
  /** Ids in a part, up to 65,536. */
  readonly segmentIds?: number;
}

/**
 * Every id that was ever used, and which transfer has it. An id is four lanes of 32 bits, the low
 * one first, each as a signed integer (`| 0`), because V8 puts others on the heap in a call.
 */
export class TransferIds {
  readonly #runs = new TransferRuns();
  readonly #lone: LoneIds;
  readonly #checksum: PartStore['checksum'];
  /** The id that would go on with the run that was added to last, and its position. */
  readonly #next = new Int32Array(4);
  #nextPosition = -1;
  /** Used ids that are wanted soon, lest they be looked for on the disk; null: none are. */
  gathered: GatheredIds | null = null;
  /** Ids in runs when `mark` was called last. */
  #markedRunIds = 0;
  /** The ends of a range that is looked for. */
  readonly #first = new Int32Array(4);
  readonly #last = new Int32Array(4);

  /**
   * @param hashSeed 32 bits; see `StrayIds`
   * @param parts where ids that stand by themselves go when there are many; null: none go
   */
  constructor(
    hashSeed: number,
    parts: PartStore | null = null,
    { tableIds = usualTableIds, segmentIds = usualSegmentIds }: TransferIdsOptions = {},
  ) {
    this.#lone = new LoneIds(hashSeed, parts, tableIds, segmentIds);
    this.#checksum = (bytes) => parts?.checksum(bytes) ?? portableChecksum.crc32(bytes, 0);
  }

  get count(): number {
    return this.#runs.ids + this.#lone.count;
  }

  /**
   * @returns the position of the transfer, `unusedId` or `failedId`
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  find(l0: number, l1: number, l2: number, l3: number): number {
    const position = this.#runs.find(l0, l1, l2, l3);
    if (position !== -1) return position;
    const gathered = this.gathered?.find(l0, l1, l2, l3) ?? -1;
    return gathered === -1 ? this.#lone.find(l0, l1, l2, l3) : gathered;
  }

  /**
   * @returns whether surely none of `count` ids from this one on is used
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  areUnused(l0: number, l1: number, l2: number, l3: number, count: number): boolean {
    if (this.#runs.intersects(l0, l1, l2, l3, count)) return false;
    if (this.#lone.count === 0) return true;
    const isLong = count >= manyIds;
    if (isLong && this.#intersectsDisk(l0, l1, l2, l3, count)) return false;
    return !this.#lone.hasAny(l0, l1, l2, l3, count, !isLong);
  }

  /**
   * Looks for the ids of a batch, all at once, which is much faster than one by one: on disk, as
   * far as `mark` does not.
   *
   * @param ids four lanes each
   * @param marks gets for each of the first `count`: 0, it is not there; 1, ask `find`
   */
  markStored(ids: Int32Array, count: number, marks: Uint8Array): void {
    this.#lone.markUnseen(ids, count, marks);
  }

  /**
   * After `markStored`, in the same batch: looks for some of the ids everywhere else.
   *
   * @param marks of the ids from `from` up to, not including, `end`; where it stays 0, there is
   *   `addMarked` until the next call; 1: ask `find`
   */
  mark(ids: Int32Array, from: number, end: number, marks: Uint8Array): void {
    this.#markedRunIds = this.#runs.ids;
    for (let some = from; some < end; some += idsTogether) {
      const someEnd = Math.min(end, some + idsTogether);
      const lanes = ids.subarray(some * 4, someEnd * 4);
      this.#markSome(lanes, someEnd - some, marks.subarray(some, someEnd));
    }
  }

  /**
   * Adds an id that was marked as 0 when `mark` was called last. Nothing that was there at the time
   * has been taken out since.
   *
   * @returns whether it did; false: the id is used
   */
  addMarked(l0: number, l1: number, l2: number, l3: number, position: number): boolean {
    const haveRunsGrown = this.#runs.ids !== this.#markedRunIds;
    if (haveRunsGrown && this.#runs.find(l0, l1, l2, l3) !== -1) return false;
    if (this.#isNext(l0, l1, l2, l3, position)) {
      if (this.#lone.hasLately(l0, l1, l2, l3)) return false;
      this.#runs.add(l0, l1, l2, l3, position, 1);
    } else if (!this.#lone.add(l0, l1, l2, l3, position)) return false;
    this.#expect(l0, l1, l2, l3, 1, position);
    return true;
  }

  /** Unused ids that follow each other, of transfers that do. */
  addRun(l0: number, l1: number, l2: number, l3: number, position: number, count: number): void {
    this.#runs.add(l0, l1, l2, l3, position, count);
    this.#expect(l0, l1, l2, l3, count, position);
  }

  /** An unused id: the next one of the newest run, or one by itself. */
  add(l0: number, l1: number, l2: number, l3: number, position: number): void {
    if (this.#isNext(l0, l1, l2, l3, position)) this.#runs.add(l0, l1, l2, l3, position, 1);
    else this.#lone.add(l0, l1, l2, l3, position);
    this.#expect(l0, l1, l2, l3, 1, position);
  }

  /** An unused id of any position, when a snapshot is loaded. */
  addStray(l0: number, l1: number, l2: number, l3: number, position: number): void {
    this.#lone.add(l0, l1, l2, l3, position);
  }

  /** An unused id that a failed transfer keeps. */
  addFailed(l0: number, l1: number, l2: number, l3: number): void {
    this.#lone.add(l0, l1, l2, l3, failedId);
  }

  /** Takes the newest id of a transfer out again; kept ones must not have come since. */
  removeNewest(l0: number, l1: number, l2: number, l3: number): void {
    if (this.#runs.find(l0, l1, l2, l3) === -1) this.#lone.removeNewest();
    else this.#runs.remove(l0, l1, l2, l3);
    this.#nextPosition = -1;
  }

  /** All ids that follow each other, as they are now; see `TransferRuns.freeze`. */
  freezeRuns(): FrozenRuns[] {
    return this.#runs.freeze();
  }

  /**
   * After each batch: lets ids go to disk when there are many, and does some of that work, in
   * proportion to the ids that have come since the last time.
   *
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  settle(): void {
    this.#lone.settle();
  }

  /** Between batches: what a snapshot needs of ids that stand by themselves; cheap. */
  checkpoint(): IdsCheckpoint {
    return this.#lone.checkpoint();
  }

  /**
   * Takes over what a checkpoint, perhaps of another node, has on disk; the rest comes by `addRun`,
   * `addStray` and `addFailed`.
   *
   * @param positionEnd how many transfers there are
   */
  loadRuns(positionEnd: number): RunLoader {
    const isValue = (value: number): boolean =>
      value === failedId || (value >= 0 && value < positionEnd);
    return new RunLoader(this.#lone, isValue, this.#checksum);
  }

  /** Numbers of the files that hold ids now, or will. */
  runFiles(): Set<number> {
    return this.#lone.onDisk?.fileNumbers() ?? new Set();
  }

  #markSome(ids: Int32Array, count: number, marks: Uint8Array): void {
    if (this.#runs.ids > 0) this.#markInRuns(ids, count, marks);
    this.#lone.mark(ids, count, marks);
  }

  #markInRuns(ids: Int32Array, count: number, marks: Uint8Array): void {
    for (let i = 0; i < count; i++) {
      const position = this.#runs.find(
        ids[i * 4] as number,
        ids[i * 4 + 1] as number,
        ids[i * 4 + 2] as number,
        ids[i * 4 + 3] as number,
      );
      if (position !== -1) marks[i] = 1;
    }
  }

  #intersectsDisk(l0: number, l1: number, l2: number, l3: number, count: number): boolean {
    const { onDisk } = this.#lone;
    if (onDisk === null) return false;
    const first = this.#first;
    first[0] = l0;
    first[1] = l1;
    first[2] = l2;
    first[3] = l3;
    advanceId(this.#last, l0, l1, l2, l3, count - 1);
    return onDisk.intersects(first, this.#last);
  }

  #isNext(l0: number, l1: number, l2: number, l3: number, position: number): boolean {
    const next = this.#next;
    return (
      position === this.#nextPosition &&
      next[0] === l0 &&
      next[1] === l1 &&
      next[2] === l2 &&
      next[3] === l3
    );
  }

  #expect(l0: number, l1: number, l2: number, l3: number, count: number, position: number): void {
    advanceId(this.#next, l0, l1, l2, l3, count);
    this.#nextPosition = position + count;
  }
}

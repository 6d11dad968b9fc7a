import { portableChecksum } from '@quorate/base';
import type { PartStore } from '../parts/part-store.ts';
import { hashIds, idsTogether } from './id-runs/hash-ids.ts';
import { IdRuns, type RunPlaces } from './id-runs/id-runs.ts';
import { RunLoader } from './id-runs/run-loader.ts';
import { StrayIds } from './stray-ids.ts';
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

/** Ids that stand by themselves, as they were when it was made. */
export interface IdsCheckpoint {
  /** Those on disk. */
  readonly runs: readonly RunPlaces[];
  /** How many others there are. */
  readonly entryCount: number;
  /**
   * Of those others some: four signed lanes, the low one first, from `at` on; the position, or
   * `failedId`.
   */
  forEachEntry(
    from: number,
    to: number,
    visit: (lanes: Int32Array, at: number, value: number) => void,
  ): void;
}

/**
 * Every id that was ever used, and which transfer has it. An id is four lanes of 32 bits, the low
 * one first, each as a signed integer (`| 0`), because V8 puts others on the heap in a call.
 */
export class TransferIds {
  readonly #runs = new TransferRuns();
  readonly #hashSeed: number;
  readonly #checksum: PartStore['checksum'];
  readonly #tableIds: number;
  /** Those that came last; without a disk all of them. */
  #strays: StrayIds;
  readonly #onDisk: IdRuns | null;
  /** Of the strays, those that were there when `settle` was called last. */
  #settledIds = 0;
  /** The id that would go on with the run that was added to last, and its position. */
  readonly #next = new Int32Array(4);
  #nextPosition = -1;
  /** Ids in runs when `mark` was called last. */
  #markedRunIds = 0;
  readonly #hashes = new Int32Array(idsTogether);
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
    this.#hashSeed = hashSeed;
    this.#tableIds = tableIds;
    this.#strays = new StrayIds(hashSeed);
    this.#onDisk = parts === null ? null : new IdRuns(parts, hashSeed, segmentIds);
    this.#checksum = (bytes) => parts?.checksum(bytes) ?? portableChecksum.crc32(bytes, 0);
  }

  get count(): number {
    return this.#runs.ids + this.strayCount;
  }

  /**
   * @returns the position of the transfer, `unusedId` or `failedId`
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  find(l0: number, l1: number, l2: number, l3: number): number {
    const position = this.#runs.find(l0, l1, l2, l3);
    return position === -1 ? this.#findStray(l0, l1, l2, l3) : position;
  }

  /**
   * @returns whether surely none of `count` ids from this one on is used
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  areUnused(l0: number, l1: number, l2: number, l3: number, count: number): boolean {
    if (this.#runs.intersects(l0, l1, l2, l3, count)) return false;
    if (this.strayCount === 0) return true;
    const isLong = count >= manyIds;
    if (isLong && this.#intersectsDisk(l0, l1, l2, l3, count)) return false;
    let [a, b, c, d] = [l0, l1, l2, l3];
    for (let event = 0; event < count; event++) {
      const found = isLong ? this.#findInMemory(a, b, c, d) : this.#findStray(a, b, c, d);
      if (found !== -1) return false;
      a = (a + 1) | 0;
      if (a === 0) b = (b + 1) | 0;
      if (a === 0 && b === 0) c = (c + 1) | 0;
      if (a === 0 && b === 0 && c === 0) d = (d + 1) | 0;
    }
    return true;
  }

  /**
   * Looks for the ids of a batch, all at once, which is much faster than one by one; on disk only.
   *
   * @param ids four lanes each
   * @param marks gets for each of the first `count`: 0, it is not there; 1, ask `find`
   */
  markStored(ids: Int32Array, count: number, marks: Uint8Array): void {
    if (this.#onDisk === null) marks.fill(0, 0, count);
    else this.#onDisk.mark(ids, count, marks);
  }

  /**
   * After `markStored`, in the same batch: looks for some of the ids in memory as well.
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
      if (this.#strays.find(l0, l1, l2, l3) !== -1) return false;
      this.#runs.add(l0, l1, l2, l3, position, 1);
    } else if (!this.#strays.add(l0, l1, l2, l3, position)) return false;
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
    else this.#strays.add(l0, l1, l2, l3, position);
    this.#expect(l0, l1, l2, l3, 1, position);
  }

  /** An unused id of any position, when a snapshot is loaded. */
  addStray(l0: number, l1: number, l2: number, l3: number, position: number): void {
    this.#strays.add(l0, l1, l2, l3, position);
  }

  /** An unused id that a failed transfer keeps. */
  addFailed(l0: number, l1: number, l2: number, l3: number): void {
    this.#strays.add(l0, l1, l2, l3, failedId);
  }

  /** Takes the newest id of a transfer out again; kept ones must not have come since. */
  removeNewest(l0: number, l1: number, l2: number, l3: number): void {
    if (this.#runs.find(l0, l1, l2, l3) === -1) this.#strays.removeNewest();
    else this.#runs.remove(l0, l1, l2, l3);
    this.#nextPosition = -1;
  }

  /** Ids that stand by themselves, those that failed transfers keep among them. */
  get strayCount(): number {
    const disk = this.#onDisk;
    if (disk === null) return this.#strays.count;
    return this.#strays.count + (disk.frozen?.count ?? 0) + disk.count;
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
    const disk = this.#onDisk;
    if (disk === null) return;
    const ids = this.#strays.count - this.#settledIds;
    if (disk.frozen === null && this.#strays.count >= this.#tableIds) {
      disk.write(this.#strays);
      this.#strays = new StrayIds(this.#hashSeed, this.#tableIds);
    }
    this.#settledIds = this.#strays.count;
    disk.work(ids);
  }

  /** Between batches: what a snapshot needs of ids that stand by themselves; cheap. */
  checkpoint(): IdsCheckpoint {
    const tables = [this.#onDisk?.frozen ?? null, this.#strays].flatMap((table) =>
      table === null ? [] : [{ table, count: table.count }],
    );
    return {
      runs: this.#onDisk?.places() ?? [],
      entryCount: tables.reduce((sum, { count }) => sum + count, 0),
      forEachEntry: (from, to, visit) => {
        let start = 0;
        for (const { table, count } of tables) {
          const end = Math.min(count, to - start);
          table.forEach(Math.max(0, from - start), end, visit);
          start += count;
        }
      },
    };
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
    return new RunLoader(this.#onDisk, this.#strays, isValue, this.#checksum);
  }

  /** Numbers of the files that hold ids now, or will. */
  runFiles(): Set<number> {
    return this.#onDisk?.fileNumbers() ?? new Set();
  }

  #markSome(ids: Int32Array, count: number, marks: Uint8Array): void {
    const hashes = hashIds(ids, count, this.#hashSeed, this.#hashes);
    if (this.#runs.ids > 0) this.#markInRuns(ids, count, marks);
    // Those that are here `addMarked` finds by itself.
    this.#strays.touch(hashes, count);
    this.#onDisk?.frozen?.mark(hashes, count, marks);
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

  #findStray(l0: number, l1: number, l2: number, l3: number): number {
    const value = this.#findInMemory(l0, l1, l2, l3);
    return value !== -1 || this.#onDisk === null ? value : this.#onDisk.find(l0, l1, l2, l3);
  }

  #findInMemory(l0: number, l1: number, l2: number, l3: number): number {
    const value = this.#strays.find(l0, l1, l2, l3);
    const frozen = this.#onDisk?.frozen ?? null;
    return value !== -1 || frozen === null ? value : frozen.find(l0, l1, l2, l3);
  }

  #intersectsDisk(l0: number, l1: number, l2: number, l3: number, count: number): boolean {
    if (this.#onDisk === null) return false;
    const first = this.#first;
    first[0] = l0;
    first[1] = l1;
    first[2] = l2;
    first[3] = l3;
    advance(this.#last, l0, l1, l2, l3, count - 1);
    return this.#onDisk.intersects(first, this.#last);
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
    advance(this.#next, l0, l1, l2, l3, count);
    this.#nextPosition = position + count;
  }
}

/** Puts the id that is `count` above one into `out`. */
function advance(
  out: Int32Array,
  l0: number,
  l1: number,
  l2: number,
  l3: number,
  count: number,
): void {
  const low = (l0 >>> 0) + count;
  const carry1 = low > 0xffffffff ? 1 : 0;
  const carry2 = (l1 >>> 0) + carry1 > 0xffffffff ? 1 : 0;
  const carry3 = (l2 >>> 0) + carry2 > 0xffffffff ? 1 : 0;
  out[0] = low;
  out[1] = l1 + carry1;
  out[2] = l2 + carry2;
  out[3] = l3 + carry3;
}

import { hashUint128 } from '../numbers/uint128.ts';
import type { PartStore } from '../parts/part-store.ts';
import { hashIds, idsTogether } from './id-runs/hash-ids.ts';
import { IdRuns, type RunPlaces } from './id-runs/id-runs.ts';
import { SeenIds } from './id-runs/seen-ids.ts';
import { StrayIds } from './stray-ids.ts';

/** Tables of ids for which the first two filters of all ids have room. */
const firstTables = 1 / 8;
const secondTables = 16;

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
 * Ids that stand by themselves, each with a number: those that came last in memory, others in
 * sorted runs on disk. Without a disk all of them are in memory. Lanes are signed.
 */
export class LoneIds {
  readonly onDisk: IdRuns | null;
  readonly #hashSeed: number;
  readonly #tableIds: number;
  /** Those that came last. */
  #strays: StrayIds;
  /** The table that went to disk last, or is on its way. */
  #former: StrayIds | null = null;
  /** An empty one for the ids that come next; null: it is too early for that. */
  #spare: StrayIds | null = null;
  /** Has all that came since this process began, wherever they are now; null: there is no disk. */
  readonly #seen: SeenIds | null;
  /** Of the strays, those that were there when `settle` was called last. */
  #settledIds = 0;
  readonly #hashes = new Int32Array(idsTogether);

  /**
   * @param hashSeed 32 bits; see `StrayIds`
   * @param tableIds ids that go to disk at once
   * @param segmentIds ids in a part, up to 65,536
   */
  constructor(hashSeed: number, parts: PartStore | null, tableIds: number, segmentIds: number) {
    this.#hashSeed = hashSeed;
    this.#tableIds = tableIds;
    this.#strays = new StrayIds(hashSeed);
    this.#seen = parts && new SeenIds(hashSeed, tableIds * firstTables, tableIds * secondTables);
    this.onDisk = this.#seen && parts && new IdRuns(parts, this.#seen, segmentIds);
  }

  get count(): number {
    const disk = this.onDisk;
    if (disk === null) return this.#strays.count;
    return this.#strays.count + (disk.frozen?.count ?? 0) + disk.count;
  }

  /**
   * @returns the number of the id; -1: it is not here
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  find(l0: number, l1: number, l2: number, l3: number): number {
    const hash = hashUint128(l0, l1, l2, l3, this.#hashSeed);
    const disk = this.onDisk;
    if (this.#seen === null || disk === null) return this.#strays.find(l0, l1, l2, l3, hash);
    if (!this.#seen.mayHold(l0, l1, l2, l3, hash)) return disk.findUnseen(l0, l1, l2, l3, hash);
    const value = this.#findInMemory(l0, l1, l2, l3, hash);
    return value === -1 ? disk.find(l0, l1, l2, l3, hash) : value;
  }

  /**
   * @param isOnDisk some may be on disk; otherwise it looks in memory only
   * @returns whether any of `count` ids from this one on is here
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  hasAny(
    l0: number,
    l1: number,
    l2: number,
    l3: number,
    count: number,
    isOnDisk: boolean,
  ): boolean {
    let [a, b, c, d] = [l0, l1, l2, l3];
    for (let event = 0; event < count; event++) {
      const found = isOnDisk ? this.find(a, b, c, d) : this.#findNewer(a, b, c, d);
      if (found !== -1) return true;
      a = (a + 1) | 0;
      if (a === 0) b = (b + 1) | 0;
      if (a === 0 && b === 0) c = (c + 1) | 0;
      if (a === 0 && b === 0 && c === 0) d = (d + 1) | 0;
    }
    return false;
  }

  /**
   * Looks for ids that came before this process began.
   *
   * @param ids four lanes each
   * @param marks gets for each of the first `count`: 0, it is not there; 1, ask `find`
   */
  markUnseen(ids: Int32Array, count: number, marks: Uint8Array): void {
    if (this.onDisk === null) marks.fill(0, 0, count);
    else this.onDisk.markUnseen(ids, count, marks);
  }

  /**
   * Looks for other ids, but not for those that `add` finds by itself.
   *
   * @param count up to `idsTogether`
   * @param marks one is set to 1 where `find` has to be asked
   */
  mark(ids: Int32Array, count: number, marks: Uint8Array): void {
    const hashes = hashIds(ids, count, this.#hashSeed, this.#hashes);
    this.#strays.touch(hashes, count);
    this.#seen?.mark(ids, hashes, count, marks);
  }

  /**
   * Adds an id that is not here, or only among those that came last.
   *
   * @returns whether it was added; false: it is there
   */
  add(l0: number, l1: number, l2: number, l3: number, value: number): boolean {
    const hash = hashUint128(l0, l1, l2, l3, this.#hashSeed);
    if (!this.#strays.add(l0, l1, l2, l3, hash, value)) return false;
    this.#seen?.add(l0, l1, l2, l3, hash);
    return true;
  }

  /** Whether the id is among those that came last. */
  hasLately(l0: number, l1: number, l2: number, l3: number): boolean {
    const hash = hashUint128(l0, l1, l2, l3, this.#hashSeed);
    return this.#strays.find(l0, l1, l2, l3, hash) !== -1;
  }

  /** Takes the newest id out again; it has come since `settle` was called. */
  removeNewest(): void {
    this.#strays.removeNewest();
  }

  /**
   * After each batch: lets ids go to disk when there are many, and does some of that work, in
   * proportion to the ids that have come since the last time.
   *
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  settle(): void {
    const disk = this.onDisk;
    if (disk === null) return;
    const ids = this.#strays.count - this.#settledIds;
    if (disk.frozen === null && this.#strays.count >= this.#tableIds) {
      const spare = this.#spare ?? this.#emptyTable();
      disk.write(this.#strays);
      this.#former = this.#strays;
      this.#strays = spare;
      this.#spare = null;
    }
    this.#prepare(disk);
    this.#settledIds = this.#strays.count;
    disk.work(ids);
  }

  /** Between batches: what a snapshot needs; cheap. */
  checkpoint(): IdsCheckpoint {
    const tables = [this.onDisk?.frozen ?? null, this.#strays].flatMap((table) =>
      table === null ? [] : [{ table, count: table.count }],
    );
    for (const { table } of tables) table.isLent = true;
    return {
      runs: this.onDisk?.places() ?? [],
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

  /** For what comes later, so that no batch has to wait for memory. */
  #prepare(disk: IdRuns): void {
    this.#seen?.prepare();
    const share = (this.#strays.count * 2) / this.#tableIds - 1;
    if (share <= 0 || disk.frozen !== null) return;
    this.#spare ??= this.#emptyTable();
    this.#spare.prepare(share);
  }

  /** Not a new one if it can be helped: the system would have to find memory for all of it. */
  #emptyTable(): StrayIds {
    const former = this.#former;
    if (former === null || former.isLent || !former.isBounded)
      return new StrayIds(this.#hashSeed, this.#tableIds);
    former.clear();
    this.#former = null;
    return former;
  }

  #findNewer(l0: number, l1: number, l2: number, l3: number): number {
    const hash = hashUint128(l0, l1, l2, l3, this.#hashSeed);
    if (this.#seen !== null && !this.#seen.mayHold(l0, l1, l2, l3, hash)) return -1;
    return this.#findInMemory(l0, l1, l2, l3, hash);
  }

  #findInMemory(l0: number, l1: number, l2: number, l3: number, hash: number): number {
    const value = this.#strays.find(l0, l1, l2, l3, hash);
    const frozen = this.onDisk?.frozen ?? null;
    return value !== -1 || frozen === null ? value : frozen.find(l0, l1, l2, l3, hash);
  }
}

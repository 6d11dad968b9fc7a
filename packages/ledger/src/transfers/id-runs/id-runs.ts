import { assert } from '@quorate/base';
import type { PartPlace, PartStore } from '../../parts/part-store.ts';
import type { StrayIds } from '../stray-ids.ts';
import { BlockCache } from './block-cache.ts';
import { hashIds, idsTogether } from './hash-ids.ts';
import type { IdRun } from './id-run.ts';
import { RunFiles } from './run-files.ts';
import type { RunJob } from './run-job.ts';
import { RunMerge } from './run-merge.ts';
import { RunWriter } from './run-writer.ts';
import type { SeenIds } from './seen-ids.ts';
import { SpreadIds } from './spread-ids.ts';
import { FlushSpace, TableFlush } from './table-flush.ts';

/** Runs of a level that become one of the next. */
const runsPerMerge = 8;
/*
 * The work for an id that comes, as `RunJob` counts it: what it costs to be in a run, which is more
 * for ids that are sorted slowly; and in each merge. A tenth or two more than they need, so that
 * each is at its end before the next one of its kind can begin, and not much more, so that the work
 * is the same after nearly all batches.
 */
const flushWork = 2.1;
const slowFlushWork = 4;
const mergeWork = 1.8;

/** Where the segments of a run are. */
export interface RunPlaces {
  /** How often its ids were merged. */
  readonly level: number;
  readonly segments: readonly PartPlace[];
}

/**
 * Ids on disk, each with a number, in sorted runs with filters. Tables of ids are written as runs
 * of level 0; eight runs of a level become one of the next, in small steps between batches.
 *
 * What runs there are changes no answer. An id that is new is looked for in none of them: `SeenIds`
 * knows. So there can be many, and each id is written a few times only. Runs that were there when
 * the process began it does not know until they are merged.
 */
export class IdRuns {
  readonly #files: RunFiles;
  readonly #seed: number;
  readonly #seen: SeenIds;
  readonly #segmentIds: number;
  readonly #blocks: BlockCache;
  readonly #levels: IdRun[][] = [[]];
  /** All runs, for look-ups. */
  #runs: readonly IdRun[] = [];
  /** Of them those with ids that `seen` does not have: they were there when the process began. */
  #unseen: readonly IdRun[] = [];
  #flush: TableFlush | null = null;
  readonly #flushSpace = new FlushSpace();
  /** At most one a level; all its runs are merged before the next ones. */
  readonly #merges: (RunMerge | null)[] = [null];
  #count = 0;
  readonly #spread = new SpreadIds();
  readonly #hashes = new Int32Array(idsTogether);
  readonly #bits = new Uint8Array(idsTogether);

  /**
   * @param seen has ids that come to tables; others are added to it when they are merged
   * @param segmentIds ids in a segment at most, up to 65,536
   */
  constructor(parts: PartStore, seen: SeenIds, segmentIds: number) {
    this.#files = new RunFiles(parts);
    this.#seen = seen;
    this.#seed = seen.seed;
    this.#segmentIds = segmentIds;
    this.#blocks = new BlockCache(parts);
  }

  get files(): RunFiles {
    return this.#files;
  }

  get seed(): number {
    return this.#seed;
  }

  /** Ids in finished runs. */
  get count(): number {
    return this.#count;
  }

  /** The table that is being written; its ids are in no finished run, and are not found here. */
  get frozen(): StrayIds | null {
    return this.#flush?.table ?? null;
  }

  /**
   * @param hash of the id, with the seed of `seen`
   * @returns the number of the id; -1: it is not here
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  find(l0: number, l1: number, l2: number, l3: number, hash: number): number {
    return this.#findIn(this.#runs, l0, l1, l2, l3, hash);
  }

  /** `find` of an id that `seen` does not have. */
  findUnseen(l0: number, l1: number, l2: number, l3: number, hash: number): number {
    return this.#findIn(this.#unseen, l0, l1, l2, l3, hash);
  }

  /**
   * Looks for the ids of a batch, all at once, as far as filters tell, where `seen` does not.
   *
   * @param ids four lanes each
   * @param marks gets for each of the first `count`: 0, it is not here; 1, `find` knows
   */
  markUnseen(ids: Int32Array, count: number, marks: Uint8Array): void {
    marks.fill(0, 0, count);
    if (this.#unseen.length === 0) return;
    const { lanes, rows } = this.#spread;
    this.#spread.arrange(ids, count);
    for (let from = 0; from < count; from += idsTogether) {
      const some = Math.min(idsTogether, count - from);
      const bits = this.#bits.fill(0);
      this.#markSome(lanes.subarray(from * 4, (from + some) * 4), some, bits);
      for (let at = 0; at < some; at++) marks[rows[from + at] as number] = bits[at] as number;
    }
  }

  /**
   * Whether any id from `first` to `last`, both of four lanes, is here.
   *
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  intersects(first: Int32Array, last: Int32Array): boolean {
    return this.#runs.some((run) => run.intersects(this.#blocks, first, last));
  }

  /** Takes a table with ids to be written; nothing is added to it any more. */
  write(table: StrayIds): void {
    assert(this.#flush === null, 'the table before is written');
    const writer = new RunWriter(this.#files, table.count, this.#seed, this.#segmentIds, null);
    this.#flush = new TableFlush(table, writer, this.#flushSpace);
  }

  /**
   * Writes and merges a little. What is written most often has precedence, so that each merge is at
   * its end before the next one of its level can begin.
   *
   * @param ids that have come since the last call; the work is in proportion to them
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  work(ids: number): void {
    // Those of lower levels have to be done in the meantime too.
    const levels = this.#merges.findLastIndex((merge) => merge !== null) + 1;
    const flush = this.#flush?.isSlow === true ? slowFlushWork : flushWork;
    let budget = ids * (flush + levels * mergeWork);
    while (budget > 0) {
      const level = this.#flush === null ? this.#merges.findIndex((merge) => merge !== null) : -1;
      const job: RunJob | null = this.#flush ?? this.#merges[level] ?? null;
      if (job === null) return;
      budget -= job.step(budget);
      if (job.run !== null) this.#finish(job.run, level);
    }
  }

  /** A run that is there already. */
  addRun(level: number, run: IdRun): void {
    for (let at = this.#levels.length; at <= level; at++) {
      this.#levels.push([]);
      this.#merges.push(null);
    }
    (this.#levels[level] as IdRun[]).push(run);
    this.#changed();
    this.#beginMerge(level);
  }

  /** Finished runs; what a merge has written so far is not among them. */
  places(): RunPlaces[] {
    return this.#levels.flatMap((runs, level) =>
      runs.map((run) => {
        return { level, segments: run.places };
      }),
    );
  }

  /** Numbers of the files that are in use, those that are being written among them. */
  fileNumbers(): Set<number> {
    const numbers = new Set<number>();
    for (const user of [...this.#runs, this.#flush, ...this.#merges])
      for (const { place } of user?.segments ?? []) numbers.add(place.file);
    return numbers;
  }

  #findIn(
    runs: readonly IdRun[],
    l0: number,
    l1: number,
    l2: number,
    l3: number,
    hash: number,
  ): number {
    for (const run of runs) {
      if ((run.mayHold(l0, l1, l2, l3, hash, this.#seed) & 1) === 0) continue;
      const value = run.find(this.#blocks, l0, l1, l2, l3);
      if (value !== -1) return value;
    }
    return -1;
  }

  #markSome(ids: Int32Array, count: number, marks: Uint8Array): void {
    const hashes = hashIds(ids, count, this.#seed, this.#hashes);
    for (const run of this.#unseen) run.mark(ids, hashes, count, this.#seed, marks);
  }

  /** @param level of the merge; -1: a table was written */
  #finish(run: IdRun, level: number): void {
    const merge = this.#merges[level];
    if (merge === undefined || merge === null) this.#flush = null;
    else {
      const inputs = new Set(merge.inputs);
      this.#levels[level] = (this.#levels[level] as IdRun[]).filter((input) => !inputs.has(input));
      this.#merges[level] = null;
      this.#blocks.clear();
    }
    this.addRun(level + 1, run);
    this.#beginMerge(level);
  }

  #beginMerge(level: number): void {
    const runs = this.#levels[level];
    if (runs === undefined || runs.length < runsPerMerge || this.#merges[level] !== null) return;
    const inputs = runs.slice(0, runsPerMerge);
    const count = inputs.reduce((sum, run) => sum + run.count, 0);
    const seen = inputs.some((run) => !run.isSeen) ? this.#seen : null;
    const writer = new RunWriter(this.#files, count, this.#seed, this.#segmentIds, seen);
    this.#merges[level] = new RunMerge(this.#files.parts, inputs, writer);
  }

  #changed(): void {
    this.#runs = this.#levels.flat();
    this.#unseen = this.#runs.filter((run) => !run.isSeen);
    this.#count = this.#runs.reduce((sum, run) => sum + run.count, 0);
  }
}

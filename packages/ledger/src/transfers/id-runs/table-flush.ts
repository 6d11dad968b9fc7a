import type { StrayIds } from '../stray-ids.ts';
import { EntrySort, SortSpace } from './entry-sort.ts';
import type { IdRun } from './id-run.ts';
import { entryWords, type IdSegment } from './id-segment.ts';
import type { RunJob } from './run-job.ts';
import type { RunWriter } from './run-writer.ts';
import { TableScatter } from './table-scatter.ts';

/** To write an entry takes as long as to copy so many. */
const copiesPerUnit = 4;

/** Memory that one flush after the other uses. */
export class FlushSpace {
  readonly sort = new SortSpace();
  entries: Int32Array | null = null;
}

/** Makes a run of a table that grows no more. */
export class TableFlush implements RunJob {
  readonly table: StrayIds;
  readonly #writer: RunWriter;
  readonly #space: FlushSpace;
  readonly #scatter: TableScatter;
  /** Which bucket is being sorted or written, and where it is. */
  #bucket = 0;
  #begin = 0;
  #end = 0;
  #sort: EntrySort | null = null;
  #written = 0;
  #isSlow = false;
  #run: IdRun | null = null;

  /** @param space of the one before it, which has come to its end */
  constructor(table: StrayIds, writer: RunWriter, space: FlushSpace) {
    this.table = table;
    this.#writer = writer;
    this.#space = space;
    this.#scatter = new TableScatter(table, space.entries);
    space.entries = this.#scatter.entries;
  }

  get segments(): readonly IdSegment[] {
    return this.#writer.segments;
  }

  get run(): IdRun | null {
    return this.#run;
  }

  /** Whether the ids are so much alike that they take longer to sort. */
  get isSlow(): boolean {
    return this.#isSlow;
  }

  step(budget: number): number {
    const scatter = this.#scatter;
    if (!scatter.isDone) return scatter.step(budget * copiesPerUnit) / copiesPerUnit;
    this.#sort ??= this.#beginBucket();
    const sort = this.#sort;
    if (!sort.isDone) {
      const cost = sort.step(budget);
      this.#isSlow ||= sort.isSlow;
      return cost;
    }
    const from = this.#written;
    const end = Math.min(this.#end, from + Math.ceil(budget));
    this.#write(sort.order, from, end);
    this.#written = end;
    if (end === this.#end) this.#sort = null;
    if (end === this.table.count) this.#run = this.#writer.finish();
    return end - from;
  }

  /** The next one in which there are ids. */
  #beginBucket(): EntrySort {
    const { ends, entries } = this.#scatter;
    this.#begin = this.#written;
    while ((ends[this.#bucket] as number) === this.#written) this.#bucket++;
    this.#end = ends[this.#bucket] as number;
    return new EntrySort(entries, this.#begin, this.#end, this.#space.sort);
  }

  #write(order: Uint32Array, from: number, end: number): void {
    const { entries } = this.#scatter;
    const begin = this.#begin;
    for (let at = from - begin; at < end - begin; at++)
      this.#writer.add(entries, (order[at] as number) * entryWords);
  }
}

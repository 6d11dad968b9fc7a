import type { StrayChunk, StrayIds } from '../stray-ids.ts';
import type { IdRun } from './id-run.ts';
import { entryWords, type IdSegment } from './id-segment.ts';
import type { RunJob } from './run-job.ts';
import type { RunWriter } from './run-writer.ts';
import { TableSort } from './table-sort.ts';

const entriesAtOnce = 128;

/** Makes a run of a table that grows no more. */
export class TableFlush implements RunJob {
  readonly table: StrayIds;
  readonly #writer: RunWriter;
  readonly #sort: TableSort;
  /** Some entries on their way. */
  readonly #entries = new Int32Array(entriesAtOnce * entryWords);
  #written = 0;
  #run: IdRun | null = null;

  constructor(table: StrayIds, writer: RunWriter) {
    this.table = table;
    this.#writer = writer;
    this.#sort = new TableSort(table);
  }

  get segments(): readonly IdSegment[] {
    return this.#writer.segments;
  }

  get run(): IdRun | null {
    return this.#run;
  }

  /** Whether the ids are so much alike that they take longer to sort. */
  get isSlow(): boolean {
    return this.#sort.isSlow;
  }

  step(budget: number): number {
    if (!this.#sort.isDone) return this.#sort.step(budget);
    const { count } = this.table;
    const begin = this.#written;
    const end = Math.min(count, begin + Math.ceil(budget));
    for (let from = begin; from < end; from += entriesAtOnce)
      this.#write(from, Math.min(end, from + entriesAtOnce));
    this.#written = end;
    if (end === count) this.#run = this.#writer.finish();
    return end - begin;
  }

  #write(from: number, to: number): void {
    this.#gather(from, to);
    const entries = this.#entries;
    const words = (to - from) * entryWords;
    for (let at = 0; at < words; at += entryWords)
      this.#writer.add(
        entries[at] as number,
        entries[at + 1] as number,
        entries[at + 2] as number,
        entries[at + 3] as number,
        entries[at + 4] as number,
        entries[at + 5] as number,
      );
  }

  /** By itself, so that the processor waits for many of them at a time: they lie everywhere. */
  #gather(from: number, to: number): void {
    const { chunks } = this.table;
    const { order } = this.#sort;
    const entries = this.#entries;
    for (let at = from, out = 0; at < to; at++, out += entryWords) {
      const entry = order[at] as number;
      const { lanes, positions } = chunks[entry >>> 16] as StrayChunk;
      const lane = (entry & 0xffff) * 4;
      const value = positions[entry & 0xffff] as number;
      entries[out] = lanes[lane] as number;
      entries[out + 1] = lanes[lane + 1] as number;
      entries[out + 2] = lanes[lane + 2] as number;
      entries[out + 3] = lanes[lane + 3] as number;
      entries[out + 4] = value;
      entries[out + 5] = Math.floor(value / 2 ** 32);
    }
  }
}

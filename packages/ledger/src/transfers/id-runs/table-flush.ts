import type { StrayIds } from '../stray-ids.ts';
import type { IdRun } from './id-run.ts';
import type { IdSegment } from './id-segment.ts';
import type { RunJob } from './run-job.ts';
import type { RunWriter } from './run-writer.ts';
import { TableSort } from './table-sort.ts';

/** Makes a run of a table that grows no more. */
export class TableFlush implements RunJob {
  readonly table: StrayIds;
  readonly #writer: RunWriter;
  readonly #sort: TableSort;
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
    const { chunks, count } = this.table;
    const { order } = this.#sort;
    const from = this.#written;
    const to = Math.min(count, from + Math.ceil(budget));
    for (let at = from; at < to; at++) {
      const entry = order[at] as number;
      const { lanes, positions } = chunks[entry >>> 16] as (typeof chunks)[number];
      const lane = (entry & 0xffff) * 4;
      const value = positions[entry & 0xffff] as number;
      this.#writer.add(
        lanes[lane] as number,
        lanes[lane + 1] as number,
        lanes[lane + 2] as number,
        lanes[lane + 3] as number,
        value | 0,
        Math.floor(value / 2 ** 32) | 0,
      );
    }
    this.#written = to;
    if (to === count) this.#run = this.#writer.finish();
    return to - from;
  }
}

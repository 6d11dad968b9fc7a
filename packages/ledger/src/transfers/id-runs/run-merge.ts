import type { PartStore } from '../../parts/part-store.ts';
import { isBelow } from './id-order.ts';
import type { IdRun } from './id-run.ts';
import type { IdSegment } from './id-segment.ts';
import { RunCursor } from './run-cursor.ts';
import type { RunJob } from './run-job.ts';
import type { RunWriter } from './run-writer.ts';

/** Makes one run of some; those stay as they are. */
export class RunMerge implements RunJob {
  readonly inputs: readonly IdRun[];
  readonly #writer: RunWriter;
  /** Those that are not at their end. */
  readonly #cursors: RunCursor[];
  #run: IdRun | null = null;

  /** @throws LedgerError LEDGER_PART_DAMAGED */
  constructor(parts: PartStore, inputs: readonly IdRun[], writer: RunWriter) {
    this.inputs = inputs;
    this.#writer = writer;
    this.#cursors = inputs.map((run) => new RunCursor(parts, run));
  }

  get segments(): readonly IdSegment[] {
    return this.#writer.segments;
  }

  get run(): IdRun | null {
    return this.#run;
  }

  step(budget: number): number {
    const cursors = this.#cursors;
    const writer = this.#writer;
    for (let moved = 0; moved < budget; moved++) {
      let least = cursors[0] as RunCursor;
      for (let at = 1; at < cursors.length; at++) {
        const other = cursors[at] as RunCursor;
        if (isBelow(other.words, other.at, least.words, least.at)) least = other;
      }
      const { words, at } = least;
      writer.add(
        words[at] as number,
        words[at + 1] as number,
        words[at + 2] as number,
        words[at + 3] as number,
        words[at + 4] as number,
        words[at + 5] as number,
      );
      if (least.next()) continue;
      cursors.splice(cursors.indexOf(least), 1);
      if (cursors.length > 0) continue;
      this.#run = writer.finish();
      return moved + 1;
    }
    return Math.ceil(budget);
  }
}

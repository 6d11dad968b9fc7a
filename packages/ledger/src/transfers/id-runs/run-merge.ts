import type { PartStore } from '../../parts/part-store.ts';
import { idKey, isBelow } from './id-order.ts';
import type { IdRun } from './id-run.ts';
import type { IdSegment } from './id-segment.ts';
import { RunCursor } from './run-cursor.ts';
import type { RunJob } from './run-job.ts';
import type { RunWriter } from './run-writer.ts';

/** What it costs to read an entry, compare it with others and write it. */
const costOfEntry = 1.5;

/** Makes one run of some; those stay as they are. */
export class RunMerge implements RunJob {
  readonly inputs: readonly IdRun[];
  readonly #writer: RunWriter;
  /** Those that are not at their end. */
  readonly #cursors: RunCursor[];
  /** Of each of them the upper half of the id at hand: that nearly always tells which is less. */
  readonly #keys: Float64Array;
  #run: IdRun | null = null;

  /** @throws LedgerError LEDGER_PART_DAMAGED */
  constructor(parts: PartStore, inputs: readonly IdRun[], writer: RunWriter) {
    this.inputs = inputs;
    this.#writer = writer;
    this.#cursors = inputs.map((run) => new RunCursor(parts, run));
    this.#keys = Float64Array.from(this.#cursors, keyOf);
  }

  get segments(): readonly IdSegment[] {
    return this.#writer.segments;
  }

  get run(): IdRun | null {
    return this.#run;
  }

  step(budget: number): number {
    const cursors = this.#cursors;
    const keys = this.#keys;
    const writer = this.#writer;
    const entries = Math.ceil(budget / costOfEntry);
    for (let moved = 1; moved <= entries; moved++) {
      const at = this.#least();
      const least = cursors[at] as RunCursor;
      writer.add(least.words, least.at);
      if (least.next()) {
        keys[at] = keyOf(least);
        continue;
      }
      cursors.splice(at, 1);
      keys.copyWithin(at, at + 1);
      if (cursors.length > 0) continue;
      this.#run = writer.finish();
      return moved * costOfEntry;
    }
    return entries * costOfEntry;
  }

  /** @returns which cursor has the least id */
  #least(): number {
    const cursors = this.#cursors;
    const keys = this.#keys;
    let least = 0;
    let key = keys[0] as number;
    for (let at = 1; at < cursors.length; at++) {
      const other = keys[at] as number;
      if (other > key) continue;
      if (other === key && !isLess(cursors[at] as RunCursor, cursors[least] as RunCursor)) continue;
      least = at;
      key = other;
    }
    return least;
  }
}

function keyOf({ words, at }: RunCursor): number {
  return idKey(words[at + 2] as number, words[at + 3] as number);
}

function isLess(one: RunCursor, other: RunCursor): boolean {
  return isBelow(one.words, one.at, other.words, other.at);
}

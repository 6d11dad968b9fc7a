import { assert } from '@quorate/base';
import {
  LaneColumn,
  laneCounts,
  NumberColumn,
  type TransferChunk,
} from '../transfers/transfer-chunk.ts';

const numberColumns = Object.values(NumberColumn);
const laneColumns = Object.values(LaneColumn);
/** Where the lanes of a column begin, behind the numbers, by `LaneColumn`. */
const laneStarts = laneColumns.map((column) =>
  laneCounts.slice(0, column).reduce(sum, numberColumns.length),
);
const allValues = laneCounts.reduce(sum, numberColumns.length);

function sum(one: number, other: number): number {
  return one + other;
}

/** One transfer, copied out of a chunk that is not in memory any more: its row, and no other. */
export class GatheredRow implements TransferChunk {
  readonly count = 1;
  readonly #row: number;
  /** The numbers, then the lanes. */
  readonly #values = new Float64Array(allValues);
  readonly #wideAmount: bigint | null;
  readonly #timestamp: bigint;

  constructor(chunk: TransferChunk, row: number) {
    this.#row = row;
    for (const column of numberColumns) this.#values[column] = chunk.number(column, row);
    for (const column of laneColumns)
      for (let lane = 0; lane < laneCounts[column]; lane++)
        this.#values[(laneStarts[column] as number) + lane] = chunk.lane(column, row, lane);
    const isWide = Number.isNaN(this.#values[NumberColumn.amount]);
    this.#wideAmount = isWide ? chunk.wideAmount(row) : null;
    this.#timestamp = chunk.timestamp(row);
  }

  number(column: NumberColumn, row: number): number {
    this.#check(row);
    return this.#values[column] as number;
  }

  lane(column: LaneColumn, row: number, lane: number): number {
    this.#check(row);
    return this.#values[(laneStarts[column] as number) + lane] as number;
  }

  wideAmount(row: number): bigint {
    this.#check(row);
    assert(this.#wideAmount !== null, 'an amount that is no number is wide');
    return this.#wideAmount;
  }

  timestamp(row: number): bigint {
    this.#check(row);
    return this.#timestamp;
  }

  #check(row: number): void {
    assert(row === this.#row, 'a row that was gathered is asked for that row');
  }
}

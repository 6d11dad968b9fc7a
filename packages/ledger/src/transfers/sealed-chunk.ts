import { Column } from '../columns/column.ts';
import { decodeUint32 } from '../columns/decode-numbers.ts';
import { snapshotInvalid } from '../ledger-error.ts';
import { RowRuns } from './row-runs.ts';
import { chunkRows, LaneColumn, NumberColumn, type TransferChunk } from './transfer-chunk.ts';

/*
 * A chunk that never changes, as bytes, little-endian:
 *
 *     version:u8 (1)  count:u32 (1 to 65,536)
 *     number columns, by `NumberColumn`: each as `Column` says
 *     lane columns, by `LaneColumn`, then timestamps: each u8 form; 0: as `Column` says; 1: runs,
 *       u32 count, so many u32 rows, then their lanes
 */
export const sealedVersion = 1;
export const headBytes = 5;
export const asColumn = 0;
export const asRuns = 1;

/** Of each number column, by `NumberColumn`. */
export const numberBytes = [4, 4, 16, 4, 4, 4, 2, 2, 4, 4] as const;
/** Of each lane column, by `LaneColumn`, and of the timestamps after them. */
const laneBytes = [16, 16, 16, 8, 8] as const;
const timestamps = 4;

const scratch = new Uint32Array(4);
const scratchRows = new Uint32Array(chunkRows);
const safeEnd = 2 ** 53;

/** Transfers, mostly 65,536, in as few bytes as the widths of their columns allow. */
export class SealedChunk implements TransferChunk {
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly #numbers: readonly Column[];
  readonly #lanes: readonly (Column | RowRuns)[];

  /**
   * @param bytes kept, and never changed
   * @throws LedgerError LEDGER_BATCH_MALFORMED
   */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const count = bytes.length < headBytes ? 0 : view.getUint32(1, true);
    if (bytes[0] !== sealedVersion || count < 1 || count > chunkRows)
      snapshotInvalid('a chunk of transfers has another version, or no rows');
    this.count = count;
    let at = headBytes;
    this.#numbers = numberBytes.map((rangeBytes) => {
      const column = new Column('chunk', rangeBytes);
      at = column.parse(view, at, count);
      return column;
    });
    this.#lanes = laneBytes.map((rangeBytes) => {
      const form = bytes[at];
      if (form === asRuns) {
        const runs = readRuns(view, at + 1, rangeBytes / 4, count);
        at += 5 + runs.rows.byteLength + runs.lanes.byteLength;
        return runs;
      }
      const column = new Column('chunk', rangeBytes);
      at = column.parse(view, at + 1, count);
      return column;
    });
  }

  number(column: NumberColumn, row: number): number {
    const value = (this.#numbers[column] as Column).numberAt(row);
    return column === NumberColumn.amount && value >= safeEnd ? Number.NaN : value;
  }

  /** For searches, which look at many rows of it. */
  numberColumn(column: NumberColumn): Column {
    return this.#numbers[column] as Column;
  }

  /** Likewise; only ids come in runs. */
  laneColumn(column: LaneColumn): Column | RowRuns {
    return this.#lanes[column] as Column | RowRuns;
  }

  lane(column: LaneColumn, row: number, lane: number): number {
    return this.#lane(column, row, lane);
  }

  wideAmount(row: number): bigint {
    return (this.#numbers[NumberColumn.amount] as Column).uint128At(row);
  }

  timestamp(row: number): bigint {
    const low = BigInt(this.#lane(timestamps, row, 0));
    return low | (BigInt(this.#lane(timestamps, row, 1)) << 32n);
  }

  /** The ids as runs; null: too many of them follow no other. */
  get idRuns(): RowRuns | null {
    const ids = this.#lanes[LaneColumn.id];
    return ids instanceof RowRuns ? ids : null;
  }

  /** @returns the largest number of a column of 32 bits */
  most(column: NumberColumn): number {
    const values = this.#numbers[column] as Column;
    decodeUint32(values, scratchRows);
    let most = 0;
    for (let row = 0; row < this.count; row++)
      if ((scratchRows[row] as number) > most) most = scratchRows[row] as number;
    return most;
  }

  #lane(at: number, row: number, lane: number): number {
    const lanes = this.#lanes[at] as Column | RowRuns;
    if (lanes instanceof RowRuns) return lanes.lane(row, lane);
    lanes.lanesAt(row, scratch);
    return scratch[lane] as number;
  }
}

function readRuns(view: DataView, at: number, lanesPerRow: number, rowCount: number): RowRuns {
  const count = at + 4 > view.byteLength ? 0 : view.getUint32(at, true);
  const from = at + 4 + count * 4;
  const isWithin = count > 0 && count <= rowCount;
  if (!isWithin || from + count * lanesPerRow * 4 > view.byteLength)
    snapshotInvalid('runs of ids or timestamps end too early');
  const rows = new Uint32Array(count);
  const lanes = new Uint32Array(count * lanesPerRow);
  for (let run = 0; run < count; run++) {
    const row = view.getUint32(at + 4 + run * 4, true);
    const isNext = run === 0 ? row === 0 : row > (rows[run - 1] as number) && row < rowCount;
    if (!isNext) snapshotInvalid('runs of ids or timestamps are out of order');
    rows[run] = row;
  }
  for (let lane = 0; lane < lanes.length; lane++)
    lanes[lane] = view.getUint32(from + lane * 4, true);
  return new RowRuns(rows, lanes, lanesPerRow);
}

import type { ColumnWriter } from '../columns/column-writer.ts';
import { writeLanesColumn } from '../columns/encode-lanes.ts';
import { writeUint32Column } from '../columns/encode-uint32.ts';
import { writeUint128 } from '../numbers/uint128.ts';
import type { OpenChunk } from './open-chunk.ts';
import { putMoment, RowRuns } from './row-runs.ts';
import {
  asColumn,
  asRuns,
  headBytes,
  numberBytes,
  SealedChunk,
  sealedVersion,
} from './sealed-chunk.ts';
import { chunkRows, LaneColumn, laneCounts, NumberColumn } from './transfer-chunk.ts';

/** With fewer rows a run than this, a column is the shorter. */
const rowsPerRun = 16;

const words = new Uint32Array(chunkRows);
const lanes = new Uint32Array(chunkRows * 4);
const zero = new Uint32Array(1);

/** Each writes one column; in this order they are a chunk's. */
const columnWriters: readonly ((writer: ColumnWriter, open: OpenChunk, count: number) => void)[] = [
  ...numberBytes.map((_, at) => {
    if (at === NumberColumn.amount) return writeAmounts;
    const column = at as NumberColumn;
    return (writer: ColumnWriter, open: OpenChunk, count: number) =>
      writeNumbers(writer, open.numbers(column), count);
  }),
  writeIds,
  ...[LaneColumn.pendingId, LaneColumn.userData128, LaneColumn.userData64].map(
    (column) => (writer: ColumnWriter, open: OpenChunk, count: number) =>
      writeLanes(writer, open, column, count),
  ),
  writeTimestamps,
];

/** After so many calls of `step` a chunk is in its final form. */
export const sealingSteps = columnWriters.length + 1;

/**
 * Puts the first transfers of a chunk in their final form, a column at a time: all of it at once
 * takes milliseconds. Of rows that never change meanwhile.
 */
export class ChunkSealing {
  readonly #open: OpenChunk;
  readonly #count: number;
  readonly #writer: ColumnWriter;
  #column = 0;

  /**
   * @param count of them, 1 to 65,536
   * @param writer nobody else's until the last step
   */
  constructor(open: OpenChunk, count: number, writer: ColumnWriter) {
    this.#open = open;
    this.#count = count;
    this.#writer = writer;
    writer.clear();
    writer.reserve(headBytes);
    writer.view.setUint8(0, sealedVersion);
    writer.view.setUint32(1, count, true);
    writer.length = headBytes;
  }

  /** @returns the chunk, from the last step */
  step(): SealedChunk | null {
    const write = columnWriters[this.#column++];
    if (write === undefined) return new SealedChunk(this.#writer.take());
    write(this.#writer, this.#open, this.#count);
    return null;
  }
}

function writeNumbers(
  writer: ColumnWriter,
  values: ReturnType<OpenChunk['numbers']>,
  count: number,
): void {
  // A column of one value is the same for any number of rows.
  if (values === null) writeUint32Column(writer, zero, 1);
  else writeUint32Column(writer, values as Uint32Array | Uint16Array, count);
}

function writeAmounts(writer: ColumnWriter, open: OpenChunk, count: number): void {
  const { amounts } = open;
  let isNarrow = true;
  for (let row = 0; row < count; row++) {
    const amount = amounts[row] as number;
    // NaN, too, is not below it.
    if (!(amount < 2 ** 32)) isNarrow = false;
    words[row] = amount;
  }
  if (isNarrow) {
    writeUint32Column(writer, words, count);
    return;
  }
  for (let row = 0, at = 0; row < count; row++, at += 4) {
    const amount = amounts[row] as number;
    if (Number.isNaN(amount)) {
      writeUint128(lanes, at, open.wideAmount(row));
      continue;
    }
    lanes[at] = amount;
    lanes[at + 1] = amount / 2 ** 32;
    lanes[at + 2] = 0;
    lanes[at + 3] = 0;
  }
  writeLanesColumn(writer, lanes, count);
}

function writeLanes(
  writer: ColumnWriter,
  open: OpenChunk,
  column: LaneColumn,
  count: number,
): void {
  writeForm(writer, asColumn);
  if (!open.has(column)) {
    writeNumbers(writer, null, count);
    return;
  }
  const values = open.lanes(column);
  if (laneCounts[column] === 4) {
    writeLanesColumn(writer, values, count);
    return;
  }
  lanes.fill(0);
  for (let row = 0; row < count; row++) {
    lanes[row * 4] = values[row * 2] as number;
    lanes[row * 4 + 1] = values[row * 2 + 1] as number;
  }
  writeLanesColumn(writer, lanes, count);
}

function writeTimestamps(writer: ColumnWriter, { micros, nanos }: OpenChunk, count: number): void {
  const runs = RowRuns.ofMoments(micros, nanos, count, Math.ceil(count / rowsPerRun));
  if (runs !== null) {
    writeRuns(writer, runs);
    return;
  }
  writeForm(writer, asColumn);
  lanes.fill(0, 0, count * 4);
  for (let row = 0; row < count; row++)
    putMoment(lanes, row * 4, micros[row] as number, nanos[row] as number);
  writeLanesColumn(writer, lanes, count);
}

function writeIds(writer: ColumnWriter, { ids }: OpenChunk, count: number): void {
  const runs = RowRuns.of(ids, count, 4, Math.ceil(count / rowsPerRun));
  if (runs !== null) {
    writeRuns(writer, runs);
    return;
  }
  writeForm(writer, asColumn);
  writeLanesColumn(writer, ids, count);
}

function writeForm(writer: ColumnWriter, form: number): void {
  writer.reserve(1);
  writer.view.setUint8(writer.length++, form);
}

function writeRuns(writer: ColumnWriter, { rows, lanes: firsts }: RowRuns): void {
  writeForm(writer, asRuns);
  writer.reserve(4 + rows.byteLength + firsts.byteLength);
  const { view } = writer;
  let at = writer.length;
  view.setUint32(at, rows.length, true);
  at += 4;
  for (const row of rows) {
    view.setUint32(at, row, true);
    at += 4;
  }
  for (const lane of firsts) {
    view.setUint32(at, lane, true);
    at += 4;
  }
  writer.length = at;
}

import { ColumnWriter } from '../columns/column-writer.ts';
import { writeLanesColumn } from '../columns/encode-lanes.ts';
import { writeUint32Column } from '../columns/encode-uint32.ts';
import { writeUint128 } from '../numbers/uint128.ts';
import type { OpenChunk } from './open-chunk.ts';
import { RowRuns } from './row-runs.ts';
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

const writer = new ColumnWriter();
const words = new Uint32Array(chunkRows);
const lanes = new Uint32Array(chunkRows * 4);

/**
 * Puts the first transfers of a chunk in their final form.
 *
 * @param count of them, 1 to 65,536
 */
export function sealChunk(open: OpenChunk, count: number): SealedChunk {
  writer.clear();
  writer.reserve(headBytes);
  writer.view.setUint8(0, sealedVersion);
  writer.view.setUint32(1, count, true);
  writer.length = headBytes;
  for (let column = 0; column < numberBytes.length; column++) {
    if (column === NumberColumn.amount) writeAmounts(open, count);
    else writeNumbers(open, column as NumberColumn, count);
  }
  writeRunsOrLanes(open.ids, 4, count);
  for (const column of [LaneColumn.pendingId, LaneColumn.userData128, LaneColumn.userData64])
    writeLanes(open, column, count);
  writeTimestamps(open, count);
  return new SealedChunk(writer.take());
}

function writeNumbers(open: OpenChunk, column: NumberColumn, count: number): void {
  const values = open.numbers(column);
  if (values === null) writeUint32Column(writer, words.fill(0), count);
  else writeUint32Column(writer, values as Uint32Array | Uint16Array, count);
}

function writeAmounts(open: OpenChunk, count: number): void {
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

function writeLanes(open: OpenChunk, column: LaneColumn, count: number): void {
  writeForm(asColumn);
  if (!open.has(column)) {
    writeUint32Column(writer, words.fill(0), count);
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

function writeTimestamps({ micros, nanos }: OpenChunk, count: number): void {
  // As lanes of 64 bits; the multiplication is done in halves, for the whole is beyond 2^53.
  const pairs = new Uint32Array(count * 2);
  for (let row = 0; row < count; row++) {
    const moment = micros[row] as number;
    const low = (moment % 2 ** 32) * 1000 + (nanos[row] as number);
    pairs[row * 2] = low;
    pairs[row * 2 + 1] = Math.floor(moment / 2 ** 32) * 1000 + Math.floor(low / 2 ** 32);
  }
  writeRunsOrLanes(pairs, 2, count);
}

/** @param values `lanesPerRow` a row */
function writeRunsOrLanes(values: Uint32Array, lanesPerRow: number, count: number): void {
  const runs = RowRuns.of(values, count, lanesPerRow, Math.ceil(count / rowsPerRun));
  if (runs !== null) {
    writeRuns(runs);
    return;
  }
  writeForm(asColumn);
  if (lanesPerRow === 4) {
    writeLanesColumn(writer, values, count);
    return;
  }
  for (let row = 0; row < count; row++) {
    lanes[row * 4] = values[row * 2] as number;
    lanes[row * 4 + 1] = values[row * 2 + 1] as number;
    lanes[row * 4 + 2] = 0;
    lanes[row * 4 + 3] = 0;
  }
  writeLanesColumn(writer, lanes, count);
}

function writeForm(form: number): void {
  writer.reserve(1);
  writer.view.setUint8(writer.length++, form);
}

function writeRuns({ rows, lanes: firsts }: RowRuns): void {
  writeForm(asRuns);
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

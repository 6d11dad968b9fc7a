import { OpenChunk } from './open-chunk.ts';
import type { SealedChunk } from './sealed-chunk.ts';
import { LaneColumn, laneCounts, NumberColumn } from './transfer-chunk.ts';

const lazyNumbers = [NumberColumn.timeout, NumberColumn.userData32];

/**
 * @param rowsPerChunk of a full one
 * @returns a chunk that is written to, with the same rows
 */
export function reopenChunk(sealed: SealedChunk, rowsPerChunk: number): OpenChunk {
  const open = new OpenChunk(rowsPerChunk);
  const { count } = sealed;
  open.count = count;
  for (const column of Object.values(NumberColumn)) {
    for (let row = 0; row < count; row++) {
      const value = sealed.number(column, row);
      if (column === NumberColumn.amount && Number.isNaN(value))
        open.setWideAmount(row, sealed.wideAmount(row));
      else if (!lazyNumbers.includes(column as never)) setNumber(open, column, row, value);
      else if (value !== 0) setNumber(open, column, row, value);
    }
  }
  for (const column of Object.values(LaneColumn)) {
    for (let row = 0; row < count; row++) {
      for (let lane = 0; lane < laneCounts[column]; lane++) {
        const value = sealed.lane(column, row, lane);
        if (value !== 0) open.lanes(column)[row * laneCounts[column] + lane] = value;
      }
    }
  }
  for (let row = 0; row < count; row++) {
    const timestamp = sealed.timestamp(row);
    open.micros[row] = Number(timestamp / 1000n);
    open.nanos[row] = Number(timestamp % 1000n);
  }
  return open;
}

function setNumber(open: OpenChunk, column: NumberColumn, row: number, value: number): void {
  if (column === NumberColumn.timeout) open.timeouts[row] = value;
  else if (column === NumberColumn.userData32) open.userData32[row] = value;
  else {
    const values = open.numbers(column);
    if (values !== null) values[row] = value;
  }
}

import assert from 'node:assert/strict';
import type { Column } from '../src/columns/column.ts';
import { decodeLanes } from '../src/columns/decode-lanes.ts';
import { decodeNumbers, decodeUint16, decodeUint32 } from '../src/columns/decode-numbers.ts';
import { maxBatchEvents } from '../src/model/limits.ts';
import { readUint128 } from '../src/numbers/uint128.ts';
import { readColumn } from '../test/columns/reference-columns.ts';

const lanes = new Uint32Array(maxBatchEvents * 4);
const numbers = new Float64Array(maxBatchEvents);
const uint32 = new Uint32Array(maxBatchEvents);
const uint16 = new Uint16Array(maxBatchEvents);

/** Values beyond these are looked at by the fast readers only: bigints of all would be too slow. */
const judgedValues = 200;

/** Every way to read a column gives what its bytes say. */
export function judgeColumn(column: Column, bytes: Uint8Array): void {
  const count = Math.min(column.count, judgedValues);
  const values = column.isPresent
    ? readColumn(bytes, column.start, count).values
    : new Array<bigint>(count).fill(0n);
  const limit = 256n ** BigInt(column.rangeBytes);
  decodeLanes(column, lanes);
  const areNumbers = decodeNumbers(column, numbers);
  if (column.rangeBytes <= 4) decodeUint32(column, uint32);
  if (column.rangeBytes <= 2) decodeUint16(column, uint16);
  for (const [i, value] of values.entries()) {
    assert.ok(value < limit, 'a value beyond its range was taken');
    assert.equal(column.uint128At(i), value);
    assert.equal(readUint128(lanes, i * 4), value);
    if (areNumbers) assert.equal(numbers[i], Number(value));
    if (column.rangeBytes <= 4) assert.equal(uint32[i], Number(value));
    if (column.rangeBytes <= 2) assert.equal(uint16[i], Number(value));
  }
  const areSmall = values.every((value) => value < 2n ** 53n);
  if (areNumbers) assert.ok(areSmall, 'a wide value passed as a number');
  else if (count === column.count) assert.ok(!areSmall, 'numbers were called wide');
}

/** Which forms occur, for the list of behaviours. */
export function formsOf(columns: readonly Column[]): string {
  const found = new Set<string>();
  for (const column of columns) {
    if (!column.isPresent) continue;
    found.add(column.isSequence ? 'sequence' : `${Math.ceil(column.width / 4) * 4}`);
  }
  return [...found].sort().join(' ');
}

import type { Column } from '../columns/column.ts';
import { readUint128 } from '../numbers/uint128.ts';

/*
 * Of rows of a column, those with one value: the value is compared as the delta that it would be,
 * with the bytes as they lie there, and nothing is unpacked. Rows are kept in place.
 */

/** @returns the delta or position that a row with the value has; below 0: no row can have it */
function deltaOf(column: Column, value: bigint): bigint {
  const delta = value - readUint128(column.base, 0);
  if (column.isSequence) return delta < BigInt(column.count) ? delta : -1n;
  return delta >> BigInt(column.width * 8) === 0n ? delta : -1n;
}

/** Whether a row may have the value, as far as can be told without looking at any. */
export function mayHold(column: Column, value: bigint): boolean {
  return deltaOf(column, value) >= 0n;
}

/**
 * @param rows the first `count` of them are rows of the column; those with the value come first
 * @returns how many have it
 */
export function narrowColumn(
  column: Column,
  value: bigint,
  rows: Uint32Array,
  count: number,
): number {
  const delta = deltaOf(column, value);
  if (delta < 0n) return 0;
  if (column.isSequence) return narrowToRow(rows, count, Number(delta));
  if (column.width === 0) return count;
  const low = Number(delta & 0xffffffffn);
  if (column.width === 1) return narrowOneByte(column, low, rows, count);
  if (column.width === 2) return narrowTwoBytes(column, low, rows, count);
  if (column.width === 3) return narrowThreeBytes(column, low, rows, count);
  const some = narrowFourBytes(column, low, rows, count);
  return column.width === 4 ? some : narrowRest(column, delta, rows, some);
}

function narrowToRow(rows: Uint32Array, count: number, wanted: number): number {
  const at = rows.subarray(0, count).indexOf(wanted);
  if (at < 0) return 0;
  rows[0] = wanted;
  return 1;
}

/* Each row is written, and stays if the next is not written over it: that way nothing branches. */

function narrowOneByte(column: Column, delta: number, rows: Uint32Array, count: number): number {
  const { view, deltaStart } = column;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number;
    rows[kept] = row;
    kept += view.getUint8(deltaStart + row) === delta ? 1 : 0;
  }
  return kept;
}

function narrowTwoBytes(column: Column, delta: number, rows: Uint32Array, count: number): number {
  const { view, deltaStart } = column;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number;
    rows[kept] = row;
    kept += view.getUint16(deltaStart + row * 2, true) === delta ? 1 : 0;
  }
  return kept;
}

function narrowThreeBytes(column: Column, delta: number, rows: Uint32Array, count: number): number {
  const { view, deltaStart } = column;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number;
    const at = deltaStart + row * 3;
    rows[kept] = row;
    kept += (view.getUint16(at, true) | (view.getUint8(at + 2) << 16)) === delta ? 1 : 0;
  }
  return kept;
}

/** The low four bytes, of four or more. */
function narrowFourBytes(column: Column, low: number, rows: Uint32Array, count: number): number {
  const { view, deltaStart, width } = column;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number;
    rows[kept] = row;
    kept += view.getUint32(deltaStart + row * width, true) === low ? 1 : 0;
  }
  return kept;
}

/** The bytes after the low four. */
function narrowRest(column: Column, delta: bigint, rows: Uint32Array, count: number): number {
  const { view, deltaStart, width } = column;
  const wanted = Array.from({ length: width }, (_, byte) =>
    Number((delta >> BigInt(byte * 8)) & 0xffn),
  );
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number;
    const at = deltaStart + row * width;
    let byte = 4;
    while (byte < width && view.getUint8(at + byte) === wanted[byte]) byte++;
    rows[kept] = row;
    kept += byte === width ? 1 : 0;
  }
  return kept;
}

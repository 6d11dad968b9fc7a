import { assert } from '@quorate/base';
import { numberFromLanes } from '../numbers/uint128.ts';
import type { Column } from './column.ts';

/*
 * Whole columns into typed arrays. One loop a width, and each function writes one kind of array
 * only: an engine then compiles each loop for exactly what it sees. Reads of a DataView are inlined
 * and were measured at two thirds of what reading single bytes costs.
 */

const safeEnd = 2 ** 53;

/**
 * Of a column of 16 bits.
 *
 * @param out has room for `column.count` values
 */
export function decodeUint16(column: Column, out: Uint16Array): void {
  const { count, width, view, isSequence } = column;
  assert(column.rangeBytes <= 2 && out.length >= count, 'the values have room');
  const base = (column.base[0] as number) | 0;
  let at = column.deltaStart;
  if (isSequence) {
    for (let i = 0; i < count; i++) out[i] = base + i;
  } else if (width === 0) {
    out.fill(base, 0, count);
  } else if (width === 1) {
    for (let i = 0; i < count; i++) out[i] = base + view.getUint8(at++);
  } else {
    for (let i = 0; i < count; i++, at += 2) out[i] = base + view.getUint16(at, true);
  }
}

/**
 * Of a column of 16 or 32 bits.
 *
 * @param out has room for `column.count` values
 */
export function decodeUint32(column: Column, out: Uint32Array): void {
  const { count, width, view, isSequence } = column;
  assert(column.rangeBytes <= 4 && out.length >= count, 'the values have room');
  // Sums are within 32 bits, so that signed arithmetic gives the same bits and is the faster.
  const base = (column.base[0] as number) | 0;
  let at = column.deltaStart;
  if (isSequence) {
    for (let i = 0; i < count; i++) out[i] = (base + i) | 0;
  } else if (width === 0) {
    out.fill(column.base[0] as number, 0, count);
  } else if (width === 1) {
    for (let i = 0; i < count; i++) out[i] = (base + view.getUint8(at++)) | 0;
  } else if (width === 2) {
    for (let i = 0; i < count; i++, at += 2) out[i] = (base + view.getUint16(at, true)) | 0;
  } else if (width === 3) {
    for (let i = 0; i < count; i++, at += 3) {
      out[i] = (base + (view.getUint16(at, true) | (view.getUint8(at + 2) << 16))) | 0;
    }
  } else {
    for (let i = 0; i < count; i++, at += 4) out[i] = (base + view.getInt32(at, true)) | 0;
  }
}

/** As `decodeUint32`, of a column whose values are known to be below 2^31, as those of slots. */
export function decodeInt32(column: Column, out: Int32Array): void {
  decodeUint32(column, new Uint32Array(out.buffer, out.byteOffset, out.length));
}

/**
 * Of any column, as numbers.
 *
 * @param out has room for `column.count` values
 * @returns whether all values are below 2^53; if not, what is in `out` means nothing
 */
export function decodeNumbers(column: Column, out: Float64Array): boolean {
  const { count, width, isSequence } = column;
  assert(out.length >= count, 'the values have room');
  const base = numberFromLanes(column.base, 0);
  if (base >= safeEnd) return false;
  if (isSequence) {
    for (let i = 0; i < count; i++) out[i] = base + i;
    return base + count <= safeEnd;
  }
  if (width === 0) out.fill(base, 0, count);
  else if (width <= 4) addNarrow(column, base, out);
  else if (width <= 8) addWide(column, base, out);
  else if (!addWidest(column, base, out)) return false;
  return (base < 2 ** 52 && width <= 6) || areSafe(out, count);
}

function addNarrow(column: Column, base: number, out: Float64Array): void {
  const { count, width, view } = column;
  let at = column.deltaStart;
  if (width === 1) {
    for (let i = 0; i < count; i++) out[i] = base + view.getUint8(at++);
  } else if (width === 2) {
    for (let i = 0; i < count; i++, at += 2) out[i] = base + view.getUint16(at, true);
  } else if (width === 3) {
    for (let i = 0; i < count; i++, at += 3) {
      out[i] = base + (view.getUint16(at, true) | (view.getUint8(at + 2) << 16));
    }
  } else {
    for (let i = 0; i < count; i++, at += 4) out[i] = base + view.getUint32(at, true);
  }
}

/** Five to eight bytes: the upper four are read as they lie, and what both have is shifted out. */
function addWide(column: Column, base: number, out: Float64Array): void {
  const { count, width, view } = column;
  const upper = width - 4;
  const shift = (8 - width) * 8;
  for (let i = 0, at = column.deltaStart; i < count; i++, at += width) {
    const high = view.getUint32(at + upper, true) >>> shift;
    out[i] = base + (high * 2 ** 32 + view.getUint32(at, true));
  }
}

/** @returns false as soon as a value has more than 64 bits */
function addWidest(column: Column, base: number, out: Float64Array): boolean {
  const { count, width, view } = column;
  for (let i = 0, at = column.deltaStart; i < count; i++, at += width) {
    for (let byte = 8; byte < width; byte++) if (view.getUint8(at + byte) !== 0) return false;
    out[i] = base + (view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true));
  }
  return true;
}

/** Rounding never takes a sum from 2^53 or above to below it. */
function areSafe(values: Float64Array, count: number): boolean {
  let most = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i] as number;
    if (value > most) most = value;
  }
  return most < safeEnd;
}

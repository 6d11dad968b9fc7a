import { assert } from '@quorate/base';

/**
 * Safe integers as 8 bytes, little-endian. Two 32-bit halves: a DataView's 64-bit calls go through
 * bigint and cost ten times as much.
 */
export function putSafeInteger(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value >>> 0, true);
  view.setUint32(offset + 4, Math.floor(value / 2 ** 32), true);
}

/** Another number, once stored, would keep the node from starting: when nobody can mend it. */
export function assertStorable(value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, 'a stored number is a safe integer from 0');
}

/** @returns the integer, or -1 when the 8 bytes hold more than a safe integer */
export function getSafeInteger(view: DataView, offset: number): number {
  const value = view.getUint32(offset + 4, true) * 2 ** 32 + view.getUint32(offset, true);
  return Number.isSafeInteger(value) ? value : -1;
}

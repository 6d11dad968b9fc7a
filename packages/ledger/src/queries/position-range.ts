import type { TransferStore } from '../transfers/transfer-store.ts';

/** Positions from `from` up to, not including, `end`. */
export interface PositionRange {
  readonly from: number;
  readonly end: number;
}

/** @returns the first transfer below `end` that is not before the moment; `end`: there is none */
export function firstSince(transfers: TransferStore, timestamp: bigint, end: number): number {
  return firstOf(end, (position) => transfers.timestamp(position) >= timestamp);
}

/** @returns where the transfers of a time are; timestamps rise with positions */
export function positionsBetween(
  transfers: TransferStore,
  timestampMin: bigint,
  timestampMax: bigint,
): PositionRange {
  const { count } = transfers;
  // Nearly nobody asks for an end, and to look for it would read chunk after chunk.
  const isToEnd = count === 0 || transfers.timestamp(count - 1) <= timestampMax;
  const end = isToEnd ? count : firstSince(transfers, timestampMax + 1n, count);
  return { from: timestampMin === 0n ? 0 : firstSince(transfers, timestampMin, end), end };
}

/**
 * @param isThere false up to some number, and true from there on
 * @returns the first number from 0 on for which it is true; `end`: none below that
 */
export function firstOf(end: number, isThere: (number: number) => boolean): number {
  let low = 0;
  let high = end;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isThere(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

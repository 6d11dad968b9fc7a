import type { HistoryRecord } from '../transfers/history-chunk.ts';
import { historyRowBytes } from './snapshot-layout.ts';

const lowHalf = 0xffff_ffff_ffff_ffffn;

/** @returns rows as snapshots have them */
export function encodeHistoryRows(
  from: number,
  to: number,
  recordAt: (row: number) => HistoryRecord,
): Uint8Array {
  const bytes = new Uint8Array((to - from) * historyRowBytes);
  const view = new DataView(bytes.buffer);
  for (let row = from, at = 0; row < to; row++, at += historyRowBytes) {
    const { slot, micros, nanos, balances } = recordAt(row);
    view.setUint32(at, slot, true);
    view.setFloat64(at + 4, micros, true);
    view.setUint16(at + 12, nanos, true);
    balances.forEach((balance, kind) => {
      view.setBigUint64(at + 14 + kind * 16, balance & lowHalf, true);
      view.setBigUint64(at + 22 + kind * 16, balance >> 64n, true);
    });
  }
  return bytes;
}

/** @param bytes whole rows */
export function forEachHistoryRow(bytes: Uint8Array, visit: (row: HistoryRecord) => void): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += historyRowBytes) {
    const balances = [14, 30, 46, 62].map(
      (from) =>
        view.getBigUint64(at + from, true) | (view.getBigUint64(at + from + 8, true) << 64n),
    );
    const [micros, nanos] = [view.getFloat64(at + 4, true), view.getUint16(at + 12, true)];
    visit({ slot: view.getUint32(at, true), micros, nanos, balances });
  }
}

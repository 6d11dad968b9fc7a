import { snapshotInvalid } from '../ledger-error.ts';
import type { PartPlace } from './part-store.ts';

/** f64 file, f64 offset, u32 length, u32 crc, little-endian. */
export const placeBytes = 24;
/** No part has as much. */
const mostPartBytes = 64 * 1024 * 1024;

export function writePlace(view: DataView, at: number, place: PartPlace): void {
  view.setFloat64(at, place.file, true);
  view.setFloat64(at + 8, place.offset, true);
  view.setUint32(at + 16, place.length, true);
  view.setUint32(at + 20, place.crc, true);
}

/** @throws LedgerError LEDGER_SNAPSHOT_INVALID */
export function readPlace(view: DataView, at: number): PartPlace {
  const place = {
    file: view.getFloat64(at, true),
    offset: view.getFloat64(at + 8, true),
    length: view.getUint32(at + 16, true),
    crc: view.getUint32(at + 20, true),
  };
  const { file, offset, length } = place;
  const isPlace = Number.isSafeInteger(file) && Number.isSafeInteger(offset);
  if (!isPlace || file < 1 || offset < 0 || length > mostPartBytes)
    snapshotInvalid('a place that there is not');
  return place;
}

import { snapshotInvalid } from '../ledger-error.ts';
import type { PartPlace, PartStore } from '../parts/part-store.ts';
import { placeBytes, readPlace, writePlace } from '../parts/place-bytes.ts';
import { chunkRecords, decodeHistory, historyRecordOf } from '../transfers/history-chunk.ts';
import { encodeHistoryRows } from './history-rows.ts';
import type { SnapshotRecord } from './record-writer.ts';
import {
  historyRowBytes,
  historyRowsPerRecord,
  RecordKind,
  storedMark,
} from './snapshot-layout.ts';

/** One record, or a part of one, that is made when it is needed. */
export interface LazyRecord {
  readonly kind: number;
  /** Bytes. */
  readonly length: number;
  readonly draw: () => Uint8Array;
}

/** @returns a record that refers to a part */
export function storedRecord(kind: number, place: PartPlace): SnapshotRecord {
  const bytes = new Uint8Array(placeBytes);
  writePlace(new DataView(bytes.buffer), 0, place);
  return { kind: kind | storedMark, bytes, storedBytes: place.length };
}

/** @throws LedgerError LEDGER_SNAPSHOT_INVALID */
export function placeOf(bytes: Uint8Array): PartPlace {
  if (bytes.length !== placeBytes) snapshotInvalid('a place of another length');
  return readPlace(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0);
}

/** @returns the records that a whole snapshot has in place of one that refers to a part */
export function wholeRecords(kind: number, place: PartPlace, parts: PartStore): LazyRecord[] {
  if (kind !== RecordKind.history)
    return [{ kind, length: place.length, draw: () => parts.read(place) }];
  const records: LazyRecord[] = [];
  for (let from = 0; from < chunkRecords; from += historyRowsPerRecord) {
    const draw = (): Uint8Array => {
      const chunk = decodeHistory(parts.read(place));
      return encodeHistoryRows(from, from + historyRowsPerRecord, (row) =>
        historyRecordOf(chunk, row),
      );
    };
    records.push({ kind, length: historyRowsPerRecord * historyRowBytes, draw });
  }
  return records;
}

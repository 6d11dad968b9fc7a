import { snapshotInvalid } from '../ledger-error.ts';
import type { PartPlace, PartStore } from '../parts/part-store.ts';
import { placeBytes, readPlace, writePlace } from '../parts/place-bytes.ts';
import { chunkRecords, decodeHistory, historyRecordOf } from '../transfers/history-chunk.ts';
import { encodeStatuses } from '../transfers/pending-statuses.ts';
import { RowStatuses } from '../transfers/row-statuses.ts';
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

/** Statuses that are stored, but for some rows. */
export interface StoredStatuses {
  readonly chunk: number;
  readonly place: PartPlace;
  /** All of which were open when the others were stored. */
  readonly rows: RowStatuses;
}

/** @returns a record that refers to a part, and has what may have become of it since */
export function storedStatusesRecord({ chunk, place, rows }: StoredStatuses): SnapshotRecord {
  const encoded = rows.encode();
  const bytes = new Uint8Array(placeBytes + 4 + encoded.length);
  const view = new DataView(bytes.buffer);
  writePlace(view, 0, place);
  view.setUint32(placeBytes, chunk, true);
  bytes.set(encoded, placeBytes + 4);
  return { kind: RecordKind.statuses | storedMark, bytes, storedBytes: place.length };
}

/**
 * @param bytes of a record as `storedStatusesRecord` makes it
 * @throws LedgerError LEDGER_SNAPSHOT_INVALID
 */
export function storedStatusesOf(bytes: Uint8Array): StoredStatuses {
  const place = placeOf(bytes);
  if (bytes.length < placeBytes + 4) snapshotInvalid('statuses of no chunk');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const chunk = view.getUint32(placeBytes, true);
  const rows = RowStatuses.decode(bytes.subarray(placeBytes + 4), place.length - 4);
  if (rows === null) return snapshotInvalid('statuses of rows that there are not');
  return { chunk, place, rows };
}

/**
 * @param bytes of a record that refers to a part, at which they may go on with something else
 * @throws LedgerError LEDGER_SNAPSHOT_INVALID
 */
export function placeOf(bytes: Uint8Array): PartPlace {
  if (bytes.length < placeBytes) snapshotInvalid('a place of another length');
  return readPlace(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0);
}

/**
 * @param bytes of a record that refers to a part, and has nothing else
 * @throws LedgerError LEDGER_SNAPSHOT_INVALID
 */
export function lonePlaceOf(bytes: Uint8Array): PartPlace {
  if (bytes.length !== placeBytes) snapshotInvalid('a place of another length');
  return placeOf(bytes);
}

/**
 * @param rows of a chunk whose statuses are stored
 * @param stored those statuses, as the part has them
 * @returns the chunk's statuses, as whole snapshots have them
 */
export function wholeStatuses({ chunk, rows }: StoredStatuses, stored: Uint8Array): Uint8Array {
  return encodeStatuses(chunk, rows.over(stored.subarray(4)));
}

/**
 * @param bytes of the record
 * @returns the records that a whole snapshot has in place of one that refers to a part
 * @throws LedgerError LEDGER_SNAPSHOT_INVALID; LEDGER_PART_DAMAGED, also as they are drawn
 */
export function wholeRecords(kind: number, bytes: Uint8Array, parts: PartStore): LazyRecord[] {
  if (kind === RecordKind.statuses) {
    const stored = storedStatusesOf(bytes);
    const { place } = stored;
    const draw = (): Uint8Array => wholeStatuses(stored, parts.read(place));
    return [{ kind, length: place.length, draw }];
  }
  const place = lonePlaceOf(bytes);
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

import type { PartStore } from '../parts/part-store.ts';
import type { IdsCheckpoint } from '../transfers/lone-ids.ts';
import type { TransferIds } from '../transfers/transfer-ids.ts';
import type { SnapshotRecord } from './record-writer.ts';
import { idBytes, idRunBytes, RecordKind, rowsPerRecord } from './snapshot-layout.ts';
import { storedRecord } from './stored-record.ts';

/**
 * @param parts where runs are read from; null: they are referred to
 * @returns all ids as they are when this is called
 */
export function drawIds(ids: TransferIds, parts: PartStore | null): Iterable<SnapshotRecord> {
  return idRecords(ids.freezeRuns(), ids.checkpoint(), parts);
}

function* idRecords(
  runs: ReturnType<TransferIds['freezeRuns']>,
  strays: IdsCheckpoint,
  parts: PartStore | null,
): Generator<SnapshotRecord, void> {
  for (const { lanes, positions, lengths, count } of runs) {
    const bytes = new Uint8Array(count * idRunBytes);
    const view = new DataView(bytes.buffer);
    for (let run = 0, at = 0; run < count; run++, at += idRunBytes) {
      writeId(view, at, lanes, run * 4);
      view.setFloat64(at + 16, positions[run] as number, true);
      view.setFloat64(at + 24, lengths[run] as number, true);
    }
    if (count > 0) yield { kind: RecordKind.idRuns, bytes };
  }
  for (const { level, segments } of strays.runs) {
    yield { kind: RecordKind.idRun, bytes: Uint8Array.of(level) };
    for (const place of segments)
      yield parts === null
        ? storedRecord(RecordKind.idSegment, place)
        : { kind: RecordKind.idSegment, bytes: parts.read(place) };
  }
  for (let from = 0; from < strays.entryCount; from += rowsPerRecord) {
    const to = Math.min(from + rowsPerRecord, strays.entryCount);
    const bytes = new Uint8Array((to - from) * idBytes);
    const view = new DataView(bytes.buffer);
    let out = 0;
    strays.forEachEntry(from, to, (lanes, at, value) => {
      writeId(view, out, lanes, at);
      view.setFloat64(out + 16, value, true);
      out += idBytes;
    });
    yield { kind: RecordKind.ids, bytes };
  }
}

function writeId(view: DataView, out: number, lanes: ArrayLike<number>, at: number): void {
  for (let lane = 0; lane < 4; lane++)
    view.setInt32(out + lane * 4, (lanes[at + lane] as number) | 0, true);
}

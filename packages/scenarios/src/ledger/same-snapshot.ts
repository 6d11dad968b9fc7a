import { concatBytes, equalBytes } from '@quorate/base';
import { RecordKind, RecordReader } from '@quorate/ledger';

interface Snapshotted {
  snapshot(): Iterator<Uint8Array, void>;
}

/** Ids that are equal on all replicas lie in other tables and runs on each. */
const idKinds: ReadonlySet<number> = new Set([
  RecordKind.idRuns,
  RecordKind.idRun,
  RecordKind.idSegment,
  RecordKind.ids,
]);

/**
 * Whether snapshots of the two are equal byte for byte, but for how ids are kept.
 *
 * @param hasSessions both begin with sessions: blocks after their lengths in four bytes, the last
 *   one without content
 */
export function isSameSnapshot(
  one: Snapshotted,
  other: Snapshotted,
  hasSessions: boolean,
): boolean {
  return one === other || equalBytes(comparable(one, hasSessions), comparable(other, hasSessions));
}

function comparable(source: Snapshotted, hasSessions: boolean): Uint8Array {
  const chunks: Uint8Array[] = [];
  const drawn = source.snapshot();
  for (let next = drawn.next(); next.done !== true; next = drawn.next()) chunks.push(next.value);
  const bytes = concatBytes(chunks);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  for (let length = hasSessions ? 1 : 0; length > 0; at += 4 + length)
    length = view.getUint32(at, true);
  const kept: Uint8Array[] = [bytes.subarray(0, at)];
  new RecordReader((kind, record) => {
    if (!idKinds.has(kind)) kept.push(Uint8Array.of(kind), record);
  }).read(bytes.subarray(at));
  return concatBytes(kept);
}

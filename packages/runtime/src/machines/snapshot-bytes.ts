import { concatBytes, type SnapshotSink, type StateMachine } from '@quorate/base';

/** The most that `snapshot` may yield at a time. */
export const maxChunkBytes = 1024 * 1024;

/** @returns a copy of all that is left */
export function drain(chunks: Iterator<Uint8Array, void>): Uint8Array {
  const copies: Uint8Array[] = [];
  for (let next = chunks.next(); next.done !== true; next = chunks.next()) {
    // Not slice(): of a Buffer that is a view.
    copies.push(new Uint8Array(next.value));
  }
  return concatBytes(copies);
}

/** Hands the bytes over in chunks that are overwritten once each call returns, and finishes. */
export function restoreInto(
  machine: StateMachine<unknown>,
  bytes: Uint8Array,
  chunkBytes = maxChunkBytes,
): void {
  const sink = machine.restore();
  handOver(sink, bytes, chunkBytes);
  sink.finish();
}

/** As `restoreInto`, without the end. */
export function handOver(sink: SnapshotSink, bytes: Uint8Array, chunkBytes = maxChunkBytes): void {
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const chunk = bytes.slice(at, at + chunkBytes);
    sink.chunk(chunk);
    chunk.fill(0xee);
  }
}

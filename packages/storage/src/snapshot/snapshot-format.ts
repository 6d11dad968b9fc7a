import type { Checksum, Codec } from '@quorate/base';
import type { GroupId, SnapshotMeta } from '@quorate/schema';
import { getSafeInteger, putSafeInteger } from '../fixed-integers.ts';
import { assertStorableMeta, putSnapshotMeta, snapshotMetaBytes } from '../snapshot-meta-bytes.ts';

/*
 * A snapshot file, format version 1. All integers little-endian.
 *
 *    0 8 bytes 'QUORSNAP'
 *    8 u32 format version
 *   12 u32 codec: 0 = identity, 1 = zstd
 *   16 u64 group
 *   24 u32 bytes of the meta
 *   28 the snapshot's meta
 *      u32 crc of all before
 *
 * then a frame for each chunk, and one that ends the file:
 *
 *    0 u32 bytes as stored; 0xffffffff in the last frame
 *    4 u32 bytes of the chunk; in the last frame the number of chunks
 *    8 u32 crc of bytes 0 to 8, then of the stored bytes, seeded with the header's crc plus the
 *      chunk's number; in the last frame of bytes 0 to 8, seeded with the crc of all frame heads
 *   12 the stored bytes
 *
 * The seeds keep a chunk of another snapshot, or of another place in this one, from passing. The
 * last frame covers all heads and thereby all crcs, so it holds also for a reader that skipped
 * the first chunks.
 */
export const snapshotVersion = 1;
const snapshotFixedBytes = 28;
export const frameHeadBytes = 12;
export const maxChunkBytes = 4 * 2 ** 20;
/** Compression may make bytes that do not compress a little longer. */
const maxStoredBytes = maxChunkBytes + maxChunkBytes / 64 + 1024;
const lastFrame = 0xffffffff;

const magic = new Uint8Array([0x51, 0x55, 0x4f, 0x52, 0x53, 0x4e, 0x41, 0x50]);
const codecs: readonly Codec['name'][] = ['identity', 'zstd'];

export interface SnapshotHeader {
  readonly bytes: Uint8Array;
  readonly crc: number;
}

export function encodeSnapshotHeader(
  group: GroupId,
  meta: SnapshotMeta,
  codec: Codec['name'],
  checksum: Checksum,
): SnapshotHeader {
  assertStorableMeta(meta);
  const metaBytes = snapshotMetaBytes(meta);
  const end = snapshotFixedBytes + metaBytes;
  const bytes = new Uint8Array(end + 4);
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  view.setUint32(8, snapshotVersion, true);
  view.setUint32(12, codecs.indexOf(codec), true);
  putSafeInteger(view, 16, group);
  view.setUint32(24, metaBytes, true);
  putSnapshotMeta(view, snapshotFixedBytes, meta);
  const crc = checksum.crc32(bytes.subarray(0, end), 0);
  view.setUint32(end, crc, true);
  return { bytes, crc };
}

interface SnapshotPreamble {
  readonly version: number;
  /** Null for a codec that this version does not know. */
  readonly codec: Codec['name'] | null;
  readonly group: GroupId;
}

/** The header's fixed part, unchecked. @returns null when this is no snapshot file */
export function decodeSnapshotPreamble(bytes: Uint8Array): SnapshotPreamble | null {
  if (bytes.length < snapshotFixedBytes) return null;
  if (magic.some((byte, at) => bytes[at] !== byte)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    version: view.getUint32(8, true),
    codec: codecs[view.getUint32(12, true)] ?? null,
    group: getSafeInteger(view, 16),
  };
}

export interface FrameHead {
  readonly last: boolean;
  /** Of the bytes that follow; 0 for the last frame. */
  readonly storedBytes: number;
  /** The chunk's length; for the last frame the number of chunks. */
  readonly size: number;
  readonly crc: number;
}

export function encodeFrameHead(
  stored: Uint8Array,
  chunkBytes: number,
  seed: number,
  checksum: Checksum,
): Uint8Array {
  return frame(stored.length, chunkBytes, (lengths) =>
    checksum.crc32(stored, checksum.crc32(lengths, seed)),
  );
}

export function encodeLastFrame(chunks: number, heads: number, checksum: Checksum): Uint8Array {
  return frame(lastFrame, chunks, (lengths) => checksum.crc32(lengths, heads));
}

function frame(stored: number, size: number, crcOf: (lengths: Uint8Array) => number): Uint8Array {
  const head = new Uint8Array(frameHeadBytes);
  const view = new DataView(head.buffer);
  view.setUint32(0, stored, true);
  view.setUint32(4, size, true);
  view.setUint32(8, crcOf(head.subarray(0, 8)), true);
  return head;
}

/** @returns null when there are too few bytes or a length is beyond the limits */
export function decodeFrameHead(bytes: Uint8Array): FrameHead | null {
  if (bytes.length !== frameHeadBytes) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const storedBytes = view.getUint32(0, true);
  const size = view.getUint32(4, true);
  const crc = view.getUint32(8, true);
  if (storedBytes === lastFrame) return { last: true, storedBytes: 0, size, crc };
  if (storedBytes > maxStoredBytes || size > maxChunkBytes) return null;
  return { last: false, storedBytes, size, crc };
}

/** @param number 0-based */
export function chunkSeed(headerCrc: number, number: number): number {
  return (headerCrc + number) >>> 0;
}

import type { Checksum } from '@quorate/base';
import { getSafeInteger, putSafeInteger } from '../fixed-integers.ts';

/*
 * The log's byte format, version 1. All integers little-endian; u64 are safe integers.
 *
 * A segment is a header, then batches, then zeros:
 *
 *    0  8 bytes 'QUORWAL' and a zero
 *    8 u32 format version
 *   12 u32 crc of the other 36 bytes
 *   16 u64 sequence number, as in the file's name
 *   24 u64 incarnation of the data directory
 *   32 u64 bytes the file was made with; 0 in the very first segment
 *
 * A batch begins at a multiple of 8, is padded with zeros to one, and never spans segments:
 *
 *    0 u32 magic
 *    4 u32 crc of bytes 8 to 32, seeded with the segment's seed
 *    8 u64 number: 1, 2, 3 ... over all segments
 *   16 u32 bytes of records
 *   20 u32 records
 *   24 u32 the link of the batch before: the crc of its last record, or of its header without one
 *   28 u32 flags: 1 = opens its segment, so that it begins with a groupState for each group
 *                 2 = every group's records in it begin with a hardState
 *
 * A record:
 *
 *    0 u32 crc of bytes 4 to the end, seeded with the crc before it (batch header's or record's)
 *    4 u32 bytes of the body
 *    8 u64 group
 *   16 u8 kind, u8 the entry's kind (else 0), 2 zeros
 *   20 the body
 *
 * Bodies:
 *
 *   hardState   u64 term, votedFor, commitIndex
 *   truncate    u64 last index that stays
 *   entry       u64 index, term, timestampMicros; then the data
 *   snapshot    a snapshot's meta
 *   logStart    u64 index, term
 *   groupState  hardState, logStart, u64 lastIndex; then a snapshot's meta unless there is none
 *   repair      u64 the last index that may have been acknowledged before the log was damaged; in
 *               force until the log is durable up to there; behind the group's groupState
 *
 * The segment's seed is the crc of its sequence and incarnation: bytes of another segment or of
 * another directory never pass. Since each crc seeds the next, a batch's link covers the whole log
 * before it.
 */
export const formatVersion = 1;
export const segmentHeaderBytes = 40;
export const batchHeaderBytes = 32;
export const batchAlignment = 8;
export const recordHeaderBytes = 20;
export const entryHeadBytes = 24;
export const hardStateBytes = 24;
export const logStartBytes = 16;
export const truncateBytes = 8;
export const groupStateHeadBytes = hardStateBytes + logStartBytes + 8;
export const repairBytes = 8;
export const opensSegment = 1;
export const hardStatesFirst = 2;
export const batchMagic = 0x42_51_a7_1e;

export const RecordKind = {
  hardState: 1,
  truncate: 2,
  entry: 3,
  snapshot: 4,
  logStart: 5,
  groupState: 6,
  repair: 7,
} as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

const maxPlausibleVersion = 255;

const segmentMagic = new Uint8Array([0x51, 0x55, 0x4f, 0x52, 0x57, 0x41, 0x4c, 0]);

/** @returns the smallest multiple of 8 that is not below `bytes` */
export function alignBatch(bytes: number): number {
  return Math.ceil(bytes / batchAlignment) * batchAlignment;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function segmentSeed(checksum: Checksum, sequence: number, incarnation: number): number {
  const identity = new Uint8Array(16);
  const view = viewOf(identity);
  putSafeInteger(view, 0, sequence);
  putSafeInteger(view, 8, incarnation);
  return checksum.crc32(identity, 0);
}

/** The crc of the header's bytes other than the crc itself. */
function headerCrc(bytes: Uint8Array, checksum: Checksum): number {
  const before = checksum.crc32(bytes.subarray(0, 12), 0);
  return checksum.crc32(bytes.subarray(16, segmentHeaderBytes), before);
}

/** Writes into the first 40 bytes of `bytes`. */
export function putSegmentHeader(
  bytes: Uint8Array,
  sequence: number,
  incarnation: number,
  segmentBytes: number,
  checksum: Checksum,
): void {
  const view = viewOf(bytes);
  bytes.set(segmentMagic);
  view.setUint32(8, formatVersion, true);
  putSafeInteger(view, 16, sequence);
  putSafeInteger(view, 24, incarnation);
  putSafeInteger(view, 32, segmentBytes);
  view.setUint32(12, headerCrc(bytes, checksum), true);
}

interface SegmentHeader {
  readonly version: number;
  readonly sequence: number;
  readonly incarnation: number;
  /** What the file was made with; 0 in the very first, which holds one batch. */
  readonly segmentBytes: number;
}

/**
 * Judged before the checksum: that is where a newer version puts it, and over what.
 *
 * @returns null when the bytes begin no segment of another version
 */
export function foreignVersion(bytes: Uint8Array): number | null {
  if (bytes.length < 12 || segmentMagic.some((byte, at) => bytes[at] !== byte)) return null;
  const version = viewOf(bytes).getUint32(8, true);
  // Zero: only a part of the header was written. Versions that large are damage.
  return version > formatVersion && version <= maxPlausibleVersion ? version : null;
}

/** @returns null when the bytes are no intact segment header */
export function getSegmentHeader(bytes: Uint8Array, checksum: Checksum): SegmentHeader | null {
  if (bytes.length < segmentHeaderBytes) return null;
  if (segmentMagic.some((byte, at) => bytes[at] !== byte)) return null;
  const view = viewOf(bytes);
  if (view.getUint32(12, true) !== headerCrc(bytes, checksum)) return null;
  return {
    version: view.getUint32(8, true),
    sequence: getSafeInteger(view, 16),
    incarnation: getSafeInteger(view, 24),
    segmentBytes: getSafeInteger(view, 32),
  };
}

import { portableChecksum } from '@quorate/base';
import { SegmentBytes } from '../src/wal/segment-bytes.ts';
import {
  batchHeaderBytes,
  batchMagic,
  putSegmentHeader,
  recordHeaderBytes,
  segmentHeaderBytes,
  segmentSeed,
} from '../src/wal/wal-format.ts';
import { VirtualWorld } from '../test/virtual-world.ts';
import { incarnation, segmentFile } from '../test/wal-fixture.ts';
import type { Segment } from './histories.ts';

/*
 * A data directory as one input: a byte of flags (1 = the log has begun, 2 = there is a snapshot),
 * then each segment: a byte with its sequence, its length as u32 little-endian, its bytes.
 */

const begunFlag = 1;
const snapshotFlag = 2;
const fileHeadBytes = 5;

interface PackedFile {
  readonly sequence: number;
  /** In the input. */
  readonly start: number;
  readonly end: number;
}

function filesIn(input: Uint8Array): PackedFile[] {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const files: PackedFile[] = [];
  for (let at = 1; at + fileHeadBytes <= input.length; ) {
    const start = at + fileHeadBytes;
    const end = Math.min(input.length, start + view.getUint32(at + 1, true));
    files.push({ sequence: (input[at] as number) || 1, start, end });
    at = end;
  }
  return files;
}

export function packLog(segments: readonly Segment[]): Uint8Array {
  const packed: number[] = [begunFlag];
  for (const { sequence, bytes } of segments) {
    const { length } = bytes;
    const lengths = [length & 255, (length >> 8) & 255, (length >> 16) & 255, length >>> 24];
    packed.push(sequence, ...lengths, ...bytes);
  }
  return Uint8Array.from(packed);
}

/** A disk that holds what the input says. */
export function unpackLog(input: Uint8Array): VirtualWorld {
  const world = new VirtualWorld(1);
  const { blocking } = world.disk;
  blocking.makeDirectory('data/wal');
  const flags = input[0] ?? 0;
  if ((flags & begunFlag) !== 0) blocking.writeFileDurably('data/log-begun', new Uint8Array(0));
  if ((flags & snapshotFlag) !== 0) {
    blocking.makeDirectory('data/snapshots');
    blocking.writeFileDurably('data/snapshots/1-5-1.snap', new Uint8Array(1));
  }
  for (const { sequence, start, end } of filesIn(input)) {
    blocking.writeFileDurably(segmentFile(sequence), input.slice(start, end));
  }
  return world;
}

/** Mends every checksum and every link between batches, so that the records get read. */
export function sealLog(input: Uint8Array): Uint8Array {
  let link = 0;
  for (const { sequence, start, end } of filesIn(input)) {
    link = sealSegment(input.subarray(start, end), sequence, link);
  }
  return input;
}

function sealSegment(bytes: Uint8Array, sequence: number, before: number): number {
  if (bytes.length < segmentHeaderBytes) return before;
  putSegmentHeader(bytes, sequence, incarnation, 0, portableChecksum);
  const { view } = new SegmentBytes('', sequence, incarnation, bytes, portableChecksum);
  const seed = segmentSeed(portableChecksum, sequence, incarnation);
  let link = before;
  for (let at = segmentHeaderBytes; at + batchHeaderBytes <= bytes.length; ) {
    if (view.getUint32(at, true) !== batchMagic) break;
    const start = at + batchHeaderBytes;
    const end = recordsEnd(view, start, view.getUint32(at + 20, true));
    view.setUint32(at + 16, end - start, true);
    view.setUint32(at + 24, link, true);
    link = portableChecksum.crc32(bytes.subarray(at + 8, start), seed);
    view.setUint32(at + 4, link, true);
    for (let record = start; record < end; ) {
      const next = record + recordHeaderBytes + view.getUint32(record + 4, true);
      link = portableChecksum.crc32(bytes.subarray(record + 4, next), link);
      view.setUint32(record, link, true);
      record = next;
    }
    at = Math.ceil(end / 8) * 8;
  }
  return link;
}

/** Where the records end that fit, at most `count`; a length beyond the end is cut. */
function recordsEnd(view: DataView, start: number, count: number): number {
  let end = start;
  for (let left = count; left > 0 && end + recordHeaderBytes <= view.byteLength; left--) {
    const room = view.byteLength - end - recordHeaderBytes;
    const bytes = Math.min(room, view.getUint32(end + 4, true));
    view.setUint32(end + 4, bytes, true);
    end += recordHeaderBytes + bytes;
  }
  return end;
}

import type { Checksum } from '@quorate/base';
import type { GroupId } from '@quorate/schema';
import { getSafeInteger } from '../fixed-integers.ts';
import {
  alignBatch,
  batchAlignment,
  batchHeaderBytes,
  batchMagic,
  opensSegment,
  recordHeaderBytes,
  segmentSeed,
  viewOf,
} from './wal-format.ts';

export interface BatchHeader {
  readonly number: number;
  readonly recordBytes: number;
  readonly records: number;
  readonly previousLink: number;
  readonly flags: number;
  readonly crc: number;
}

/** A batch of which every byte was checked. */
export interface Batch {
  readonly number: number;
  readonly previousLink: number;
  readonly opensSegment: boolean;
  /** Of the batch header, in the segment. */
  readonly offset: number;
  /** Of what follows the batch, aligned. */
  readonly nextOffset: number;
  readonly link: number;
  readonly records: number;
}

export interface WalRecord {
  /** Of the record header, in the segment. */
  readonly offset: number;
  readonly group: GroupId;
  readonly kind: number;
  readonly entryKind: number;
  readonly body: number;
  readonly end: number;
}

/** A whole segment in memory, while the log is being recovered. */
export class SegmentBytes {
  readonly path: string;
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #checksum: Checksum;
  readonly #seed: number;

  constructor(
    path: string,
    sequence: number,
    incarnation: number,
    bytes: Uint8Array,
    checksum: Checksum,
  ) {
    this.path = path;
    this.sequence = sequence;
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.#checksum = checksum;
    this.#seed = segmentSeed(checksum, sequence, incarnation);
  }

  /** @returns null when there is no intact batch at `offset` */
  batchAt(offset: number): Batch | null {
    const header = this.headerAt(offset);
    if (!header) return null;
    const end = offset + batchHeaderBytes + header.recordBytes;
    if (end > this.bytes.length) return null;
    let position = offset + batchHeaderBytes;
    let link = header.crc;
    for (let record = 0; record < header.records; record++) {
      if (position + recordHeaderBytes > end) return null;
      const next = position + recordHeaderBytes + this.view.getUint32(position + 4, true);
      if (next > end) return null;
      link = this.#checksum.crc32(this.bytes.subarray(position + 4, next), link);
      if (link !== this.view.getUint32(position, true)) return null;
      position = next;
    }
    if (position !== end) return null;
    return {
      number: header.number,
      previousLink: header.previousLink,
      opensSegment: (header.flags & opensSegment) !== 0,
      offset,
      nextOffset: alignBatch(end),
      link,
      records: header.records,
    };
  }

  /** The records of a batch that `batchAt` found intact. */
  *records(batch: Batch): Generator<WalRecord, void> {
    let offset = batch.offset + batchHeaderBytes;
    for (let record = 0; record < batch.records; record++) {
      const found = this.recordAt(offset);
      yield found;
      offset = found.end;
    }
  }

  /** What is said to be a record at `offset`, whose header lies within the segment. */
  recordAt(offset: number): WalRecord {
    const body = offset + recordHeaderBytes;
    return {
      offset,
      group: getSafeInteger(this.view, offset + 8),
      kind: this.view.getUint8(offset + 16),
      entryKind: this.view.getUint8(offset + 17),
      body,
      end: body + this.view.getUint32(offset + 4, true),
    };
  }

  /** The crc that the record would have behind `link`. */
  recordLink(record: WalRecord, link: number): number {
    return this.#checksum.crc32(this.bytes.subarray(record.offset + 4, record.end), link);
  }

  /** The crc that what is said to be a batch header at `offset` would have. */
  headerLink(offset: number): number {
    const checked = this.bytes.subarray(offset + 8, offset + batchHeaderBytes);
    return this.#checksum.crc32(checked, this.#seed);
  }

  /**
   * Looks for proof that what lies at `from` was once durable: the header of a later batch, which
   * is written only then.
   *
   * @returns the offset of a header with a number above `number`, or null
   */
  laterBatch(from: number, number: number): number | null {
    const last = this.bytes.length - batchHeaderBytes;
    for (let offset = alignBatch(from); offset <= last; offset += batchAlignment) {
      if (this.view.getUint32(offset, true) !== batchMagic) continue;
      const header = this.headerAt(offset);
      if (header && header.number > number) return offset;
    }
    return null;
  }

  /** @returns the offset behind the last byte at or after `from` that is not zero, or `from` */
  endOfContent(from: number): number {
    let end = this.bytes.length;
    while (end > from && (end & 3) !== 0 && this.bytes[end - 1] === 0) end -= 1;
    if ((end & 3) === 0) {
      while (end - 4 >= from && this.view.getUint32(end - 4, true) === 0) end -= 4;
    }
    while (end > from && this.bytes[end - 1] === 0) end -= 1;
    return Math.max(end, from);
  }

  /** @returns null when there is no intact batch header at `offset` */
  headerAt(offset: number): BatchHeader | null {
    if (offset + batchHeaderBytes > this.bytes.length) return null;
    const view = this.view;
    if (view.getUint32(offset, true) !== batchMagic) return null;
    const crc = this.headerLink(offset);
    if (view.getUint32(offset + 4, true) !== crc) return null;
    const recordBytes = view.getUint32(offset + 16, true);
    return {
      number: getSafeInteger(view, offset + 8),
      recordBytes,
      records: view.getUint32(offset + 20, true),
      previousLink: view.getUint32(offset + 24, true),
      flags: view.getUint32(offset + 28, true),
      crc,
    };
  }
}

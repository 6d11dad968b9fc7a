import type { Checksum } from '@quorate/base';
import type { GroupWrite } from '@quorate/raft';
import type { Entry, GroupId } from '@quorate/schema';
import { putSafeInteger } from '../fixed-integers.ts';
import { putSnapshotMeta, snapshotMetaBytes } from '../snapshot-meta-bytes.ts';
import type { GroupState } from './group-table.ts';
import {
  alignBatch,
  batchHeaderBytes,
  batchMagic,
  entryHeadBytes,
  groupStateHeadBytes,
  hardStateBytes,
  hardStatesFirst,
  logStartBytes,
  opensSegment,
  putSegmentHeader,
  RecordKind,
  recordHeaderBytes,
  repairBytes,
  segmentHeaderBytes,
  segmentSeed,
  truncateBytes,
  viewOf,
} from './wal-format.ts';

/** What a buffer may keep between batches; a larger one is given back to the collector. */
const maxRetainedBytes = 8 * 2 ** 20;

export interface RecordCount {
  bytes: number;
  records: number;
}

/** How much room the writes take as records. */
export function measureWrites(writes: readonly GroupWrite[]): RecordCount {
  const count = { bytes: 0, records: 0 };
  const add = (bodyBytes: number): void => {
    count.bytes += recordHeaderBytes + bodyBytes;
    count.records += 1;
  };
  for (const write of writes) {
    if (write.hardState) add(hardStateBytes);
    if (write.truncateAfter !== null) add(truncateBytes);
    for (const entry of write.entries) add(entryHeadBytes + entry.data.length);
    if (write.snapshot) add(snapshotMetaBytes(write.snapshot));
    if (write.logStart) add(logStartBytes);
  }
  return count;
}

export function measureStates(states: Iterable<GroupState>): RecordCount {
  const count = { bytes: 0, records: 0 };
  for (const { snapshot, repairUntil } of states) {
    const metaBytes = snapshot ? snapshotMetaBytes(snapshot) : 0;
    count.bytes += recordHeaderBytes + groupStateHeadBytes + metaBytes;
    count.records += 1;
    if (repairUntil === 0) continue;
    count.bytes += recordHeaderBytes + repairBytes;
    count.records += 1;
  }
  return count;
}

/** Where a batch goes, and what it says. */
interface BatchPlan {
  readonly sequence: number;
  readonly number: number;
  readonly previousLink: number;
  /** Non-null for the first batch of a segment: the segment's header precedes it. */
  readonly opening: Iterable<GroupState> | null;
  /** Of the segment that is opened; its header tells it, so that a file cut short is noticed. */
  readonly segmentBytes: number;
  readonly submissions: readonly { readonly writes: readonly GroupWrite[] }[];
  /** Of all records, the opening's included. */
  readonly records: RecordCount;
}

/** Whoever repairs the log can then tell whose a record was, and which votes it could have been. */
function flagsOf({ opening, submissions }: BatchPlan): number {
  const isHardStateFirst = submissions.every(({ writes }) =>
    writes.every(({ hardState }) => hardState !== null),
  );
  return (opening ? opensSegment : 0) | (isHardStateFirst ? hardStatesFirst : 0);
}

interface EncodedBatch {
  /** One piece, padded; valid until the next `encode`. */
  readonly bytes: Uint8Array;
  readonly link: number;
}

/**
 * Turns batches into bytes, in one buffer that is used again and again. One buffer is enough: a
 * batch is encoded only after the one before is durable, so nobody reads the old bytes any more.
 */
export class BatchEncoder {
  readonly #checksum: Checksum;
  readonly #incarnation: number;
  #bytes: Uint8Array;
  #view: DataView;
  #position = 0;
  #link = 0;
  /** Of the segment that was last written to. */
  #seed = 0;
  #seedOf = -1;

  constructor(checksum: Checksum, incarnation: number) {
    this.#checksum = checksum;
    this.#incarnation = incarnation;
    this.#bytes = new Uint8Array(64 * 1024);
    this.#view = viewOf(this.#bytes);
  }

  encode(plan: BatchPlan): EncodedBatch {
    const start = plan.opening ? segmentHeaderBytes : 0;
    const end = start + batchHeaderBytes + plan.records.bytes;
    const paddedEnd = alignBatch(end);
    this.#reserve(paddedEnd);
    if (plan.opening) {
      const { sequence, segmentBytes } = plan;
      const incarnation = this.#incarnation;
      putSegmentHeader(this.#bytes, sequence, incarnation, segmentBytes, this.#checksum);
    }
    this.#position = start;
    this.#putBatchHeader(plan);
    for (const state of plan.opening ?? []) this.#putGroupState(state);
    for (const { writes } of plan.submissions) {
      for (const write of writes) this.#putWrite(write);
    }
    this.#bytes.fill(0, end, paddedEnd);
    return { bytes: this.#bytes.subarray(0, paddedEnd), link: this.#link };
  }

  #reserve(bytes: number): void {
    const length = this.#bytes.length;
    if (bytes <= length && (length <= maxRetainedBytes || bytes > maxRetainedBytes)) return;
    let wanted = 64 * 1024;
    while (wanted < bytes) wanted *= 2;
    this.#bytes = new Uint8Array(wanted);
    this.#view = viewOf(this.#bytes);
  }

  #putBatchHeader(plan: BatchPlan): void {
    const at = this.#position;
    const view = this.#view;
    view.setUint32(at, batchMagic, true);
    putSafeInteger(view, at + 8, plan.number);
    view.setUint32(at + 16, plan.records.bytes, true);
    view.setUint32(at + 20, plan.records.records, true);
    view.setUint32(at + 24, plan.previousLink, true);
    view.setUint32(at + 28, flagsOf(plan), true);
    if (plan.sequence !== this.#seedOf) {
      this.#seed = segmentSeed(this.#checksum, plan.sequence, this.#incarnation);
      this.#seedOf = plan.sequence;
    }
    this.#position = at + batchHeaderBytes;
    this.#link = this.#checksum.crc32(this.#bytes.subarray(at + 8, this.#position), this.#seed);
    view.setUint32(at + 4, this.#link, true);
  }

  #putWrite(write: GroupWrite): void {
    const { group, hardState, truncateAfter, entries, snapshot, logStart } = write;
    const view = this.#view;
    if (hardState) {
      const body = this.#beginRecord(group, RecordKind.hardState, 0);
      putSafeInteger(view, body, hardState.term);
      putSafeInteger(view, body + 8, hardState.votedFor);
      putSafeInteger(view, body + 16, hardState.commitIndex);
      this.#endRecord(body + hardStateBytes);
    }
    if (truncateAfter !== null) {
      const body = this.#beginRecord(group, RecordKind.truncate, 0);
      putSafeInteger(view, body, truncateAfter);
      this.#endRecord(body + truncateBytes);
    }
    for (const entry of entries) this.#putEntry(group, entry);
    if (snapshot) {
      const body = this.#beginRecord(group, RecordKind.snapshot, 0);
      this.#endRecord(putSnapshotMeta(view, body, snapshot));
    }
    if (logStart) {
      const body = this.#beginRecord(group, RecordKind.logStart, 0);
      putSafeInteger(view, body, logStart.index);
      putSafeInteger(view, body + 8, logStart.term);
      this.#endRecord(body + logStartBytes);
    }
  }

  #putEntry(group: GroupId, entry: Entry): void {
    const body = this.#beginRecord(group, RecordKind.entry, entry.kind);
    putSafeInteger(this.#view, body, entry.index);
    putSafeInteger(this.#view, body + 8, entry.term);
    putSafeInteger(this.#view, body + 16, entry.timestampMicros);
    this.#bytes.set(entry.data, body + entryHeadBytes);
    this.#endRecord(body + entryHeadBytes + entry.data.length);
  }

  #putGroupState(state: GroupState): void {
    const { hardState, logStart, lastIndex, snapshot } = state;
    const view = this.#view;
    const body = this.#beginRecord(state.group, RecordKind.groupState, 0);
    putSafeInteger(view, body, hardState.term);
    putSafeInteger(view, body + 8, hardState.votedFor);
    putSafeInteger(view, body + 16, hardState.commitIndex);
    putSafeInteger(view, body + 24, logStart.index);
    putSafeInteger(view, body + 32, logStart.term);
    putSafeInteger(view, body + 40, lastIndex);
    const head = body + groupStateHeadBytes;
    this.#endRecord(snapshot ? putSnapshotMeta(view, head, snapshot) : head);
    if (state.repairUntil > 0) this.#putRepair(state);
  }

  #putRepair({ group, repairUntil }: GroupState): void {
    const body = this.#beginRecord(group, RecordKind.repair, 0);
    putSafeInteger(this.#view, body, repairUntil);
    this.#endRecord(body + repairBytes);
  }

  /** @returns where the body begins */
  #beginRecord(group: GroupId, kind: RecordKind, entryKind: number): number {
    const at = this.#position;
    putSafeInteger(this.#view, at + 8, group);
    this.#view.setUint32(at + 16, kind | (entryKind << 8), true);
    return at + recordHeaderBytes;
  }

  #endRecord(end: number): void {
    const at = this.#position;
    this.#view.setUint32(at + 4, end - at - recordHeaderBytes, true);
    this.#link = this.#checksum.crc32(this.#bytes.subarray(at + 4, end), this.#link);
    this.#view.setUint32(at, this.#link, true);
    this.#position = end;
  }
}

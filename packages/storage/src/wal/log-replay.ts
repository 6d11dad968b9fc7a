import type { RecoveredGroup } from '@quorate/raft';
import type { GroupId, HardState, LogIndex, SnapshotMeta } from '@quorate/schema';
import { type Entry, EntryKind } from '@quorate/schema';
import { getSafeInteger } from '../fixed-integers.ts';
import { getSnapshotMeta } from '../snapshot-meta-bytes.ts';
import { type GroupState, GroupTable } from './group-table.ts';
import type { SegmentBytes, WalRecord } from './segment-bytes.ts';
import {
  entryHeadBytes,
  groupStateHeadBytes,
  hardStateBytes,
  logStartBytes,
  RecordKind,
  truncateBytes,
} from './wal-format.ts';

interface HeldEntries {
  /** Entries up to here are in no segment that is left, or not needed. */
  base: LogIndex;
  entries: Entry[];
}

/** Says what is wrong with a record whose checksum is right. */
export class ReplayProblem extends Error {
  override readonly name = 'ReplayProblem';
}

function integer(value: number, what: string): number {
  if (value < 0) throw new ReplayProblem(`${what} is out of range`);
  return value;
}

function expectBytes(record: WalRecord, bytes: number, what: string): void {
  if (record.end - record.body !== bytes) throw new ReplayProblem(`${what} has a wrong length`);
}

function sameState(a: GroupState, b: GroupState): boolean {
  return (
    a.hardState.term === b.hardState.term &&
    a.hardState.votedFor === b.hardState.votedFor &&
    a.hardState.commitIndex === b.hardState.commitIndex &&
    a.logStart.index === b.logStart.index &&
    a.logStart.term === b.logStart.term &&
    a.lastIndex === b.lastIndex &&
    a.snapshot?.index === b.snapshot?.index &&
    a.snapshot?.term === b.snapshot?.term
  );
}

/** Rebuilds each group from records, and refuses what cannot follow from what came before. */
export class LogReplay {
  readonly table = new GroupTable();
  readonly #held = new Map<GroupId, HeldEntries>();
  #segments = 0;

  openSegment(segment: SegmentBytes): void {
    this.table.openSegment(segment.sequence, segment.bytes.length);
    this.#segments += 1;
  }

  /** @throws ReplayProblem */
  record(segment: SegmentBytes, record: WalRecord): void {
    integer(record.group, 'the group');
    switch (record.kind) {
      case RecordKind.entry:
        return this.#entry(segment, record);
      case RecordKind.hardState:
        expectBytes(record, hardStateBytes, 'the hard state');
        return this.#hardState(record.group, readHardState(segment.view, record.body));
      case RecordKind.truncate:
        expectBytes(record, truncateBytes, 'the truncation');
        return this.#truncate(record.group, readInteger(segment.view, record.body));
      case RecordKind.snapshot:
        this.table.group(record.group).snapshot = readMeta(segment.view, record.body, record.end);
        return;
      case RecordKind.logStart:
        return this.#logStart(segment.view, record);
      case RecordKind.groupState:
        return this.#groupState(segment.view, record);
      default:
        throw new ReplayProblem(`the record is of kind ${record.kind}, which is unknown`);
    }
  }

  /** @throws ReplayProblem when entries that are needed are in no segment that is left */
  recovered(): Map<GroupId, RecoveredGroup> {
    const recovered = new Map<GroupId, RecoveredGroup>();
    for (const { group, hardState, snapshot, logStart } of this.table.groups.values()) {
      const { base, entries } = this.#entriesOf(group);
      if (base > logStart.index) {
        const range = `${logStart.index + 1} to ${base}`;
        throw new ReplayProblem(`entries ${range} of group ${group} are in no segment`);
      }
      recovered.set(group, { group, hardState, snapshot, logStart, entries });
    }
    return recovered;
  }

  #entriesOf(group: GroupId): HeldEntries {
    let held = this.#held.get(group);
    if (!held) {
      held = { base: this.table.group(group).lastIndex, entries: [] };
      this.#held.set(group, held);
    }
    return held;
  }

  #hardState(group: GroupId, hardState: HardState): void {
    const state = this.table.group(group);
    if (hardState.term < state.hardState.term) {
      throw new ReplayProblem(
        `the term of group ${group} goes back from ${state.hardState.term} to ${hardState.term}`,
      );
    }
    state.hardState = hardState;
  }

  #entry(segment: SegmentBytes, record: WalRecord): void {
    const { group, body, end, entryKind } = record;
    if (end - body < entryHeadBytes) throw new ReplayProblem('the entry is cut short');
    const index = readInteger(segment.view, body);
    const held = this.#entriesOf(group);
    const expected = this.table.group(group).lastIndex + 1;
    if (index !== expected) {
      throw new ReplayProblem(`entry ${index} of group ${group} comes where ${expected} must`);
    }
    if (entryKind > EntryKind.configuration) {
      throw new ReplayProblem(`entry ${index} is of kind ${entryKind}, which is unknown`);
    }
    held.entries.push({
      index,
      term: readInteger(segment.view, body + 8),
      kind: entryKind as EntryKind,
      timestampMicros: readInteger(segment.view, body + 16),
      // A copy: a view would keep the whole segment in memory.
      data: segment.bytes.slice(body + entryHeadBytes, end),
    });
    this.table.entries(group, index, index);
  }

  #truncate(group: GroupId, after: LogIndex): void {
    const held = this.#entriesOf(group);
    this.table.truncate(group, after);
    const last = this.table.group(group).lastIndex;
    held.entries.length = Math.min(held.entries.length, Math.max(0, last - held.base));
    held.base = Math.min(held.base, last);
  }

  #logStart(view: DataView, record: WalRecord): void {
    expectBytes(record, logStartBytes, 'the log start');
    const index = readInteger(view, record.body);
    const term = readInteger(view, record.body + 8);
    const held = this.#entriesOf(record.group);
    const before = this.table.group(record.group).logStart.index;
    if (index < before) {
      throw new ReplayProblem(
        `the log start of group ${record.group} goes back from ${before} to ${index}`,
      );
    }
    this.table.logStart(record.group, { index, term });
    if (index <= held.base) return;
    held.entries.splice(0, index - held.base);
    held.base = index;
  }

  /** The first segment tells where each group stood; later ones must agree with the replay. */
  #groupState(view: DataView, record: WalRecord): void {
    const { group, body, end } = record;
    const head = body + groupStateHeadBytes;
    if (head > end) throw new ReplayProblem('the group state is cut short');
    const found: GroupState = {
      group,
      hardState: readHardState(view, body),
      logStart: { index: readInteger(view, body + 24), term: readInteger(view, body + 32) },
      lastIndex: readInteger(view, body + 40),
      snapshot: head === end ? null : readMeta(view, head, end),
    };
    if (found.lastIndex < found.logStart.index) {
      throw new ReplayProblem(`the log of group ${group} ends before it begins`);
    }
    if (this.#segments === 1) Object.assign(this.table.group(group), found);
    else if (!sameState(found, this.table.group(group))) {
      throw new ReplayProblem(`the state of group ${group} differs from what led up to it`);
    }
  }
}

function readInteger(view: DataView, offset: number): number {
  return integer(getSafeInteger(view, offset), 'a number');
}

function readHardState(view: DataView, offset: number): HardState {
  return {
    term: readInteger(view, offset),
    votedFor: readInteger(view, offset + 8),
    commitIndex: readInteger(view, offset + 16),
  };
}

function readMeta(view: DataView, offset: number, end: number): SnapshotMeta {
  const meta = getSnapshotMeta(view, offset, end);
  if (!meta) throw new ReplayProblem('the snapshot pointer is malformed');
  return meta;
}

import type { RecoveredGroup } from '@quorate/raft';
import type { GroupId, HardState, LogIndex } from '@quorate/schema';
import { type Entry, EntryKind } from '@quorate/schema';
import { type GroupState, GroupTable } from './group-table.ts';
import {
  asInteger,
  expectBytes,
  ReplayProblem,
  readGroupState,
  readHardState,
  readInteger,
  readMeta,
} from './record-bodies.ts';
import type { SegmentBytes, WalRecord } from './segment-bytes.ts';
import {
  entryHeadBytes,
  hardStateBytes,
  logStartBytes,
  RecordKind,
  repairBytes,
  truncateBytes,
} from './wal-format.ts';

interface HeldEntries {
  /** Entries up to here are in no segment that is left, or not needed. */
  base: LogIndex;
  entries: Entry[];
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
    asInteger(record.group, 'the group');
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
      case RecordKind.repair:
        expectBytes(record, repairBytes, 'the repair mark');
        return this.#repair(record.group, readInteger(segment.view, record.body));
      default:
        throw new ReplayProblem(`the record is of kind ${record.kind}, which is unknown`);
    }
  }

  /** @throws ReplayProblem when entries that are needed are in no segment that is left */
  recovered(): Map<GroupId, RecoveredGroup> {
    const recovered = new Map<GroupId, RecoveredGroup>();
    for (const state of this.table.groups.values()) {
      const { group, hardState, snapshot, logStart, repairUntil } = state;
      const missing = this.missingEntries(group);
      if (missing !== null) throw new ReplayProblem(missing);
      const { entries } = this.#entriesOf(group);
      recovered.set(group, { group, hardState, snapshot, logStart, entries, repairUntil });
    }
    return recovered;
  }

  /** @returns in words, which entries the group's log should still have; null when it has all */
  missingEntries(group: GroupId): string | null {
    const { logStart } = this.table.group(group);
    const { base } = this.#entriesOf(group);
    if (base <= logStart.index) return null;
    return `entries ${logStart.index + 1} to ${base} of group ${group} are in no segment`;
  }

  /** What is left of the group's log so far, in the order of the indexes. */
  entries(group: GroupId): readonly Entry[] {
    return this.#entriesOf(group).entries;
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
    if (entryKind > EntryKind.withheld) {
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
    const { group } = record;
    const found = readGroupState(view, record);
    if (this.#segments === 1) Object.assign(this.table.group(group), found);
    else if (!sameState(found, this.table.group(group))) {
      throw new ReplayProblem(`the state of group ${group} differs from what led up to it`);
    }
  }

  /** As with the group state before it. */
  #repair(group: GroupId, until: LogIndex): void {
    const state = this.table.group(group);
    if (this.#segments === 1) state.repairUntil = until;
    else if (state.repairUntil !== until) {
      throw new ReplayProblem(`the repair mark of group ${group} differs from the one before`);
    }
  }
}

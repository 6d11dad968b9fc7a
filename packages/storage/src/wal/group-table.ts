import type { GroupId, HardState, LogIndex, LogPosition, SnapshotMeta } from '@quorate/schema';

/** What each new segment repeats of a group, so that the segments before it can go. */
export interface GroupState {
  readonly group: GroupId;
  hardState: HardState;
  snapshot: SnapshotMeta | null;
  logStart: LogPosition;
  /** Of the last entry; `logStart.index` when there is none. */
  lastIndex: LogIndex;
  /** Not 0: the log was damaged, and may have been acknowledged up to here. */
  repairUntil: LogIndex;
}

interface EntryRange {
  first: LogIndex;
  last: LogIndex;
}

/** A segment in use, and the entries in it that may still be needed. */
interface SegmentRecord {
  readonly sequence: number;
  readonly bytes: number;
  readonly ranges: Map<GroupId, EntryRange>;
}

function newGroupState(group: GroupId): GroupState {
  return {
    group,
    hardState: { term: 0, votedFor: 0, commitIndex: 0 },
    snapshot: null,
    logStart: { index: 0, term: 0 },
    lastIndex: 0,
    repairUntil: 0,
  };
}

/** The log has reached what was lost again; that it may be cut back later changes nothing. */
function endRepair(state: GroupState): void {
  if (state.lastIndex >= state.repairUntil) state.repairUntil = 0;
}

/**
 * What is durable, in outline: each group's state, and which segment holds which entries. Kept up
 * to date by recovery and then by each batch once it is durable, by the same calls.
 */
export class GroupTable {
  readonly #groups = new Map<GroupId, GroupState>();
  readonly #segments: SegmentRecord[] = [];

  get groups(): ReadonlyMap<GroupId, GroupState> {
    return this.#groups;
  }

  /** Oldest first; the last one is being written to. */
  get segments(): readonly SegmentRecord[] {
    return this.#segments;
  }

  group(group: GroupId): GroupState {
    let state = this.#groups.get(group);
    if (!state) {
      state = newGroupState(group);
      this.#groups.set(group, state);
    }
    return state;
  }

  openSegment(sequence: number, bytes: number): void {
    this.#segments.push({ sequence, bytes, ranges: new Map() });
  }

  truncate(group: GroupId, after: LogIndex): void {
    const state = this.group(group);
    state.lastIndex = Math.min(state.lastIndex, Math.max(after, state.logStart.index));
    for (const { ranges } of this.#segments) {
      const range = ranges.get(group);
      if (!range) continue;
      range.last = Math.min(range.last, after);
      if (range.last < range.first) ranges.delete(group);
    }
  }

  /** Entries `first` to `last` are now in the segment that is being written to. */
  entries(group: GroupId, first: LogIndex, last: LogIndex): void {
    const state = this.group(group);
    state.lastIndex = last;
    endRepair(state);
    const current = this.#segments.at(-1);
    const range = current?.ranges.get(group);
    if (range) range.last = last;
    else current?.ranges.set(group, { first, last });
  }

  logStart(group: GroupId, position: LogPosition): void {
    const state = this.group(group);
    state.logStart = position;
    state.lastIndex = Math.max(state.lastIndex, position.index);
    endRepair(state);
  }

  /** @returns the oldest segment when nothing in it is needed any more */
  freeable(): SegmentRecord | null {
    const oldest = this.#segments[0];
    if (!oldest || this.#segments.length === 1) return null;
    return this.#pinning(oldest) === null ? oldest : null;
  }

  dropOldest(): void {
    this.#segments.shift();
  }

  /** @returns the group that keeps the oldest segment, when more than `limit` are kept */
  pinnedBy(limit: number): GroupId | null {
    const oldest = this.#segments[0];
    return oldest && this.#segments.length > limit ? this.#pinning(oldest) : null;
  }

  #pinning(segment: SegmentRecord): GroupId | null {
    for (const [group, { last }] of segment.ranges) {
      if (last > this.group(group).logStart.index) return group;
      // A log's start never goes back: no need to look at these entries again.
      segment.ranges.delete(group);
    }
    return null;
  }
}

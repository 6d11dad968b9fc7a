import type { Entry, GroupId, HardState, LogIndex, LogPosition } from '@quorate/schema';
import type { GroupState } from '../wal/group-table.ts';
import {
  expectBytes,
  ReplayProblem,
  readGroupState,
  readHardState,
  readInteger,
  readMeta,
} from '../wal/record-bodies.ts';
import type { SegmentBytes, WalRecord } from '../wal/segment-bytes.ts';
import { entryHeadBytes, hardStateBytes, RecordKind } from '../wal/wal-format.ts';
import type { LostRecords } from './salvage.ts';

const nothing: HardState = { term: 0, votedFor: 0, commitIndex: 0 };

/**
 * A group of which records may be lost. Its log up to there stands; of what comes behind, only what
 * holds whatever was lost is taken in: the newest term and vote, and how far the log can have gone.
 */
export class DamagedGroup {
  readonly group: GroupId;
  /** The log before the damage. */
  readonly entries: readonly Entry[];
  readonly logStart: LogPosition;
  /** What was committed before the damage. */
  readonly commitIndex: LogIndex;
  hardState: HardState;
  /** Nothing newer can have been lost. */
  isHardStateCertain: boolean;
  /** The log ended here at most. */
  lastIndex: LogIndex;
  /** Entries of the log before the damage behind this one are void. */
  keptUntil: LogIndex;
  /** Of an earlier repair that was not over. */
  repairUntil: LogIndex;

  /** @param before how the group stood; null when nothing is known of it, or of any */
  constructor(group: GroupId, before: GroupState | null, entries: readonly Entry[]) {
    this.group = group;
    this.entries = [...entries];
    this.logStart = before?.logStart ?? { index: 0, term: 0 };
    this.hardState = before?.hardState ?? nothing;
    this.commitIndex = this.hardState.commitIndex;
    this.isHardStateCertain = before !== null;
    this.lastIndex = before?.lastIndex ?? 0;
    this.keptUntil = this.lastIndex;
    this.repairUntil = before?.repairUntil ?? 0;
  }

  /** A group that shows only now; what was lost before may have been its. */
  named(group: GroupId): DamagedGroup {
    const copy = new DamagedGroup(group, null, []);
    copy.lastIndex = this.lastIndex;
    copy.repairUntil = this.repairUntil;
    return copy;
  }

  lost({ entries, mayBeHardState, mayBeRepair }: LostRecords): void {
    this.lastIndex += entries;
    if (mayBeHardState) this.isHardStateCertain = false;
    if (mayBeRepair) this.repairUntil = Number.POSITIVE_INFINITY;
  }

  /** @throws ReplayProblem for content that can never have been written */
  record({ view }: SegmentBytes, record: WalRecord): void {
    const { body, end } = record;
    switch (record.kind) {
      case RecordKind.hardState:
        expectBytes(record, hardStateBytes, 'the hard state');
        this.hardState = readHardState(view, body);
        this.isHardStateCertain = true;
        break;
      case RecordKind.truncate:
        this.#voidBehind(readInteger(view, body));
        break;
      case RecordKind.entry:
        if (end - body < entryHeadBytes) throw new ReplayProblem('the entry is cut short');
        this.#endsAt(readInteger(view, body), 1);
        break;
      case RecordKind.logStart:
        this.lastIndex = Math.max(this.lastIndex, readInteger(view, body));
        break;
      case RecordKind.groupState:
        this.#groupState(readGroupState(view, record));
        break;
      case RecordKind.repair:
        this.repairUntil = readInteger(view, body);
        break;
      case RecordKind.snapshot:
        this.lastIndex = Math.max(this.lastIndex, readMeta(view, body, end).index);
        break;
      default:
        throw new ReplayProblem(`the record is of kind ${record.kind}, which is unknown`);
    }
  }

  #voidBehind(index: LogIndex): void {
    this.lastIndex = Math.min(this.lastIndex, index);
    this.keptUntil = Math.min(this.keptUntil, index);
  }

  /** The log ends at `index`, of which the last `fresh` entries were just written. */
  #endsAt(index: LogIndex, fresh: number): void {
    this.lastIndex = index;
    this.keptUntil = Math.min(this.keptUntil, index - fresh);
  }

  #groupState({ hardState, lastIndex, repairUntil }: GroupState): void {
    this.hardState = hardState;
    this.isHardStateCertain = true;
    this.#endsAt(lastIndex, 0);
    this.repairUntil = repairUntil;
  }
}

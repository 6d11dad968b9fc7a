import type { GroupId } from '@quorate/schema';
import type { BatchHeader, SegmentBytes, WalRecord } from '../wal/segment-bytes.ts';
import {
  alignBatch,
  batchHeaderBytes,
  entryHeadBytes,
  groupStateHeadBytes,
  hardStateBytes,
  hardStatesFirst,
  logStartBytes,
  RecordKind,
  recordHeaderBytes,
  repairBytes,
} from '../wal/wal-format.ts';

/** Records that cannot be read any more, and the most that they can have been. */
export interface LostRecords {
  /** Of the first lost byte, in the segment. */
  readonly offset: number;
  /** Infinity when the log can have gone any distance. */
  readonly entries: number;
  readonly mayBeHardState: boolean;
  /** All that is known of a group may have been in there. */
  readonly mayBeGroup: boolean;
  /** An earlier repair's mark may have been in there, and is not repeated elsewhere. */
  readonly mayBeRepair: boolean;
  /** Whose records they are; unseen: of a group that no record before or behind is of. */
  readonly owner: GroupId | 'unseen' | 'anyone';
}

/** Everything about it is unknown, its length included. */
export function anythingLost(offset: number): LostRecords {
  return {
    offset,
    entries: Number.POSITIVE_INFINITY,
    mayBeHardState: true,
    mayBeGroup: true,
    mayBeRepair: true,
    owner: 'anyone',
  };
}

/** A group begins with a hard state, a snapshot pointer (at least 28 bytes) and a log start. */
const smallestGroupBytes = 3 * recordHeaderBytes + hardStateBytes + 28 + logStartBytes;
const smallestEntryBytes = recordHeaderBytes + entryHeadBytes;

/**
 * So many bytes of the log are gone, which are not what it begins with. There may have been a
 * snapshot among them that took the log far ahead, and entries behind it.
 */
export function bytesLost(
  offset: number,
  bytes: number,
  records = Number.POSITIVE_INFINITY,
): LostRecords {
  const isLong = bytes >= smallestGroupBytes && records >= 3;
  const entries = Math.min(records, Math.floor(bytes / smallestEntryBytes));
  return {
    offset,
    entries: isLong ? Number.POSITIVE_INFINITY : entries,
    mayBeHardState: bytes >= recordHeaderBytes + hardStateBytes,
    mayBeGroup: isLong,
    mayBeRepair: false,
    owner: 'anyone',
  };
}

export type SalvagedItem = WalRecord | LostRecords;

export function isLost(item: SalvagedItem): item is LostRecords {
  return 'mayBeHardState' in item;
}

/** What can be made of a batch that is not intact. */
interface SalvagedBatch {
  readonly items: readonly SalvagedItem[];
  /** What may be the batch's link: empty when that is lost too. */
  readonly links: readonly number[];
  readonly nextOffset: number;
}

interface Walk {
  readonly segment: SegmentBytes;
  /** Behind the last record, give or take the padding. */
  readonly end: number;
  /** What the batch that comes next says of the link of this one. */
  readonly nextLink: number | null;
}

interface Unread {
  readonly offset: number;
  readonly bodyBytes: number;
}

/**
 * Finds the records of a damaged batch that are whole. Each record's crc seeds the next, so one
 * that is damaged lies between two that hold each other to it: the next one shows that its length
 * and its crc are right, or that its crc alone is wrong.
 *
 * @param header null when it is damaged too
 * @param limit where the next intact batch begins, or nothing does
 * @param opensLog it is the first batch that is left: what it says is nowhere else
 */
export function salvageBatch(
  segment: SegmentBytes,
  offset: number,
  header: BatchHeader | null,
  limit: number,
  opensLog: boolean,
): SalvagedBatch {
  const start = offset + batchHeaderBytes;
  const end = header === null ? limit : Math.min(start + header.recordBytes, limit);
  const nextOffset = Math.min(alignBatch(end), limit);
  const lostAll = (): LostRecords =>
    opensLog ? anythingLost(offset) : bytesLost(offset, limit - offset);
  if (start > end) return { items: [lostAll()], links: [], nextOffset: limit };
  const nextLink = segment.headerAt(nextOffset)?.previousLink ?? null;
  const { view } = segment;
  const seeds = header
    ? [header.crc]
    : [view.getUint32(offset + 4, true), segment.headerLink(offset)];
  const { found, links, at } = walk({ segment, end, nextLink }, start, seeds);
  const left = header ? header.records - found.length : Number.POSITIVE_INFINITY;
  const isAtEnd = end - at < recordHeaderBytes && alignBatch(at) === alignBatch(end);
  // Of a damaged header's batch only the next one can say where it ended.
  const isComplete = isAtEnd && (header !== null || nextLink !== null || !opensLog);
  const items: (WalRecord | Unread | LostRecords)[] = found;
  if (!isComplete) {
    const bodyBytes = end - at - recordHeaderBytes;
    if (left === 1 && bodyBytes >= 0) items.push({ offset: at, bodyBytes });
    else items.push(opensLog ? anythingLost(at) : bytesLost(at, end - at, left));
  }
  const isHardStateFirst = header !== null && (header.flags & hardStatesFirst) !== 0;
  return {
    items: items.map((item, position) => {
      if (!('bodyBytes' in item)) return item;
      const before = items[position - 1];
      const after = items[position + 1];
      const owner = isHardStateFirst ? ownerOf(item, before, after) : 'anyone';
      return opensLog
        ? openingRecordLost(item, before, after, owner, isHardStateFirst)
        : recordLost(item, owner);
    }),
    links: isComplete ? links : [],
    nextOffset,
  };
}

function walk(
  { segment, end, nextLink }: Walk,
  start: number,
  seeds: readonly number[],
): { found: (WalRecord | Unread)[]; links: readonly number[]; at: number } {
  const found: (WalRecord | Unread)[] = [];
  let links = seeds;
  let at = start;
  while (end - at >= recordHeaderBytes) {
    const record = segment.recordAt(at);
    if (record.end > end) break;
    const stored = segment.view.getUint32(at, true);
    const computed = links.map((link) => segment.recordLink(record, link));
    if (computed.includes(stored)) {
      found.push(record);
      links = [stored];
    } else {
      const link = linkBehind({ segment, end, nextLink }, record.end, [stored, ...computed]);
      if (link === null) break;
      // Its own checksum is what is damaged, when the next record rests on the right one.
      if (computed.includes(link)) found.push(record);
      else found.push({ offset: at, bodyBytes: record.end - record.body });
      links = [link];
    }
    at = record.end;
  }
  return { found, links, at };
}

/** @returns which of the links what comes at `at` rests on; null: none */
function linkBehind(
  { segment, end, nextLink }: Walk,
  at: number,
  candidates: readonly number[],
): number | null {
  if (end - at < recordHeaderBytes) {
    const isEnd = alignBatch(at) === alignBatch(end);
    return isEnd && nextLink !== null && candidates.includes(nextLink) ? nextLink : null;
  }
  const record = segment.recordAt(at);
  if (record.end > end) return null;
  const stored = segment.view.getUint32(at, true);
  return candidates.find((link) => segment.recordLink(record, link) === stored) ?? null;
}

type Neighbour = WalRecord | Unread | LostRecords | undefined;

/**
 * Whose the one unreadable record between two others is, where every group's records begin with a
 * hard state: what does not begin a group's records continues those before it.
 */
function ownerOf(lost: Unread, before: Neighbour, after: Neighbour): LostRecords['owner'] {
  const follower = kindOf(after);
  if (follower !== null && follower !== RecordKind.hardState && !isOpening(follower)) {
    return (after as WalRecord).group;
  }
  const predecessor = kindOf(before);
  if (lost.bodyBytes === hardStateBytes || predecessor === null || isOpening(predecessor)) {
    return 'anyone';
  }
  return (before as WalRecord).group;
}

/** @returns null for what is no intact record */
function kindOf(item: Neighbour): number | null {
  return item !== undefined && 'kind' in item ? item.kind : null;
}

function isOpening(kind: number): boolean {
  return kind === RecordKind.groupState || kind === RecordKind.repair;
}

/** One record is gone, of which the length is known. What opens a segment repeats what was said. */
function recordLost({ offset, bodyBytes }: Unread, owner: LostRecords['owner']): LostRecords {
  return {
    offset,
    entries: bodyBytes >= entryHeadBytes ? 1 : 0,
    mayBeHardState: bodyBytes === hardStateBytes,
    mayBeGroup: false,
    mayBeRepair: false,
    owner,
  };
}

/** As `recordLost`, where it may have been what the log begins with: a group's state, or mark. */
function openingRecordLost(
  lost: Unread,
  before: Neighbour,
  after: Neighbour,
  owner: LostRecords['owner'],
  isHardStateFirst: boolean,
): LostRecords {
  const follower = kindOf(after);
  const predecessor = kindOf(before);
  if (follower === RecordKind.repair) {
    // The state of the group whose mark follows.
    return { ...anythingLost(lost.offset), mayBeRepair: false, owner: (after as WalRecord).group };
  }
  const isBehindOpening = before === undefined || (predecessor !== null && isOpening(predecessor));
  const isAmongOpening =
    follower === RecordKind.groupState ||
    (isHardStateFirst && isBehindOpening && follower === RecordKind.hardState);
  if (lost.bodyBytes >= groupStateHeadBytes && isAmongOpening) {
    return { ...anythingLost(lost.offset), mayBeRepair: false, owner: 'unseen' };
  }
  if (!isBehindOpening && owner !== 'anyone') return recordLost(lost, owner);
  const mayBeGroup = lost.bodyBytes >= groupStateHeadBytes;
  const plain = recordLost(lost, 'anyone');
  return {
    ...plain,
    mayBeGroup,
    mayBeHardState: plain.mayBeHardState || mayBeGroup,
    mayBeRepair: lost.bodyBytes === repairBytes,
  };
}

import type { Checksum } from '@quorate/base';
import type { GroupId, SnapshotMeta } from '@quorate/schema';
import { StorageError, unsupportedVersion } from '../storage-error.ts';
import { LogReplay } from '../wal/log-replay.ts';
import { ReplayProblem, readGroupState, readMeta } from '../wal/record-bodies.ts';
import { type BatchHeader, SegmentBytes, type WalRecord } from '../wal/segment-bytes.ts';
import {
  alignBatch,
  foreignVersion,
  formatVersion,
  getSegmentHeader,
  groupStateHeadBytes,
  RecordKind,
  segmentHeaderBytes,
} from '../wal/wal-format.ts';
import { DamagedGroup } from './damaged-group.ts';
import {
  anythingLost,
  bytesLost,
  isLost,
  type LostRecords,
  type SalvagedItem,
  salvageBatch,
} from './salvage.ts';

/** A place where the log, or a snapshot, is not what was written. */
export interface Damage {
  readonly file: string;
  readonly offset: number;
  readonly what: string;
}

interface Waiting {
  readonly segment: SegmentBytes;
  readonly damage: Damage;
  readonly items: readonly SalvagedItem[];
}

/**
 * Reads a log past its damage. As in recovery, what is damaged and last was never promised; what is
 * damaged with something intact behind it was. So damage waits until such a proof is met.
 */
export class LogSurvey {
  readonly replay = new LogReplay();
  readonly damage: Damage[] = [];
  /** Groups of which something may be lost. The others are in `replay`, whole. */
  readonly damaged = new Map<GroupId, DamagedGroup>();
  /** Every snapshot that the log names, the newest last. */
  readonly snapshots = new Map<GroupId, SnapshotMeta[]>();
  /** There may have been a group of which nothing is left. */
  mayHideGroups = false;
  /** Of the last batch that was met. */
  lastNumber = 0;
  readonly #checksum: Checksum;
  readonly #incarnation: number;
  /** What the link of the last batch may be; empty when that is not known. */
  #links: readonly number[] = [];
  #waiting: Waiting[] = [];
  /** The link of the last intact batch; what waits lies behind it. */
  #intactLink: number | null = null;
  /** Non-null once records were lost that may have been anyone's. */
  #unseen: DamagedGroup | null = null;
  #segments = 0;
  /** The segment that was given last has no batch, not even a damaged one. */
  #isBlank = false;

  constructor(checksum: Checksum, incarnation: number) {
    this.#checksum = checksum;
    this.#incarnation = incarnation;
  }

  /** All that are known of. */
  get groups(): Set<GroupId> {
    return new Set([...this.replay.table.groups.keys(), ...this.damaged.keys()]);
  }

  /** Call it for each segment, in order. @throws StorageError */
  segment(path: string, sequence: number, bytes: Uint8Array): void {
    const segment = new SegmentBytes(path, sequence, this.#incarnation, bytes, this.#checksum);
    if (this.#segments > 0) this.#followed(path);
    this.#segments += 1;
    const missingBytes = this.#checkHeader(segment);
    this.replay.openSegment(segment);
    let offset = this.#next(segment, segmentHeaderBytes);
    this.#isBlank = offset === segmentHeaderBytes;
    // An older segment goes only once this one's first batch is durable, so it was.
    if (this.#segments === 1) this.#oldestBegan(path);
    for (let next = offset; ; offset = next) {
      next = this.#next(segment, offset);
      if (next === offset) break;
    }
    const missing = [bytesLost(offset, Math.max(0, bytes.length - offset) + missingBytes)];
    if (missingBytes > 0) {
      const what = `the file was made with ${bytes.length + missingBytes} bytes and ends here`;
      this.#waits(segment, bytes.length, what, missing);
      // Appends change no file's size, so this is no torn write.
      this.#proven();
      this.#links = [];
    } else if (this.#links.length === 0 && !this.#isBlank) {
      this.#waits(segment, offset, 'more may have been behind the damage', missing);
    }
  }

  /** A segment is not there, and later ones are. */
  missing(path: string): void {
    this.#proven();
    this.#lostFrom(path, 0, 'the segment is missing');
    this.#isBlank = false;
  }

  /** Call it last, with the path of the last segment. */
  finish(path: string): void {
    const missing = [...this.replay.table.groups.keys()]
      .filter((group) => !this.damaged.has(group))
      .map((group) => this.replay.missingEntries(group))
      .find((what) => what !== null);
    if (missing === undefined) return;
    // A segment goes only once it is durable that nobody needs it. Nothing says so, so the log went
    // on behind where it ends here, and nobody knows how far.
    this.#proven();
    this.#lostFrom(path, segmentHeaderBytes, `${missing}: the end of the log is lost`);
  }

  /** A segment is begun only once the first batch of the one before it is durable. */
  #followed(next: string): void {
    if (this.#isBlank) {
      this.#proven();
      this.#lostFrom(next, 0, 'the first batch of the segment before is lost');
    }
    const isFirst = ({ damage }: Waiting): boolean => damage.offset <= segmentHeaderBytes;
    if (this.#waiting.some(isFirst)) this.#proven();
  }

  #oldestBegan(path: string): void {
    this.#proven();
    if (!this.#isBlank) return;
    this.#lostFrom(path, segmentHeaderBytes, 'the first batch of the oldest segment is lost');
    this.#isBlank = false;
  }

  #lostFrom(file: string, offset: number, what: string): void {
    this.damage.push({ file, offset, what });
    this.#lost(anythingLost(offset));
    this.#links = [];
  }

  /** @returns of the bytes that the file was made with, how many are not there */
  #checkHeader(segment: SegmentBytes): number {
    const { path, bytes, sequence } = segment;
    const foreign = foreignVersion(bytes);
    if (foreign !== null) throw unsupportedVersion(path, foreign, formatVersion);
    const header = getSegmentHeader(bytes, this.#checksum);
    if (header === null) {
      if (segment.endOfContent(0) > 0) this.#waits(segment, 0, "the segment's header is damaged");
      return 0;
    }
    if (header.incarnation !== this.#incarnation || header.sequence !== sequence) {
      throw beyondRepair(path, 16, 'the segment belongs to another place or another directory');
    }
    return Math.max(0, header.segmentBytes - bytes.length);
  }

  /** @returns where to go on, or `offset` itself when nothing follows in the segment */
  #next(segment: SegmentBytes, offset: number): number {
    const batch = segment.batchAt(offset);
    const found = segment.headerAt(offset);
    const header = found !== null && found.number > this.lastNumber ? found : null;
    if (header !== null) this.#follows(segment, offset, header);
    if (batch !== null && header !== null) {
      for (const record of segment.records(batch)) this.#record(segment, record);
      // It lists every group there is.
      if (batch.opensSegment) this.mayHideGroups = false;
      this.#links = [batch.link];
      this.#intactLink = batch.link;
      return batch.nextOffset;
    }
    const after = segment.laterBatch(offset + 8, this.lastNumber);
    const limit = after ?? alignBatch(segment.endOfContent(offset));
    if (limit <= offset) return offset;
    const what = 'a batch is damaged';
    if (found !== null && header === null) {
      this.#waits(segment, offset, what, [bytesLost(offset, limit - offset)]);
      this.#links = [];
      return limit;
    }
    const opensLog = this.#segments === 1 && offset === segmentHeaderBytes;
    const salvaged = salvageBatch(segment, offset, header, limit, opensLog);
    this.#waits(segment, offset, what, salvaged.items);
    this.#links = salvaged.links;
    return salvaged.nextOffset;
  }

  /** A header proves that all before it was durable, and says what the batch before it ended in. */
  #follows(segment: SegmentBytes, offset: number, header: BatchHeader): void {
    if (header.number === this.lastNumber + 1 && header.previousLink === this.#intactLink) {
      // It follows from the last intact one, so nothing was lost between them: at the end of a
      // segment there were zeros, which nobody reads.
      this.#waiting =
        offset === segmentHeaderBytes
          ? this.#waiting.filter(({ items }) => items.length === 0)
          : this.#waiting.map((one) => ({ ...one, items: [] }));
      this.#links = [header.previousLink];
    }
    this.#proven();
    this.lastNumber = header.number;
    if (this.#links.length === 0 || this.#links.includes(header.previousLink)) return;
    const what = `batch ${header.number} does not follow from the one before it`;
    this.#lostFrom(segment.path, offset, what);
  }

  #waits(
    segment: SegmentBytes,
    offset: number,
    what: string,
    items: readonly SalvagedItem[] = [],
  ): void {
    this.#waiting.push({ segment, damage: { file: segment.path, offset, what }, items });
  }

  #proven(): void {
    for (const { segment, damage, items } of this.#waiting) {
      this.damage.push(damage);
      for (const item of items) {
        if (isLost(item)) this.#lost(item);
        else this.#record(segment, item);
      }
    }
    this.#waiting = [];
  }

  #lost(lost: LostRecords): void {
    const { owner, mayBeGroup } = lost;
    if (typeof owner === 'number') {
      this.#damagedGroup(owner).lost(lost);
      return;
    }
    if (mayBeGroup) this.mayHideGroups = true;
    this.#unseen ??= new DamagedGroup(0, null, []);
    // What is known of none may have gone any distance where all of it may be lost.
    const entries = mayBeGroup ? Number.POSITIVE_INFINITY : lost.entries;
    this.#unseen.lost({ ...lost, entries });
    if (owner === 'unseen') return;
    for (const group of this.groups) this.#damagedGroup(group).lost(lost);
  }

  #damagedGroup(group: GroupId): DamagedGroup {
    let found = this.damaged.get(group);
    if (found === undefined) {
      const before = this.replay.table.groups.get(group) ?? null;
      const entries = before === null ? [] : this.replay.entries(group);
      found = new DamagedGroup(group, before, entries);
      this.damaged.set(group, found);
    }
    return found;
  }

  #record(segment: SegmentBytes, record: WalRecord): void {
    try {
      this.#noteSnapshot(segment, record);
      const { group } = record;
      const isKnown = this.damaged.has(group) || this.replay.table.groups.has(group);
      if (this.#unseen !== null && !isKnown) this.damaged.set(group, this.#unseen.named(group));
      const damaged = this.damaged.get(group);
      if (damaged === undefined) this.replay.record(segment, record);
      else damaged.record(segment, record);
    } catch (error) {
      if (!(error instanceof ReplayProblem)) throw error;
      throw beyondRepair(segment.path, record.offset, error.message);
    }
  }

  #noteSnapshot({ view }: SegmentBytes, record: WalRecord): void {
    const { group, kind, body, end } = record;
    let meta: SnapshotMeta | null = null;
    if (kind === RecordKind.snapshot) meta = readMeta(view, body, end);
    if (kind === RecordKind.groupState && end > body + groupStateHeadBytes) {
      meta = readGroupState(view, record).snapshot;
    }
    if (meta === null) return;
    const { index, term } = meta;
    const known = this.snapshots.get(group) ?? [];
    const others = known.filter((one) => one.index !== index || one.term !== term);
    this.snapshots.set(group, [...others, meta]);
  }
}

function beyondRepair(file: string, offset: number, what: string): StorageError<'STORAGE_CORRUPT'> {
  return new StorageError(
    'STORAGE_CORRUPT',
    `${file} at offset ${offset}: ${what}. Its checksum is right, so this is no damage that can ` +
      'be repaired. Nothing was changed. Remove this node from its groups and add it anew, with ' +
      'an empty data directory.',
    { file, offset },
  );
}

import type { Checksum, FileSystem, Logger } from '@quorate/base';
import type { RecoveredGroup } from '@quorate/raft';
import type { GroupId } from '@quorate/schema';
import {
  damagedDirectory,
  joinPath,
  logBegunPath,
  segmentPath,
  sequenceOf,
  snapshotDirectory,
  walDirectory,
} from '../data-layout.ts';
import { StorageError, unsupportedVersion } from '../storage-error.ts';
import { BatchEncoder } from './batch-encoder.ts';
import type { GroupTable } from './group-table.ts';
import { LogReplay } from './log-replay.ts';
import { finishRestart, pendingRestart } from './log-restart.ts';
import { ReplayProblem } from './record-bodies.ts';
import { type Batch, SegmentBytes } from './segment-bytes.ts';
import {
  foreignVersion,
  formatVersion,
  getSegmentHeader,
  segmentHeaderBytes,
} from './wal-format.ts';

interface RecoveryOptions {
  readonly fileSystem: FileSystem;
  readonly checksum: Checksum;
  readonly logger: Logger;
  readonly directory: string;
  readonly incarnation: number;
}

export interface RecoveredLog {
  readonly groups: ReadonlyMap<GroupId, RecoveredGroup>;
  readonly table: GroupTable;
  /** Of the segment to go on in. */
  readonly sequence: number;
  readonly position: number;
  readonly segmentBytes: number;
  /** Of the last batch. */
  readonly number: number;
  readonly link: number;
}

/** Where the log ends: nothing intact follows `offset` in `segment`. */
interface LogEnd {
  readonly segment: SegmentBytes;
  readonly lastBatch: Batch;
  readonly offset: number;
}

const advice =
  'Nothing was changed. Check the disk, then run quorate repair on the data directory: what was ' +
  'lost here comes back from the other members, which go on meanwhile. Never start this node ' +
  'under its old name without its data.';

function corrupt(file: string, offset: number, what: string): StorageError<'STORAGE_CORRUPT'> {
  return new StorageError('STORAGE_CORRUPT', `${file} at offset ${offset}: ${what}. ${advice}`, {
    file,
    offset,
  });
}

/**
 * Reads the log at start-up, by blocking calls.
 *
 * A batch is written only once the one before is durable. So what is damaged and last was never
 * promised to anyone: a torn write, which is cut. What is damaged and not last was: corruption,
 * which is refused, with nothing changed on the disk.
 *
 * @throws StorageError STORAGE_CORRUPT, STORAGE_VERSION_UNSUPPORTED
 * @throws FileSystemError when the disk cannot be read
 */
export class WalRecovery {
  readonly #options: RecoveryOptions;
  readonly #replay = new LogReplay();
  #last: Batch | null = null;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  run(): RecoveredLog {
    const { fileSystem, directory } = this.#options;
    const { blocking } = fileSystem;
    blocking.makeDirectory(walDirectory(directory));
    this.#finishRepair();
    const begun = blocking.list(directory).includes('log-begun');
    let sequences = this.#sequences();
    if (sequences.length === 0 && begun) {
      throw corrupt(segmentPath(directory, 1), 0, 'the log had begun and its segments are gone');
    }
    if (!begun && this.#hasSnapshots()) {
      throw corrupt(segmentPath(directory, 1), 0, 'there are snapshots, and their log is gone');
    }
    if (sequences.length === 0 || (!begun && this.#isStillborn(sequences))) {
      this.#createFirstSegment();
      sequences = [1];
    }
    const end = this.#walk(sequences);
    const rest = sequences.slice(sequences.indexOf(end.segment.sequence) + 1);
    this.#refuseDamageInside(end, rest);
    const groups = this.#replayed(() => this.#replay.recovered(), end.segment, 0);
    this.#settle(end, rest);
    this.#markBegun();
    const { table } = this.#replay;
    this.#options.logger.info('the log was recovered', {
      groups: groups.size,
      segments: table.segments.length,
      batches: end.lastBatch.number,
    });
    return {
      groups,
      table,
      sequence: end.segment.sequence,
      position: end.offset,
      segmentBytes: end.segment.bytes.length,
      number: end.lastBatch.number,
      link: end.lastBatch.link,
    };
  }

  #finishRepair(): void {
    const { fileSystem, directory, logger } = this.#options;
    const sequence = pendingRestart(fileSystem.blocking, directory);
    if (sequence === null) return;
    finishRestart(fileSystem.blocking, directory, sequence);
    logger.warn('an interrupted repair of the log was finished', {
      damagedSegments: damagedDirectory(directory, sequence),
    });
  }

  #sequences(): number[] {
    const { fileSystem, directory, logger } = this.#options;
    const wal = walDirectory(directory);
    const sequences: number[] = [];
    for (const name of fileSystem.blocking.list(wal)) {
      const sequence = sequenceOf(name);
      if (sequence !== null) sequences.push(sequence);
      else
        logger.warn('a file in the log directory is not a segment', { file: joinPath(wal, name) });
    }
    for (let i = 1; i < sequences.length; i++) {
      const expected = (sequences[i - 1] as number) + 1;
      if (sequences[i] === expected) continue;
      throw corrupt(segmentPath(directory, expected), 0, 'the segment is missing');
    }
    return sequences;
  }

  /** Snapshots are taken of what was logged: where there is one, there was a log. */
  #hasSnapshots(): boolean {
    const { fileSystem, directory } = this.#options;
    if (!fileSystem.blocking.list(directory).includes('snapshots')) return false;
    const names = fileSystem.blocking.list(snapshotDirectory(directory));
    return names.some((name) => name.endsWith('.snap'));
  }

  /** The very first segment is made before the mark that the log has begun; a crash between. */
  #isStillborn(sequences: readonly number[]): boolean {
    if (sequences.length !== 1 || sequences[0] !== 1) return false;
    const segment = this.#read(1);
    if (segment.laterBatch(segmentHeaderBytes, 1) !== null) return false;
    const header = getSegmentHeader(segment.bytes, this.#options.checksum);
    return header === null || segment.batchAt(segmentHeaderBytes) === null;
  }

  /** It holds the first batch alone: the first write goes to the second segment. */
  #createFirstSegment(): void {
    const { fileSystem, directory, checksum, incarnation } = this.#options;
    const { bytes } = new BatchEncoder(checksum, incarnation).encode({
      sequence: 1,
      number: 1,
      previousLink: 0,
      opening: [],
      segmentBytes: 0,
      submissions: [],
      records: { bytes: 0, records: 0 },
    });
    fileSystem.blocking.writeFileDurably(segmentPath(directory, 1), bytes);
  }

  #read(sequence: number): SegmentBytes {
    const { fileSystem, directory, checksum, incarnation } = this.#options;
    const path = segmentPath(directory, sequence);
    const bytes = fileSystem.blocking.readFile(path);
    return new SegmentBytes(path, sequence, incarnation, bytes, checksum);
  }

  /** Replays batch after batch up to the first place where there is no intact one. */
  #walk(sequences: readonly number[]): LogEnd {
    let end: LogEnd | null = null;
    for (const sequence of sequences) {
      const segment = this.#read(sequence);
      const intact = this.#checkHeader(segment);
      let batch = intact ? segment.batchAt(segmentHeaderBytes) : null;
      if (!batch) break;
      this.#replay.openSegment(segment);
      while (batch) {
        this.#replayBatch(segment, batch, end);
        end = { segment, lastBatch: batch, offset: batch.nextOffset };
        batch = segment.batchAt(batch.nextOffset);
      }
    }
    if (end) return end;
    // An older segment goes only once this one's first batch is durable, so it cannot be torn.
    const oldest = this.#read(sequences[0] as number);
    if (getSegmentHeader(oldest.bytes, this.#options.checksum) === null) {
      throw corrupt(oldest.path, 0, 'the header of the oldest segment is damaged');
    }
    const what = 'the first batch of the oldest segment is damaged';
    throw corrupt(oldest.path, segmentHeaderBytes, what);
  }

  /** @returns false when the header is damaged */
  #checkHeader(segment: SegmentBytes): boolean {
    const foreign = foreignVersion(segment.bytes);
    if (foreign !== null) throw unsupportedVersion(segment.path, foreign, formatVersion);
    const header = getSegmentHeader(segment.bytes, this.#options.checksum);
    if (!header) return false;
    if (header.incarnation !== this.#options.incarnation) {
      throw corrupt(segment.path, 24, 'the segment belongs to another data directory');
    }
    if (header.sequence !== segment.sequence) {
      throw corrupt(segment.path, 16, `the segment says that it is number ${header.sequence}`);
    }
    if (segment.bytes.length < header.segmentBytes) {
      // Appends do not change a file's size, so no torn write ends in a shorter file.
      const what = `the file was made with ${header.segmentBytes} bytes and ends here`;
      throw corrupt(segment.path, segment.bytes.length, what);
    }
    return true;
  }

  #replayBatch(segment: SegmentBytes, batch: Batch, before: LogEnd | null): void {
    const last = this.#last;
    if (last && (batch.number !== last.number + 1 || batch.previousLink !== last.link)) {
      const place = before ?? { segment, offset: batch.offset };
      const found = `${segment.path} at offset ${batch.offset}`;
      const what = `batch ${last.number + 1} is lost or differs, and ${found} has batch`;
      throw corrupt(place.segment.path, place.offset, `${what} ${batch.number}`);
    }
    if (batch.opensSegment !== (batch.offset === segmentHeaderBytes)) {
      throw corrupt(segment.path, batch.offset, 'the batch is not in its place in the segment');
    }
    for (const record of segment.records(batch)) {
      this.#replayed(() => this.#replay.record(segment, record), segment, record.offset);
    }
    this.#last = batch;
  }

  #replayed<T>(replay: () => T, segment: SegmentBytes, offset: number): T {
    try {
      return replay();
    } catch (error) {
      if (error instanceof ReplayProblem) throw corrupt(segment.path, offset, error.message);
      throw error;
    }
  }

  /** Damage at the end of the log is a torn write unless something shows that it was durable. */
  #refuseDamageInside(end: LogEnd, rest: readonly number[]): void {
    const { segment, offset, lastBatch } = end;
    const wanted = lastBatch.number + 1;
    const later = segment.laterBatch(offset, wanted);
    if (later !== null) {
      throw corrupt(segment.path, offset, `damage, and an intact batch at offset ${later} follows`);
    }
    const [next] = rest;
    if (next === undefined) return;
    const spare = this.#read(next);
    const after = spare.laterBatch(segmentHeaderBytes, wanted);
    if (after !== null) {
      const at = `an intact batch follows in ${spare.path} at offset ${after}`;
      throw corrupt(segment.path, offset, `batch ${wanted} is lost or damaged, and ${at}`);
    }
    // The spare behind a segment is made only once the segment's first batch is durable.
    if (rest.length > 1) {
      throw corrupt(spare.path, segmentHeaderBytes, 'damage, and a later segment was begun');
    }
    if (spare.endOfContent(0) > 0) this.#logTorn(spare.path, segmentHeaderBytes);
  }

  #logTorn(file: string, offset: number): void {
    this.#options.logger.warn('a torn write at the end of the log was cut', { file, offset });
  }

  /**
   * Makes durable what was found, and void what was not. After a process was killed the last batch
   * may be in the machine's cache only; who acts on it must not lose it with the next power cut.
   */
  #settle(end: LogEnd, rest: readonly number[]): void {
    const { segment, lastBatch, offset } = end;
    const { blocking } = this.#options.fileSystem;
    const endOfContent = segment.endOfContent(offset);
    if (endOfContent > offset) this.#logTorn(segment.path, offset);
    // The segment's header was written together with the batch that opens it.
    const from = lastBatch.opensSegment ? 0 : lastBatch.offset;
    const settled = segment.bytes.slice(from, endOfContent);
    settled.fill(0, offset - from);
    blocking.overwriteDurably(segment.path, from, settled);
    for (const sequence of rest) blocking.remove(segmentPath(this.#options.directory, sequence));
  }

  #markBegun(): void {
    const { directory, fileSystem } = this.#options;
    const { blocking } = fileSystem;
    blocking.syncDirectory(walDirectory(directory));
    blocking.syncDirectory(directory);
    if (blocking.list(directory).includes('log-begun')) return;
    blocking.writeFileDurably(logBegunPath(directory), new Uint8Array(0));
    blocking.syncDirectory(directory);
  }
}

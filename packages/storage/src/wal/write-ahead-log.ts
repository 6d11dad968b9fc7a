import { assert, type File, type FileSystemError, type Ports } from '@quorate/base';
import type { GroupWrite, LogStore, RecoveredGroup } from '@quorate/raft';
import type { GroupId } from '@quorate/schema';
import { segmentPath, walDirectory } from '../data-layout.ts';
import { StorageError } from '../storage-error.ts';
import { BatchEncoder, measureStates, measureWrites, type RecordCount } from './batch-encoder.ts';
import type { GroupTable } from './group-table.ts';
import { SpareSegment, type TakenSegment } from './spare-segment.ts';
import { SubmissionCheck } from './submission-check.ts';
import { alignBatch, batchHeaderBytes, segmentHeaderBytes } from './wal-format.ts';
import { type WalMetrics, walMetrics } from './wal-metrics.ts';
import { type RecoveredLog, WalRecovery } from './wal-recovery.ts';

const defaultSegmentBytes = 64 * 2 ** 20;
const smallestSegmentBytes = 1024;
/** What gathers beyond that waits for the batch after: the first to come must not wait for all. */
const maxBatchBytes = 4 * 2 ** 20;
/** One submission is one batch, and a batch's length is 32 bits. */
const maxSubmissionBytes = 2 ** 30;
/** With more segments kept than this, the group that keeps them is named. */
const pinnedSegments = 4;

/** The directory is one that `claimDataDirectory` holds. */
export interface WriteAheadLogOptions {
  readonly ports: Pick<
    Ports,
    'clock' | 'timers' | 'fileSystem' | 'checksum' | 'logger' | 'metrics'
  >;
  /** The data directory; the log is in `wal` below it. */
  readonly directory: string;
  /** As `claimDataDirectory` gave it; it seeds every checksum. */
  readonly incarnation: number;
  /** Default 64 MiB. A larger batch gets a larger segment. */
  readonly segmentBytes?: number;
}

type Done = (error: Error | null) => void;

interface Submission {
  readonly writes: readonly GroupWrite[];
  readonly records: RecordCount;
  readonly done: Done;
}

interface Flight {
  readonly submissions: readonly Submission[];
  readonly bytes: number;
  readonly startedMs: number;
  readonly link: number;
  /** Non-null when the batch opens a segment. */
  readonly opened: TakenSegment | null;
}

/**
 * One log for all groups of a process. At most one batch is on its way to the disk; whatever is
 * submitted meanwhile shares the next.
 *
 * When the disk is full and the current segment has no room either, what was submitted waits until
 * there is room; `writable` has been false for a whole segment by then.
 */
class WriteAheadLog implements LogStore {
  readonly recovered: ReadonlyMap<GroupId, RecoveredGroup>;
  readonly #ports: WriteAheadLogOptions['ports'];
  readonly #directory: string;
  readonly #batchLimitBytes: number;
  readonly #table: GroupTable;
  readonly #check: SubmissionCheck;
  readonly #encoder: BatchEncoder;
  readonly #spare: SpareSegment;
  readonly #metrics: WalMetrics;
  #file: File | null = null;
  #sequence: number;
  #position: number;
  #limit: number;
  #number: number;
  #link: number;
  #queue: Submission[] = [];
  #flight: Flight | null = null;
  #reporting = false;
  #reclaiming = false;
  #failure: StorageError | null = null;
  #closing: Done | null = null;
  #closed = false;

  constructor(options: WriteAheadLogOptions, recovered: RecoveredLog, segmentBytes: number) {
    this.#ports = options.ports;
    this.#directory = options.directory;
    this.#batchLimitBytes = Math.min(maxBatchBytes, segmentBytes / 2);
    this.recovered = recovered.groups;
    this.#table = recovered.table;
    this.#sequence = recovered.sequence;
    this.#position = recovered.position;
    this.#limit = recovered.segmentBytes;
    this.#number = recovered.number;
    this.#link = recovered.link;
    this.#check = new SubmissionCheck(recovered.table.groups.values());
    this.#encoder = new BatchEncoder(options.ports.checksum, options.incarnation);
    this.#metrics = walMetrics(options.ports.metrics);
    this.#spare = new SpareSegment({
      ...options.ports,
      directory: options.directory,
      segmentBytes,
      logIsBusy: () => this.#flight !== null,
      onReady: () => this.#spareReady(),
      onFull: () => this.#finishClosing(),
      onFailure: (error, file) => this.#fail(error, file),
    });
    this.#spare.prepare(recovered.sequence + 1);
    this.#openCurrent();
    this.#gauge();
  }

  /** A log that has failed is not full: whoever writes next is to learn of it, and stop. */
  get writable(): boolean {
    return this.#failure !== null || !this.#spare.failing;
  }

  get pinnedBy(): GroupId | null {
    return this.#table.pinnedBy(pinnedSegments);
  }

  get diskBytes(): number {
    let bytes = this.#spare.bytes;
    for (const segment of this.#table.segments) bytes += segment.bytes;
    return bytes;
  }

  submit(writes: readonly GroupWrite[], done: Done): void {
    const refusal = this.#failure ?? (this.#closing ? closedError() : null);
    if (refusal) {
      this.#ports.timers.defer(() => done(refusal));
      return;
    }
    for (const write of writes) this.#check.check(write);
    const records = measureWrites(writes);
    assert(records.bytes <= maxSubmissionBytes, 'a submission has at most 1 GiB');
    this.#queue.push({ writes, records, done });
    this.#pump();
  }

  close(done: Done): void {
    assert(this.#closing === null, 'a log is closed once');
    this.#closing = done;
    this.#ports.timers.defer(() => this.#finishClosing());
  }

  #openCurrent(): void {
    const path = segmentPath(this.#directory, this.#sequence);
    this.#ports.fileSystem.open(path, (error, file) => {
      this.#file = file;
      if (error) this.#fail(error, path);
      this.#pump();
      this.#finishClosing();
    });
  }

  /** Sends the next batch when there is one and nothing stands in its way. */
  #pump(): void {
    if (this.#flight || this.#reporting || this.#failure || this.#closed) return;
    if (!this.#file || this.#queue.length === 0) return;
    const records = { bytes: 0, records: 0 };
    let count = 0;
    for (const submission of this.#queue) {
      const bytes = records.bytes + submission.records.bytes;
      if (count > 0 && bytes > this.#batchLimitBytes) break;
      records.bytes = bytes;
      records.records += submission.records.records;
      count += 1;
    }
    const bytes = alignBatch(batchHeaderBytes + records.bytes);
    if (this.#position + bytes <= this.#limit) this.#write(count, records, null);
    else this.#turnOver(count, records);
  }

  /** The batch opens the next segment, behind the state of every group. */
  #turnOver(count: number, records: RecordCount): void {
    const opening = measureStates(this.#table.groups.values());
    opening.bytes += records.bytes;
    opening.records += records.records;
    const bytes = alignBatch(segmentHeaderBytes + batchHeaderBytes + opening.bytes);
    const taken = this.#spare.take(bytes);
    if (taken) this.#write(count, opening, taken);
  }

  #write(count: number, records: RecordCount, opened: TakenSegment | null): void {
    const submissions = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    const sequence = opened?.sequence ?? this.#sequence;
    const { bytes, link } = this.#encoder.encode({
      sequence,
      number: this.#number + 1,
      previousLink: this.#link,
      opening: opened ? this.#table.groups.values() : null,
      segmentBytes: opened?.bytes ?? 0,
      submissions,
      records,
    });
    const startedMs = this.#ports.clock.monotonicMs();
    this.#flight = { submissions, bytes: bytes.length, startedMs, link, opened };
    const file = opened?.file ?? this.#file;
    file?.writeDurably(opened ? 0 : this.#position, [bytes], (error) => {
      if (error) this.#fail(error, segmentPath(this.#directory, sequence));
      else this.#durable();
    });
  }

  #durable(): void {
    const flight = this.#flight;
    if (!flight || this.#failure) return;
    this.#flight = null;
    this.#number += 1;
    this.#link = flight.link;
    this.#position += flight.bytes;
    if (flight.opened) this.#moveInto(flight.opened, flight.bytes);
    for (const { writes } of flight.submissions) for (const write of writes) this.#note(write);
    this.#observe(flight);
    // What waits already goes to the disk before anyone is told, so that the disk is never idle.
    this.#pump();
    this.#report(flight.submissions, null);
    this.#spare.batchDone();
    this.#reclaim();
    this.#finishClosing();
  }

  #moveInto(taken: TakenSegment, position: number): void {
    const before = this.#file;
    this.#file = taken.file;
    this.#sequence = taken.sequence;
    this.#position = position;
    this.#limit = taken.bytes;
    this.#table.openSegment(taken.sequence, taken.bytes);
    before?.close(() => undefined);
    this.#spare.prepare(taken.sequence + 1);
  }

  #note(write: GroupWrite): void {
    const { group, hardState, truncateAfter, entries, snapshot, logStart } = write;
    const state = this.#table.group(group);
    if (hardState) state.hardState = hardState;
    if (truncateAfter !== null) this.#table.truncate(group, truncateAfter);
    const first = entries[0];
    if (first) this.#table.entries(group, first.index, first.index + entries.length - 1);
    if (snapshot) state.snapshot = snapshot;
    if (logStart) this.#table.logStart(group, logStart);
  }

  /** Submissions made from inside the callbacks gather, instead of the first going alone. */
  #report(submissions: readonly Submission[], error: Error | null): void {
    this.#reporting = true;
    for (const { done } of submissions) done(error);
    this.#reporting = false;
    this.#pump();
  }

  #spareReady(): void {
    this.#pump();
    this.#gauge();
  }

  /**
   * Removes segments that nobody needs, oldest first, each durably before the next: were a younger
   * one to vanish alone, the log would have a hole.
   */
  #reclaim(): void {
    const segment = this.#table.freeable();
    if (!segment || this.#reclaiming || this.#failure || this.#closing) return;
    const { fileSystem, logger } = this.#ports;
    const path = segmentPath(this.#directory, segment.sequence);
    this.#reclaiming = true;
    fileSystem.remove(path, (error) => {
      if (error && error.kind !== 'notFound') {
        // Tried again after the next batch.
        this.#reclaiming = false;
        logger.warn('a log segment cannot be removed', { file: path, reason: error.message });
        this.#finishClosing();
        return;
      }
      fileSystem.syncDirectory(walDirectory(this.#directory), (failed) => {
        this.#reclaiming = false;
        if (failed) this.#fail(failed, walDirectory(this.#directory));
        else this.#table.dropOldest();
        this.#gauge();
        this.#reclaim();
        this.#finishClosing();
      });
    });
  }

  /** Final: whoever waits and whoever comes is told the same. */
  #fail(error: FileSystemError, file: string): void {
    if (this.#failure) return;
    const { kind, message } = error;
    this.#failure = failedError(error, file);
    this.#ports.logger.error('the log failed', { file, kind, reason: message });
    const waiting = [...(this.#flight?.submissions ?? []), ...this.#queue];
    this.#flight = null;
    this.#queue = [];
    this.#report(waiting, this.#failure);
    this.#finishClosing();
  }

  /** Waits for what is under way; what cannot get under way for want of room is refused. */
  #finishClosing(): void {
    const done = this.#closing;
    if (!done || this.#closed || this.#flight || this.#reclaiming) return;
    if (!this.#file && !this.#failure) return;
    if (this.#queue.length > 0 && !this.#failure && !this.#spare.failing) return;
    this.#closed = true;
    const waiting = this.#queue;
    this.#queue = [];
    this.#report(waiting, closedError());
    this.#spare.close(() => {
      if (this.#file) this.#file.close((error) => done(error));
      else this.#ports.timers.defer(() => done(null));
    });
  }

  #observe(flight: Flight): void {
    const seconds = (this.#ports.clock.monotonicMs() - flight.startedMs) / 1000;
    this.#metrics.fsyncSeconds.observe(seconds);
    this.#metrics.batchBytes.observe(flight.bytes);
    this.#metrics.batchSubmissions.observe(flight.submissions.length);
    this.#metrics.writtenBytes.add(flight.bytes);
    if (flight.opened) this.#gauge();
  }

  #gauge(): void {
    this.#metrics.segments.set(this.#table.segments.length);
    this.#metrics.diskBytes.set(this.diskBytes);
  }
}

function failedError(error: FileSystemError, file: string): StorageError<'STORAGE_FAILED'> {
  const { kind, message } = error;
  const [what, next] =
    kind === 'notFound'
      ? [
          'the directory of the log is gone, or what was in it',
          'Put the data directory back if it was moved; if it was deleted, this member is lost: ' +
            'remove it from its cluster and add it anew. Never start it with an empty directory.',
        ]
      : ['the log can no longer be trusted', 'Check the disk before it is started again.'];
  return new StorageError(
    'STORAGE_FAILED',
    `${what}: ${file}: ${message}. This node must stop. ${next}`,
    { file, kind },
    { cause: error },
  );
}

function closedError(): StorageError<'STORAGE_CLOSED'> {
  return new StorageError('STORAGE_CLOSED', 'the log is closed; open the node again', {});
}

/**
 * Opens the log of a data directory, a new one too. Recovery is done on return, by blocking calls;
 * the segment to go on in is then opened by a submitted call, and what is submitted before it is
 * open waits for it.
 *
 * @throws StorageError STORAGE_CORRUPT when the log is damaged otherwise than by a torn last write;
 *   nothing is changed then. STORAGE_VERSION_UNSUPPORTED
 * @throws FileSystemError when the disk cannot be read or written
 */
export function openWriteAheadLog(options: WriteAheadLogOptions): LogStore {
  const segmentBytes = alignBatch(options.segmentBytes ?? defaultSegmentBytes);
  assert(segmentBytes >= smallestSegmentBytes, 'a segment has at least 1 KiB');
  assert(Number.isSafeInteger(options.incarnation), 'an incarnation is a safe integer');
  const { fileSystem, checksum, logger } = options.ports;
  const { directory, incarnation } = options;
  const recovery = new WalRecovery({ fileSystem, checksum, logger, directory, incarnation });
  return new WriteAheadLog(options, recovery.run(), segmentBytes);
}

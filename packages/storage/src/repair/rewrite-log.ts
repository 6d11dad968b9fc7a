import { type BlockingFileSystem, type Checksum, FileSystemError } from '@quorate/base';
import type { GroupWrite } from '@quorate/raft';
import type { Entry } from '@quorate/schema';
import { repairedSegmentPath, walDirectory } from '../data-layout.ts';
import {
  BatchEncoder,
  measureStates,
  measureWrites,
  type RecordCount,
} from '../wal/batch-encoder.ts';
import type { GroupState } from '../wal/group-table.ts';
import { alignBatch, batchHeaderBytes, segmentHeaderBytes } from '../wal/wal-format.ts';
import type { PlannedGroup } from './repair-plan.ts';

/** Of entries in one batch; a single larger one still goes alone. */
const batchBytes = 4 * 2 ** 20;

interface RewriteOptions {
  readonly blocking: BlockingFileSystem;
  readonly checksum: Checksum;
  readonly directory: string;
  readonly incarnation: number;
  readonly sequence: number;
  /** Of the first batch. */
  readonly number: number;
  readonly groups: readonly PlannedGroup[];
}

/**
 * Writes the whole repaired log, durably, under a name that is not yet a segment's.
 *
 * @throws FileSystemError when it cannot be written; what was begun is given back
 */
export function rewriteLog(options: RewriteOptions): void {
  try {
    write(options);
  } catch (error) {
    // A full disk would otherwise stay full.
    if (error instanceof FileSystemError) discard(options);
    throw error;
  }
}

function discard({ blocking, directory, sequence }: RewriteOptions): void {
  try {
    blocking.remove(repairedSegmentPath(directory, sequence));
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
  }
}

function write(options: RewriteOptions): void {
  const { blocking, directory, sequence, incarnation, checksum } = options;
  const path = repairedSegmentPath(directory, sequence);
  const states = options.groups.map(({ state }) => state);
  const batches = [...batchesOf(options.groups)];
  const opening = measureStates(states);
  const sizes = batches.map((write) => measureWrites([write]));
  const segmentBytes = [opening, ...sizes].reduce(
    (bytes, records) => bytes + batchSize(records),
    segmentHeaderBytes,
  );
  const encoder = new BatchEncoder(checksum, incarnation);
  let { number } = options;
  let link = 0;
  let position = 0;
  const encode = (
    writes: readonly GroupWrite[],
    records: RecordCount,
    begin: readonly GroupState[] | null,
  ): Uint8Array => {
    const submissions = [{ writes }];
    const where = { sequence, number, previousLink: link, opening: begin, segmentBytes };
    const batch = encoder.encode({ ...where, submissions, records });
    number += 1;
    link = batch.link;
    position += batch.bytes.length;
    return batch.bytes;
  };
  blocking.writeFileDurably(path, encode([], opening, states));
  for (const [at, write] of batches.entries()) {
    const offset = position;
    blocking.overwriteDurably(path, offset, encode([write], sizes[at] as RecordCount, null));
  }
  blocking.syncDirectory(walDirectory(directory));
}

function batchSize({ bytes }: RecordCount): number {
  return alignBatch(batchHeaderBytes + bytes);
}

function* batchesOf(groups: readonly PlannedGroup[]): Generator<GroupWrite, void> {
  for (const { state, entries } of groups) {
    let gathered: Entry[] = [];
    let bytes = 0;
    for (const entry of entries) {
      if (gathered.length > 0 && bytes + entry.data.length > batchBytes) {
        yield writeOf(state, gathered);
        gathered = [];
        bytes = 0;
      }
      gathered.push(entry);
      bytes += entry.data.length;
    }
    if (gathered.length > 0) yield writeOf(state, gathered);
  }
}

/** As a group's records always begin. */
function writeOf({ group, hardState }: GroupState, entries: readonly Entry[]): GroupWrite {
  return { group, hardState, truncateAfter: null, entries, snapshot: null, logStart: null };
}

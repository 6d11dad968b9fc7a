import type { GroupWrite, LogStore } from '@quorate/raft';
import { type Entry, majorityConfiguration, type SnapshotMeta } from '@quorate/schema';
import { openWriteAheadLog, StorageError, type StorageErrorCode } from '../src/index.ts';
import type { VirtualWorld } from './virtual-world.ts';

export const incarnation = 281_474_976_710_655;

export function openLog(
  world: VirtualWorld,
  segmentBytes = 2048,
  whose: number = incarnation,
): LogStore {
  const { ports } = world;
  world.disk.blocking.makeDirectory('data');
  world.disk.blocking.syncDirectory('.');
  return openWriteAheadLog({ ports, directory: 'data', incarnation: whose, segmentBytes });
}

export function write(group: number, parts: Partial<GroupWrite>): GroupWrite {
  const nothing = { hardState: null, truncateAfter: null, entries: [], snapshot: null };
  return { group, ...nothing, logStart: null, ...parts };
}

export function entry(index: number, term: number, data: string | Uint8Array): Entry {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  return { index, term, kind: 0, timestampMicros: 1000 + index, data: bytes };
}

export function entries(first: number, last: number, term: number, bytes: number): Entry[] {
  return Array.from({ length: last - first + 1 }, (_, at) =>
    entry(first + at, term, new Uint8Array(bytes).fill(first + at)),
  );
}

export function snapshotMeta(index: number, term: number): SnapshotMeta {
  const configuration = majorityConfiguration([1, 2, 3], [4]);
  return { index, term, timestampMicros: 1000 + index, configuration, withheld: false };
}

/** Submits, runs until all is quiet, and throws what the store answered. */
export function commit(world: VirtualWorld, log: LogStore, ...writes: GroupWrite[]): void {
  let answer: Error | null | undefined;
  log.submit(writes, (error) => {
    answer = error;
  });
  world.run();
  if (answer === undefined) throw new Error('the submission was not answered');
  if (answer) throw answer;
}

/** Takes a snapshot of everything so far, on paper, and cuts the log behind it. */
export function cut(group: number, index: number, term: number): GroupWrite {
  return write(group, { snapshot: snapshotMeta(index, term), logStart: { index, term } });
}

export function segments(world: VirtualWorld): string[] {
  return world.disk.blocking.list('data/wal');
}

export function segmentFile(sequence: number): string {
  return `data/wal/${String(sequence).padStart(16, '0')}.seg`;
}

export function codeOf(call: () => unknown): StorageErrorCode | 'none' {
  try {
    call();
    return 'none';
  } catch (error) {
    if (error instanceof StorageError) return error.code;
    throw error;
  }
}

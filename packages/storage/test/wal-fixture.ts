import type { GroupWrite, LogStore } from '@quorate/raft';
import { openWriteAheadLog, StorageError, type StorageErrorCode } from '../src/index.ts';
import type { VirtualWorld } from './virtual-world.ts';

export { cut, entries, entry, snapshotMeta, write } from '../conformance/log-store-place.ts';

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

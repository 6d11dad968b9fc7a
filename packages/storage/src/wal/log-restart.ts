import { type BlockingFileSystem, portableChecksum } from '@quorate/base';
import {
  damagedDirectory,
  joinPath,
  logBegunPath,
  repairedSegmentPath,
  segmentPath,
  sequenceOf,
  walDirectory,
} from '../data-layout.ts';
import { StorageError } from '../storage-error.ts';

/*
 * How a repaired log takes the place of a damaged one. All of the repaired log is one segment,
 * numbered behind all others, and durable under a name that is no segment's. Then:
 *
 *   1. `log-begun` is replaced, in one step, by one that names the segment: the log begins there
 *   2. the segment gets its name, the ones before it go to a folder of their own
 *   3. `log-begun` becomes empty again
 *
 * Before 1 the log is the damaged one. After 1 it is the repaired one, wherever that ended: whoever
 * opens the directory next goes on with 2 and 3, which may be done any number of times.
 */
const pattern = /^quorate log\nfirst segment (\d{1,16})\nchecksum ([0-9a-f]{8})\n$/;
const maxBytes = 100;

/**
 * @returns the segment that the log begins with, when a repair was committed and not finished; null
 *   otherwise
 * @throws StorageError STORAGE_CORRUPT
 */
export function pendingRestart(blocking: BlockingFileSystem, directory: string): number | null {
  if (!blocking.list(directory).includes('log-begun')) return null;
  const file = logBegunPath(directory);
  const bytes = blocking.readFile(file);
  if (bytes.length === 0) return null;
  const text = bytes.length <= maxBytes ? new TextDecoder().decode(bytes) : '';
  const sequence = Number(pattern.exec(text)?.[1] ?? 0);
  if (Number.isSafeInteger(sequence) && sequence > 0 && text === contentFor(sequence)) {
    return sequence;
  }
  throw new StorageError(
    'STORAGE_CORRUPT',
    `${file}: damaged while a repair was being finished. Nothing was changed. Leave this node ` +
      'down and restore its directory as a whole, or remove it from its groups and add it anew.',
    { file, offset: 0 },
  );
}

/** Step 1. The repaired segment is durable, its name included. */
export function commitRestart(
  blocking: BlockingFileSystem,
  directory: string,
  sequence: number,
): void {
  replaceMark(blocking, directory, new TextEncoder().encode(contentFor(sequence)));
}

/** Steps 2 and 3. @throws StorageError STORAGE_CORRUPT when the repaired segment is gone */
export function finishRestart(
  blocking: BlockingFileSystem,
  directory: string,
  sequence: number,
): void {
  const wal = walDirectory(directory);
  const segment = segmentPath(directory, sequence);
  const part = repairedSegmentPath(directory, sequence);
  const before = blocking.list(wal).map((name) => joinPath(wal, name));
  if (before.includes(part)) blocking.rename(part, segment);
  else if (!before.includes(segment)) {
    const message = `${segment} is missing, and the log begins with it. Nothing was changed.`;
    throw new StorageError('STORAGE_CORRUPT', message, { file: segment, offset: 0 });
  }
  blocking.syncDirectory(wal);
  const folder = damagedDirectory(directory, sequence);
  blocking.makeDirectory(folder);
  blocking.syncDirectory(directory);
  for (const name of blocking.list(wal)) {
    const older = sequenceOf(name);
    if (older === null || older >= sequence) continue;
    blocking.rename(segmentPath(directory, older), joinPath(folder, name));
  }
  // First where they are to be: a name too many does no harm, one too few would.
  blocking.syncDirectory(folder);
  blocking.syncDirectory(wal);
  replaceMark(blocking, directory, new Uint8Array(0));
}

function replaceMark(blocking: BlockingFileSystem, directory: string, content: Uint8Array): void {
  const beside = joinPath(directory, 'log-begun.new');
  blocking.writeFileDurably(beside, content);
  blocking.rename(beside, logBegunPath(directory));
  blocking.syncDirectory(directory);
}

function contentFor(sequence: number): string {
  const body = `quorate log\nfirst segment ${sequence}\n`;
  const crc = portableChecksum.crc32(new TextEncoder().encode(body), 0);
  return `${body}checksum ${crc.toString(16).padStart(8, '0')}\n`;
}

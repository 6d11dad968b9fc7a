import type { Ports } from '@quorate/base';
import type { RecoveredGroup, SnapshotStore } from '@quorate/raft';
import type { GroupId } from '@quorate/schema';
import { segmentPath, sequenceOf, walDirectory } from '../data-layout.ts';
import { type DirectoryOwner, holdDataDirectory } from '../identity/data-directory.ts';
import { openSnapshotStore } from '../snapshot/snapshot-files.ts';
import { StorageError } from '../storage-error.ts';
import { pendingRestart } from '../wal/log-restart.ts';
import { type Damage, LogSurvey } from './log-survey.ts';

/** The node must not run. */
export interface StoppedNodeOptions {
  readonly ports: Pick<Ports, 'fileSystem' | 'timers' | 'checksum' | 'codec' | 'logger'>;
  readonly directory: string;
}

/** What a node that does not run has on its disk. Nobody can start it until `release`. */
export interface StoppedNode extends DirectoryOwner {
  /** What a start would find, entries that may not be committed included. */
  readonly groups: ReadonlyMap<GroupId, RecoveredGroup>;
  /** To be read from only. */
  snapshots(): SnapshotStore;
  /** Gives the lock back. Idempotent. */
  release(): void;
}

/**
 * Reads the log of a node that does not run, and changes nothing.
 *
 * @throws StorageError STORAGE_LOCKED, STORAGE_DIRECTORY_NOT_OURS, STORAGE_VERSION_UNSUPPORTED,
 *   STORAGE_CORRUPT (the log is damaged, or its repair was interrupted)
 * @throws FileSystemError when the disk cannot be read, or there is no such directory
 */
export function holdStoppedNode({ ports, directory }: StoppedNodeOptions): StoppedNode {
  const held = holdDataDirectory(ports.fileSystem, directory);
  const { clusterId, nodeId, incarnation, release } = held;
  try {
    const groups = readLog(ports, directory, incarnation);
    const snapshots = (): SnapshotStore => openSnapshotStore({ ports, directory });
    return { clusterId, nodeId, groups, snapshots, release };
  } catch (error) {
    release();
    throw error;
  }
}

function readLog(
  { fileSystem, checksum }: StoppedNodeOptions['ports'],
  directory: string,
  incarnation: number,
): ReadonlyMap<GroupId, RecoveredGroup> {
  const { blocking } = fileSystem;
  const pending = pendingRestart(blocking, directory);
  if (pending !== null) {
    const file = segmentPath(directory, pending);
    throw unreadable({ file, offset: 0, what: 'a repair was interrupted' });
  }
  const names = blocking.list(directory);
  // Without the mark there was never a write.
  if (!names.includes('log-begun')) return new Map();
  const sequences = (names.includes('wal') ? blocking.list(walDirectory(directory)) : [])
    .map(sequenceOf)
    .filter((sequence) => sequence !== null);
  const survey = new LogSurvey(checksum, incarnation);
  let before: number | null = null;
  for (const sequence of sequences) {
    const path = segmentPath(directory, sequence);
    if (before !== null && sequence !== before + 1) {
      survey.missing(segmentPath(directory, before + 1));
    }
    survey.segment(path, sequence, blocking.readFile(path));
    before = sequence;
  }
  if (before === null) {
    const what = 'the log had begun and its segments are gone';
    throw unreadable({ file: segmentPath(directory, 1), offset: 0, what });
  }
  survey.finish(segmentPath(directory, before));
  const [damage] = survey.damage;
  if (damage !== undefined) throw unreadable(damage);
  return survey.replay.recovered();
}

function unreadable({ file, offset, what }: Damage): StorageError<'STORAGE_CORRUPT'> {
  return new StorageError(
    'STORAGE_CORRUPT',
    `${file} at offset ${offset}: ${what}. Nothing was changed. Run quorate repair on the data ` +
      'directory first.',
    { file, offset },
  );
}

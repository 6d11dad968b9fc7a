import { resolve } from 'node:path';
import { holdStoppedGroup, type StoppedGroup } from '@quorate/host';
import type { SnapshotMeta } from '@quorate/schema';
import { groupIdOf } from './ids.ts';
import type { LogOptions } from './member.ts';
import { createLogger } from './observe/logger.ts';
import { createRealPorts } from './real-ports.ts';

/**
 * `dataDirectory` is a path of the operating system, relative to where the process runs; `group` is
 * the group's name.
 */
export interface StoppedMemberOptions {
  readonly dataDirectory: string;
  readonly group: string;
  /** Default: info, as logfmt, on standard error. */
  readonly log?: LogOptions;
}

/** One group of a node that does not run, as its disk has it. */
export interface StoppedMember extends Pick<StoppedGroup, 'clusterId' | 'nodeId' | 'group'> {
  /**
   * The content of a snapshot that the log names, each chunk as the state machine gave it.
   *
   * @throws StorageError STORAGE_SNAPSHOT_MISSING, STORAGE_SNAPSHOT_CORRUPT, FileSystemError, or
   *   what `take` threw
   */
  readSnapshot(meta: SnapshotMeta, take: (chunk: Uint8Array) => void): Promise<void>;
}

/**
 * Reads the log of a node on this machine that is not running, and changes nothing. The node cannot
 * start until what `use` returned is settled.
 *
 * @throws StorageError STORAGE_LOCKED while a node uses the directory; STORAGE_DIRECTORY_NOT_OURS,
 *   STORAGE_CORRUPT, STORAGE_VERSION_UNSUPPORTED
 * @throws FileSystemError when the disk cannot be read
 */
export async function withStoppedMember<T>(
  options: StoppedMemberOptions,
  use: (member: StoppedMember) => Promise<T>,
): Promise<T> {
  const logger = createLogger(options.log ?? { level: 'info', format: 'logfmt' });
  const ports = createRealPorts(process.cwd(), logger);
  try {
    const directory = resolve(options.dataDirectory);
    const held = holdStoppedGroup({ ports, directory }, groupIdOf(options.group));
    try {
      return await use(memberOf(held));
    } finally {
      held.release();
    }
  } finally {
    await ports.fileSystem.dispose();
  }
}

function memberOf(held: StoppedGroup): StoppedMember {
  const { clusterId, nodeId, group } = held;
  return {
    clusterId,
    nodeId,
    group,
    readSnapshot: (meta, take) =>
      new Promise((fulfil, reject) => {
        held.readSnapshot(meta, take, (error) => {
          if (error === null) fulfil();
          else reject(error);
        });
      }),
  };
}

import { resolve } from 'node:path';
import { type SeedOptions, seedDataDirectory } from '@quorate/host';
import { groupIdOf } from './ids.ts';
import type { LogOptions } from './member.ts';
import { createLogger } from './observe/logger.ts';
import { createRealPorts } from './real-ports.ts';

/**
 * The node must never have run. `dataDirectory` is a path of the operating system, relative to
 * where the process runs; `group` is the group's name.
 */
export interface SeedNodeOptions
  extends Pick<SeedOptions, 'clusterId' | 'nodeId' | 'snapshot' | 'content'> {
  readonly dataDirectory: string;
  readonly group: string;
  /** Default: info, as logfmt, on standard error. */
  readonly log?: LogOptions;
}

/**
 * Makes the data directory of a node on this machine that goes on from a state that came from
 * elsewhere. See `seedDataDirectory` of `@quorate/host`.
 *
 * @returns the node's incarnation
 * @throws StorageError, FileSystemError, or what `content` threw; what was written is no data then
 */
export async function seedNode(options: SeedNodeOptions): Promise<number> {
  const { dataDirectory, group, log, ...seed } = options;
  const logger = createLogger(log ?? { level: 'info', format: 'logfmt' });
  const ports = createRealPorts(process.cwd(), logger);
  const directory = resolve(dataDirectory);
  try {
    return await new Promise((fulfil, reject) => {
      seedDataDirectory({ ...seed, ports, directory, group: groupIdOf(group) }, (error, drawn) => {
        if (error === null) fulfil(drawn);
        else reject(error);
      });
    });
  } finally {
    await ports.fileSystem.dispose();
  }
}

import { resolve } from 'node:path';
import { present, type StateMachine } from '@quorate/base';
import type { RepairReport } from '@quorate/host';
import { repairDataDirectory } from '@quorate/host';
import { groupIdOf } from './ids.ts';
import type { LogOptions } from './member.ts';
import { createLogger } from './observe/logger.ts';
import { createRealPorts } from './real-ports.ts';

/**
 * The node must not run. `dataDirectory` is a path of the operating system, relative to where the
 * process runs.
 */
export interface RepairNodeOptions {
  readonly dataDirectory: string;
  /** Say what would be done, and change nothing. */
  readonly dryRun: boolean;
  /**
   * Names of the groups that the node is opened with, when known. Without them a repair is refused
   * where damage may have swallowed a group whole.
   */
  readonly groups?: readonly string[];
  /**
   * By name, of groups that keep files by themselves: fresh ones, to read those with. As the node
   * replicates them; `openNode` has them in sessions (`SessionStateMachine` of `@quorate/runtime`).
   */
  readonly machines?: Readonly<Record<string, StateMachine<unknown>>>;
  /** Default: info, as logfmt, on standard error. */
  readonly log?: LogOptions;
}

/**
 * Repairs the log of a node on this machine that is not running; see docs/internals/storage.md.
 * What is lost comes back from the other members once the node runs; until then it gives no vote.
 *
 * @throws StorageError STORAGE_LOCKED while a node uses the directory; STORAGE_DIRECTORY_NOT_OURS,
 *   STORAGE_CORRUPT (beyond repair), STORAGE_VERSION_UNSUPPORTED
 * @throws FileSystemError when the disk cannot be read or written
 */
export async function repairNode(options: RepairNodeOptions): Promise<RepairReport> {
  const { dataDirectory, dryRun, groups, log } = options;
  const machines = new Map(
    Object.entries(options.machines ?? {}).map(([name, machine]) => [groupIdOf(name), machine]),
  );
  const logger = createLogger(log ?? { level: 'info', format: 'logfmt' });
  const ports = createRealPorts(process.cwd(), logger);
  const directory = resolve(dataDirectory);
  try {
    return await new Promise((fulfil, reject) => {
      const ids = groups?.map(groupIdOf) ?? null;
      repairDataDirectory({ ports, directory, dryRun, groups: ids, machines }, (error, report) => {
        if (error !== null) reject(error);
        else fulfil(present(report, 'a repair without error has a report'));
      });
    });
  } finally {
    await ports.fileSystem.dispose();
  }
}

import type { RepairReport } from '@quorate/node';
import { repairNode } from '@quorate/node';
import { groupName } from './etcd-server.ts';

/**
 * Repairs the damaged log of a member that is not running, as `repairNode` does.
 *
 * @param dryRun say what would be done, and change nothing
 */
export function repairServer(dataDirectory: string, dryRun: boolean): Promise<RepairReport> {
  return repairNode({
    dataDirectory,
    dryRun,
    groups: [groupName],
    log: { level: 'warn', format: 'logfmt' },
  });
}

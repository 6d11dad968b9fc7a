import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LedgerMachine } from '@quorate/ledger';
import type { RepairReport } from '@quorate/node';
import { groupIdOf, repairNode } from '@quorate/node';
import { ledgerReplica } from './core/ledger/ledger-replica.ts';
import { groupName } from './etcd-server.ts';
import { ledgerGroupName } from './ledger/ledger-server.ts';

/**
 * Repairs the damaged log of a member that is not running, as `repairNode` does, and looks at what
 * the snapshots of a ledger refer to.
 *
 * @param dryRun say what would be done, and change nothing
 */
export function repairServer(dataDirectory: string, dryRun: boolean): Promise<RepairReport> {
  const ledgerFiles = join(dataDirectory, 'machines', `${groupIdOf(ledgerGroupName)}`);
  const kept = existsSync(ledgerFiles)
    ? {
        groups: [ledgerGroupName],
        machines: { [ledgerGroupName]: ledgerReplica(new LedgerMachine()) },
      }
    : { groups: [groupName] };
  return repairNode({ dataDirectory, dryRun, log: { level: 'warn', format: 'logfmt' }, ...kept });
}

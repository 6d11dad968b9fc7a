import { present } from '@quorate/base';
import { encodeLedgerCommand, type LedgerAnswer } from '@quorate/ledger';
import { encodeSessionCommand, type GroupHandle, type SessionResult } from '@quorate/runtime';
import { type LedgerGroup, PulseTicker, StateVotes } from '@quorate/server/core';
import { InvariantViolation, type SimulatedCluster } from '@quorate/sim';
import { ledgerLimits } from './ledger-limits.ts';
import type { LedgerLog } from './ledger-log.ts';
import { ObservedLedger } from './observed-ledger.ts';

export interface NodeLedgerOptions {
  readonly cluster: SimulatedCluster;
  readonly group: number;
  readonly node: number;
  readonly log: LedgerLog;
  readonly batchesPerCheck: number;
  readonly auditEvery: number;
}

/** Until a life has its group. */
const lookMs = 50;

const pulse = encodeSessionCommand({
  kind: 'plain',
  command: encodeLedgerCommand({ kind: 'pulse' }),
});

/** @returns the ledger of one life of one node, with the ticker and the votes of its server */
export function nodeLedger(options: NodeLedgerOptions): ObservedLedger {
  const { cluster, group, node: id, log, batchesPerCheck, auditEvery } = options;
  const node = cluster.node(id);
  const { clock, timers } = node.world;
  const fail = (error: Error): void => cluster.fail(error);
  const handle = (): GroupHandle<SessionResult<LedgerAnswer>> | undefined =>
    node.stateMachines.get(group) === ledger ? node.host?.group(group) : undefined;
  const served = groupOf(handle);
  // Asked once, its status is known for the rest of the life.
  const isThere = (): boolean => handle() !== undefined && served.status() !== null;
  const votes = new StateVotes(served, timers);
  const ledger = new ObservedLedger({
    node: id,
    log,
    fail,
    auditEvery,
    mayBeDamaged: () => node.mayBeDamaged,
    machine: {
      // No two lives have the same: nothing that replicas compare may hang on it.
      hashSeed: (cluster.scheduler.executed * 31 + id) >>> 0,
      batchesPerCheck,
      limits: ledgerLimits,
      onChecked: (check, hash) => {
        if (isThere()) votes.checked(check, hash);
      },
      onDisagreement: (check, all) => {
        const why = `check ${check} on node ${id}: ${JSON.stringify([...all])}`;
        fail(new InvariantViolation('replicas vote for one state', why));
      },
    },
  });
  const nextExpiryMicros = (): number | null => ledger.served.nextExpiryMicros();
  const ticker = new PulseTicker({ group: served, nextExpiryMicros, pulse, clock, timers });
  const wait = (): void => {
    if (isThere()) ticker.start();
    else timers.after(lookMs, wait);
  };
  timers.after(lookMs, wait);
  return ledger;
}

/** The group as the server of this life sees it: when that is over, nothing comes of anything. */
function groupOf(
  handle: () => GroupHandle<SessionResult<LedgerAnswer>> | undefined,
): Pick<LedgerGroup, 'propose' | 'status'> {
  let last: ReturnType<LedgerGroup['status']> | null = null;
  return {
    propose: (command, done) => handle()?.propose(command, done),
    status: () => {
      const now = handle()?.status();
      last = now ?? { ...present(last, 'it is asked once there is a group'), role: 'follower' };
      return last;
    },
  };
}

import type { KvCommand, KvStateMachine, Operation } from '@quorate/kv';
import { etcd } from '@quorate/schema';
import type { AlarmTable } from './alarms.ts';
import { alarmCommand } from './etcd-command.ts';
import { type RpcError, rpcErrors } from './rpc-error.ts';

export interface SpaceQuotaOptions {
  readonly alarms: AlarmTable;
  readonly store: Pick<KvStateMachine, 'bytes'>;
  /** 0: without bound. */
  readonly quotaBytes: number;
  /** Whose alarm it is. */
  readonly memberId: bigint;
  /** Raises it; `done` in any case. */
  propose(command: Uint8Array, done: () => void): void;
}

/**
 * Refuses what would take more room once the store is as large as it may be, and raises the alarm
 * then, which stands until somebody disarms it: making room by a compaction is not enough.
 */
export class SpaceQuota {
  readonly #options: SpaceQuotaOptions;
  #isRaising = false;

  constructor(options: SpaceQuotaOptions) {
    this.#options = options;
  }

  /** @param bytes that the command has */
  refusal(command: KvCommand, bytes: number): RpcError | null {
    const { alarms, store, quotaBytes } = this.#options;
    if (alarms.isCorrupt) return rpcErrors.corruptCluster;
    if (!takesRoom(command)) return null;
    if (alarms.isSpaceExceeded) return rpcErrors.spaceExceeded;
    if (quotaBytes === 0 || store.bytes + bytes <= quotaBytes) return null;
    this.#raise();
    return rpcErrors.spaceExceeded;
  }

  #raise(): void {
    if (this.#isRaising) return;
    this.#isRaising = true;
    const alarm = { member: this.#options.memberId, type: etcd.AlarmType.NOSPACE };
    // Should it fail, the next command that finds no room raises it again.
    this.#options.propose(alarmCommand('raise', alarm), () => {
      this.#isRaising = false;
    });
  }
}

function takesRoom(command: KvCommand | Operation): boolean {
  switch (command.kind) {
    case 'put':
    case 'leaseGrant':
      return true;
    case 'txn':
      return command.success.some(takesRoom) || command.failure.some(takesRoom);
    default:
      return false;
  }
}

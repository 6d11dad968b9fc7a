import { AccountCheckpoints } from '../accounts/account-checkpoints.ts';
import { AccountStore } from '../accounts/account-store.ts';
import type { PartStore } from '../parts/part-store.ts';
import { BalanceHistory } from '../transfers/balance-history.ts';
import { Expiries } from '../transfers/expiries.ts';
import { PendingStatus, PendingStatuses } from '../transfers/pending-statuses.ts';
import { TransferIds } from '../transfers/transfer-ids.ts';
import { TransferStore } from '../transfers/transfer-store.ts';
import { Timeline } from './timeline.ts';
import { UndoLog } from './undo-log.ts';

/** All that the books hold. */
export class BooksState {
  readonly accounts: AccountStore;
  /** Where the accounts are stored; null: nowhere. */
  readonly accountParts: AccountCheckpoints | null;
  readonly transfers: TransferStore;
  readonly ids: TransferIds;
  readonly statuses: PendingStatuses;
  readonly expiries = new Expiries();
  readonly history: BalanceHistory;
  readonly timeline = new Timeline();
  readonly undo: UndoLog;
  /** Null: all of it is in memory. */
  readonly parts: PartStore | null;
  /** Batches applied; which of them checks of the state come after follows from it. */
  batches = 0;

  /**
   * @param hashSeed 32 bits, for the hashes of ids; it changes no answer
   * @param parts for what does not change any more; null: all stays in memory
   * @param idsInMemory see `LedgerMachineOptions`
   */
  constructor(hashSeed = 0, parts: PartStore | null = null, idsInMemory?: number) {
    this.parts = parts;
    this.accounts = new AccountStore(hashSeed);
    this.accountParts = parts && new AccountCheckpoints(this.accounts, parts);
    this.transfers = new TransferStore(parts);
    const limits = idsInMemory === undefined ? {} : { tableIds: idsInMemory };
    this.ids = new TransferIds(hashSeed, parts, limits);
    this.statuses = new PendingStatuses(parts);
    this.history = new BalanceHistory(parts);
    this.undo = new UndoLog(this);
  }

  /** Between batches: puts away what is complete. */
  settle(): void {
    this.transfers.settle();
    this.statuses.settle(this.transfers.sealed.count);
    this.history.settle();
    this.ids.settle();
  }

  /**
   * When the next pending transfer expires, in nanoseconds since the epoch. What has been posted or
   * voided since is dropped on the way.
   */
  nextExpiry(): bigint | undefined {
    const { expiries, statuses } = this;
    while (expiries.count > 0 && statuses.get(expiries.firstPosition) !== PendingStatus.open)
      expiries.removeFirst();
    if (expiries.count === 0) return undefined;
    return BigInt(expiries.firstMicros) * 1000n + BigInt(expiries.firstNanos);
  }
}

import { AccountStore } from '../accounts/account-store.ts';
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
  readonly transfers = new TransferStore();
  readonly ids: TransferIds;
  readonly statuses = new PendingStatuses();
  readonly expiries = new Expiries();
  readonly history = new BalanceHistory();
  readonly timeline = new Timeline();
  readonly undo = new UndoLog(this);
  /** Batches applied; which of them checks of the state come after follows from it. */
  batches = 0;

  /** @param hashSeed 32 bits, for the hashes of ids; it changes no answer */
  constructor(hashSeed = 0) {
    this.accounts = new AccountStore(hashSeed);
    this.ids = new TransferIds(hashSeed);
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

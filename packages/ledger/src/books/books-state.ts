import { AccountCheckpoints } from '../accounts/account-checkpoints.ts';
import { AccountStore } from '../accounts/account-store.ts';
import type { PartStore } from '../parts/part-store.ts';
import { usualLoadedBytes } from '../parts/shelf.ts';
import { BalanceHistory } from '../transfers/balance-history.ts';
import { Expiries } from '../transfers/expiries.ts';
import { PendingStatus, PendingStatuses } from '../transfers/pending-statuses.ts';
import { TransferIds } from '../transfers/transfer-ids.ts';
import { TransferStore } from '../transfers/transfer-store.ts';
import { Timeline } from './timeline.ts';
import { UndoLog } from './undo-log.ts';

/** Sizes that change no answer; for simulations and tests, which have small ones. */
export interface BooksLimits {
  /** Ids that are alone, random ones, go to the disk once there are so many. */
  readonly idsInMemory?: number;
  /** Up to 65,536; the same on all replicas, for as long as their data lives. */
  readonly transfersPerChunk?: number;
  /** Of chunks of transfers in memory, when there is a disk; of other history, a part of it. */
  readonly loadedBytes?: number;
  /** Files of accounts with fewer bytes are not written anew. */
  readonly accountFileBytes?: number;
}

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
   */
  constructor(hashSeed = 0, parts: PartStore | null = null, limits: BooksLimits = {}) {
    const { idsInMemory, transfersPerChunk, accountFileBytes } = limits;
    const { loadedBytes = usualLoadedBytes } = limits;
    this.parts = parts;
    this.accounts = new AccountStore(hashSeed);
    this.accountParts = parts && new AccountCheckpoints(this.accounts, parts, accountFileBytes);
    this.transfers = new TransferStore(parts, transfersPerChunk, loadedBytes);
    this.ids = new TransferIds(
      hashSeed,
      parts,
      idsInMemory === undefined ? {} : { tableIds: idsInMemory },
    );
    this.statuses = new PendingStatuses(parts, transfersPerChunk, loadedBytes / 16);
    this.history = new BalanceHistory(parts, loadedBytes / 4);
    this.undo = new UndoLog(this);
  }

  /** Chunks that were read from the disk so far. */
  get reads(): number {
    return this.transfers.sealed.reads + this.history.full.reads;
  }

  /** Whether apply may have to read transfers, or statuses, from the disk. */
  get isSomeOnDisk(): boolean {
    return !this.transfers.sealed.areAllLoaded || !this.statuses.stored.areAllLoaded;
  }

  /** Lets go of what was read in advance. */
  dropGathered(): void {
    this.ids.gathered = null;
    this.transfers.gathered = null;
    this.statuses.gathered = null;
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

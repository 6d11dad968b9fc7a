import type { AccountStore } from '../accounts/account-store.ts';
import type { BalanceHistory } from '../transfers/balance-history.ts';
import type { Expiries } from '../transfers/expiries.ts';
import type { PendingStatus, PendingStatuses } from '../transfers/pending-statuses.ts';
import { LaneColumn } from '../transfers/transfer-chunk.ts';
import type { TransferIds } from '../transfers/transfer-ids.ts';
import type { TransferStore } from '../transfers/transfer-store.ts';

/** What a chain can change. */
interface Undoable {
  readonly accounts: AccountStore;
  readonly transfers: TransferStore;
  readonly ids: TransferIds;
  readonly statuses: PendingStatuses;
  readonly expiries: Expiries;
  readonly history: BalanceHistory;
}

interface AccountBefore {
  readonly slot: number;
  readonly balances: readonly bigint[];
  readonly flags: number;
  readonly lastTransfer: number;
}

/**
 * What the chain that is under way has changed, so that it can be taken back when one of its events
 * fails. What is easier added late than taken out again, the expiries, waits for the chain's end.
 */
export class UndoLog {
  readonly #state: Undoable;
  readonly #accounts: AccountBefore[] = [];
  readonly #statuses: { readonly position: number; readonly status: PendingStatus }[] = [];
  readonly #expiries: { micros: number; nanos: number; position: number }[] = [];
  #isOpen = false;
  #accountCount = 0;
  #transferCount = 0;
  #historyCount = 0;

  constructor(state: Undoable) {
    this.#state = state;
  }

  begin(): void {
    this.#isOpen = true;
    this.#accountCount = this.#state.accounts.count;
    this.#transferCount = this.#state.transfers.count;
    this.#historyCount = this.#state.history.count;
  }

  /** Before an account changes. */
  account(slot: number): void {
    if (!this.#isOpen) return;
    const { accounts } = this.#state;
    const balances = [0, 1, 2, 3].map((kind) => accounts.balance(slot, kind));
    const flags = accounts.flags(slot);
    this.#accounts.push({ slot, balances, flags, lastTransfer: accounts.lastTransfer(slot) });
  }

  status(position: number, status: PendingStatus): void {
    const { statuses } = this.#state;
    if (this.#isOpen) this.#statuses.push({ position, status: statuses.get(position) });
    statuses.set(position, status);
  }

  expiry(micros: number, nanos: number, position: number): void {
    if (this.#isOpen) this.#expiries.push({ micros, nanos, position });
    else this.#state.expiries.add(micros, nanos, position);
  }

  commit(): void {
    for (const { micros, nanos, position } of this.#expiries)
      this.#state.expiries.add(micros, nanos, position);
    this.#end();
  }

  rollback(): void {
    const { accounts, transfers, ids, statuses, history } = this.#state;
    const { open, openPosition } = transfers;
    for (let position = transfers.count - 1; position >= this.#transferCount; position--) {
      const row = position - openPosition;
      ids.removeNewest(
        open.lane(LaneColumn.id, row, 0) | 0,
        open.lane(LaneColumn.id, row, 1) | 0,
        open.lane(LaneColumn.id, row, 2) | 0,
        open.lane(LaneColumn.id, row, 3) | 0,
      );
    }
    transfers.truncate(this.#transferCount);
    for (const { position, status } of this.#statuses.reverse()) statuses.set(position, status);
    history.truncate(this.#historyCount);
    for (const { slot, balances, flags, lastTransfer } of this.#accounts.reverse()) {
      balances.forEach((balance, kind) => {
        accounts.setBalance(slot, kind, balance);
      });
      accounts.setFlags(slot, flags);
      accounts.setLastTransfer(slot, lastTransfer);
    }
    while (accounts.count > this.#accountCount) accounts.undoCreate();
    this.#end();
  }

  #end(): void {
    this.#isOpen = false;
    this.#accounts.length = 0;
    this.#statuses.length = 0;
    this.#expiries.length = 0;
  }
}

import {
  type Account,
  type AccountBalance,
  AccountBalancesScan,
  type AccountFilter,
  AccountTransfersScan,
  type LedgerMachine,
  LookupTransfersScan,
  lookupAccounts,
  QueryAccountsScan,
  type QueryFilter,
  QueryTransfersScan,
  type Scan,
  type Transfer,
} from '@quorate/ledger';

/** Where the accounts are that batches speak of, as of what has been applied here. */
export interface AccountSlots {
  /**
   * @param ids four lanes of 32 bits each, the lowest first
   * @param slots gets for each of the first `count` the place of the account in the order of
   *   creation; -1: there is none (yet)
   */
  findMany(ids: Uint32Array, count: number, slots: Int32Array): void;
}

/**
 * What is asked of the books, each time of those that there are now: another state takes their
 * place when a snapshot is restored.
 */
export interface ServedBooks {
  readonly accounts: AccountSlots;
  readonly accountCount: number;
  readonly transferCount: number;
  /** Keeps what a query reads; to be called at its end. */
  hold(): () => void;
  /** When the next pending transfer expires, in whole microseconds, rounded up; null: none will. */
  nextExpiryMicros(): number | null;
  lookupAccounts(ids: readonly bigint[]): readonly Account[];
  lookupTransfers(ids: readonly bigint[]): Scan<Transfer>;
  /** @throws LedgerError LEDGER_FIELD_INVALID; as those below */
  accountTransfers(filter: AccountFilter): Scan<Transfer>;
  accountBalances(filter: AccountFilter): Scan<AccountBalance>;
  queryAccounts(filter: QueryFilter): Scan<Account>;
  queryTransfers(filter: QueryFilter): Scan<Transfer>;
}

/** @returns the books of a machine, whichever they are at the time */
export function servedBooks(machine: Pick<LedgerMachine, 'books' | 'hold'>): ServedBooks {
  const state = () => machine.books.state;
  return {
    get accounts() {
      return state().accounts;
    },
    get accountCount() {
      return state().accounts.count;
    },
    get transferCount() {
      return state().transfers.count;
    },
    hold: () => machine.hold(),
    nextExpiryMicros: () => {
      const nanos = state().nextExpiry();
      return nanos === undefined ? null : Number((nanos + 999n) / 1000n);
    },
    lookupAccounts: (ids) => lookupAccounts(state(), ids),
    lookupTransfers: (ids) => new LookupTransfersScan(state(), ids),
    accountTransfers: (filter) => new AccountTransfersScan(state(), filter),
    accountBalances: (filter) => new AccountBalancesScan(state(), filter),
    queryAccounts: (filter) => new QueryAccountsScan(state(), filter),
    queryTransfers: (filter) => new QueryTransfersScan(state(), filter),
  };
}

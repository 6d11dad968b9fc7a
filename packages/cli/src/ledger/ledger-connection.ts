import type {
  Account,
  AccountBalance,
  AccountResultName,
  BatchResults,
  NewAccount,
  NewTransfer,
  Transfer,
  TransferResultName,
} from '@quorate/ledger';

/** What became of the events of one call; those that are not named were carried out. */
export interface CreateOutcome<Result extends string> {
  /** Of each event, in nanoseconds since the Unix epoch. */
  readonly timestampOf: (index: number) => bigint;
  readonly failures: readonly { readonly index: number; readonly result: Result }[];
}

/** What is asked for; what is left out asks for nothing. */
export interface RowFilter {
  readonly userData128?: bigint;
  readonly userData64?: bigint;
  readonly userData32?: number;
  readonly code?: number;
  /** Both are included. Nanoseconds since the Unix epoch. */
  readonly timestampMin?: bigint;
  readonly timestampMax?: bigint;
  /** 1 to 8190. */
  readonly limit?: number;
  /** The newest first. */
  readonly reversed?: boolean;
}

/** Transfers, or balances, of one account. */
export interface AccountRowFilter extends RowFilter {
  readonly accountId: bigint;
  readonly debits?: boolean;
  readonly credits?: boolean;
}

/** Accounts or transfers of one ledger, or of all. */
export interface QueryRowFilter extends RowFilter {
  readonly ledger?: number;
}

/** What the commands ask of a ledger; the client of `@quorate/client` is one. */
export interface LedgerConnection {
  createAccounts(accounts: readonly NewAccount[]): Promise<CreateOutcome<AccountResultName>>;
  createTransfers(transfers: readonly NewTransfer[]): Promise<CreateOutcome<TransferResultName>>;
  /** @param batch in columns, of a builder; nobody changes it any more */
  submitAccounts(batch: Uint8Array): Promise<BatchResults>;
  submitTransfers(batch: Uint8Array): Promise<BatchResults>;
  /** Fulfilled when there is room for another batch. */
  room(): Promise<void>;
  /** Those that there are, in the order of `ids`, of which there may be 8190. */
  lookupAccounts(ids: readonly bigint[]): Promise<readonly Account[]>;
  lookupTransfers(ids: readonly bigint[]): Promise<readonly Transfer[]>;
  accountTransfers(filter: AccountRowFilter): Promise<readonly Transfer[]>;
  accountBalances(filter: AccountRowFilter): Promise<readonly AccountBalance[]>;
  queryAccounts(filter: QueryRowFilter): Promise<readonly Account[]>;
  queryTransfers(filter: QueryRowFilter): Promise<readonly Transfer[]>;
  /** Of the cluster that the ledger is on. */
  clusterId(): Promise<bigint>;
  close(): Promise<void>;
}

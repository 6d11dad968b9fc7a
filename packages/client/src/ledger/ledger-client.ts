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
import type { ClientPorts } from '../client-ports.ts';
import type { ClientTls } from '../transport/client-tls.ts';

/** Endpoints are tried in turn, beginning with the one that answered last; one at least. */
export interface LedgerClientOptions {
  /** `host:port`, `http://host:port` or `https://host:port`; the first is by TLS with `tls`. */
  readonly endpoints: readonly string[];
  /** For endpoints with TLS; `http://` is refused beside it. */
  readonly tls?: ClientTls;
  /**
   * For one read, or one batch, retries included. Default 30,000; then reads of a client that has
   * never reached anybody give up earlier.
   */
  readonly timeoutMs?: number;
  /** Send batches to the leader, if it is among the endpoints. Default: yes. */
  readonly followLeader?: boolean;
  /**
   * Batches of `createAccounts` and `createTransfers` under way at a time: while there are so many,
   * what comes gathers in the next one. Default 8.
   */
  readonly pipelinedBatches?: number;
  /** Events that may wait before `room` waits; with twice as many calls reject. Default 262,144. */
  readonly maxQueuedEvents?: number;
  /** How long the cluster remembers this client when it is away. Default 60,000. */
  readonly sessionTtlMs?: number;
  /** Another transport, clock or timers; for tests. */
  readonly ports?: Partial<ClientPorts>;
}

/** An event that was not carried out. */
export interface EventFailure<Result extends string> {
  /** Of the event in its call, from 0. */
  readonly index: number;
  readonly result: Result;
}

/** What became of the events of one call; those that are not named were carried out. */
export interface CreateOutcome<Result extends string> {
  /** Of each event, in nanoseconds since the Unix epoch, failed ones included. */
  readonly timestampOf: (index: number) => bigint;
  /** In the order of their indexes. */
  readonly failures: readonly EventFailure<Result>[];
}

/** Where a read begins and ends. What is left out asks for nothing. */
export interface PageOptions {
  /** Both are included. Nanoseconds since the Unix epoch. */
  readonly timestampMin?: bigint;
  readonly timestampMax?: bigint;
  /** 1 to 8190, which it is when left out. */
  readonly limit?: number;
  /** The newest first. */
  readonly reversed?: boolean;
  /** Read what the server that is asked has, which may be behind. Default: all acknowledged. */
  readonly local?: boolean;
}

/** The transfers of one account. What is left out asks for nothing. */
export interface AccountFilter extends PageOptions {
  readonly accountId: bigint;
  readonly userData128?: bigint;
  readonly userData64?: bigint;
  readonly userData32?: number;
  readonly code?: number;
  /** Only those that debit it; only those that credit it. Both when both are left out. */
  readonly debits?: boolean;
  readonly credits?: boolean;
}

/** Accounts or transfers by what they say. What is left out asks for nothing. */
export interface QueryFilter extends PageOptions {
  readonly userData128?: bigint;
  readonly userData64?: bigint;
  readonly userData32?: number;
  readonly ledger?: number;
  readonly code?: number;
}

/** What one server knows of its ledger. */
export interface LedgerStatus {
  readonly node: bigint;
  readonly name: string;
  /** 0n while it knows none. */
  readonly leader: bigint;
  readonly term: number;
  readonly appliedIndex: number;
  readonly accounts: number;
  readonly transfers: number;
}

/**
 * Talks to a ledger.
 *
 * Each batch is carried out once: it is sent again, to another server if need be, until its answer
 * is there, under the number that it has in this client's session. A batch rejects with
 * CLIENT_OUTCOME_UNKNOWN when its time is over or the session has ended, as after a long absence:
 * then send the same ids again, and `exists` tells what had been carried out before.
 */
export interface LedgerClient extends AsyncDisposable {
  /**
   * Opens accounts. Calls that are made at the same time share batches, whole and in their order.
   *
   * @throws LedgerError LEDGER_FIELD_INVALID; ClientError CLIENT_BATCH_INVALID, CLIENT_LEDGER_BUSY,
   *   CLIENT_REFUSED, CLIENT_UNREACHABLE, CLIENT_OUTCOME_UNKNOWN, CLIENT_CLOSED
   */
  createAccounts(accounts: readonly NewAccount[]): Promise<CreateOutcome<AccountResultName>>;
  /** As `createAccounts`. A chain of linked transfers has to lie within one call. */
  createTransfers(transfers: readonly NewTransfer[]): Promise<CreateOutcome<TransferResultName>>;
  /**
   * Sends a batch as it is.
   *
   * @param batch of an `AccountBatchBuilder`; not changed by anyone any more
   */
  submitAccounts(batch: Uint8Array): Promise<BatchResults>;
  /** @param batch of a `TransferBatchBuilder`; not changed by anyone any more */
  submitTransfers(batch: Uint8Array): Promise<BatchResults>;
  /** Fulfilled when there is room for more: whoever waits for it before each call is held back. */
  room(): Promise<void>;
  /** Those that there are, in the order of `ids`, of which there may be 8190. */
  lookupAccounts(ids: readonly bigint[], options?: LookupOptions): Promise<Account[]>;
  lookupTransfers(ids: readonly bigint[], options?: LookupOptions): Promise<Transfer[]>;
  accountTransfers(filter: AccountFilter): Promise<Transfer[]>;
  /** Of an account with the flag `history`. */
  accountBalances(filter: AccountFilter): Promise<AccountBalance[]>;
  queryAccounts(filter?: QueryFilter): Promise<Account[]>;
  queryTransfers(filter?: QueryFilter): Promise<Transfer[]>;
  /** @param endpoint left out: whichever server answers */
  status(endpoint?: string): Promise<LedgerStatus>;
  /** Of the cluster that the ledger is on: no other one has it, unless it was founded alike. */
  clusterId(): Promise<bigint>;
  /** What has no answer yet rejects, with CLIENT_OUTCOME_UNKNOWN where it was sent. Idempotent. */
  close(): Promise<void>;
}

/** `local`: read what the server that is asked has, which may be behind. */
export type LookupOptions = Pick<PageOptions, 'local'>;

import { randomBytes } from 'node:crypto';
import { assert } from '@quorate/base';
import {
  type Account,
  type AccountBalance,
  AccountBatchBuilder,
  type AccountResultName,
  accountResultName,
  type BatchResults,
  decodeResults,
  type NewAccount,
  type NewTransfer,
  type Transfer,
  TransferBatchBuilder,
  type TransferResultName,
  transferResultName,
} from '@quorate/ledger';
import { Caller } from '../calls/caller.ts';
import { Endpoints } from '../calls/endpoints.ts';
import { ClientError } from '../client-error.ts';
import { type ClientPorts, withDefaultPorts } from '../client-ports.ts';
import { parseEndpoint } from '../transport/endpoint-address.ts';
import { BatchSession } from './batch-session.ts';
import { EventBatcher } from './event-batcher.ts';
import type {
  AccountFilter,
  CreateOutcome,
  LedgerClient,
  LedgerClientOptions,
  LedgerStatus,
  LookupOptions,
  QueryFilter,
} from './ledger-client.ts';
import { LedgerQueries } from './ledger-queries.ts';

const defaults = {
  timeoutMs: 30_000,
  pipelinedBatches: 8,
  maxQueuedEvents: 262_144,
  sessionTtlMs: 60_000,
};
/** Batches in columns that may be without an answer before `room` waits. */
const submittedBatches = 32;
const nonceBytes = 16;

class ConnectedLedger implements LedgerClient {
  readonly #endpoints: Endpoints;
  readonly #caller: Caller;
  readonly #queries: LedgerQueries;
  readonly #session: BatchSession;
  readonly #accounts: EventBatcher<NewAccount, AccountResultName>;
  readonly #transfers: EventBatcher<NewTransfer, TransferResultName>;
  readonly #maxQueuedEvents: number;
  readonly #isSecure: boolean;
  #waiting: (() => void)[] = [];
  #isClosed = false;

  constructor(endpoints: Endpoints, ports: ClientPorts, options: LedgerClientOptions) {
    const { timeoutMs, sessionTtlMs, pipelinedBatches } = { ...defaults, ...options };
    this.#maxQueuedEvents = options.maxQueuedEvents ?? defaults.maxQueuedEvents;
    this.#isSecure = options.tls !== undefined;
    this.#endpoints = endpoints;
    const givesUpEarly = options.timeoutMs === undefined;
    this.#caller = new Caller({ endpoints, ports, timeoutMs, givesUpEarly, credentials: null });
    this.#queries = new LedgerQueries(this.#caller);
    const moved = (): void => this.#wake();
    this.#session = new BatchSession({
      context: { endpoints, ports, tokens: this.#caller.tokens },
      timeoutMs,
      ttlMs: sessionTtlMs,
      followLeader: options.followLeader !== false,
      nonce: () => randomBytes(nonceBytes),
      settled: moved,
    });
    const session = this.#session;
    this.#accounts = new EventBatcher({
      builder: new AccountBatchBuilder(),
      submit: (batch) => session.submit('accounts', batch),
      nameOf: accountResultName,
      pipelinedBatches,
      moved,
    });
    this.#transfers = new EventBatcher({
      builder: new TransferBatchBuilder(),
      submit: (batch) => session.submit('transfers', batch),
      nameOf: transferResultName,
      pipelinedBatches,
      moved,
    });
  }

  async createAccounts(accounts: readonly NewAccount[]): Promise<CreateOutcome<AccountResultName>> {
    this.#checkRoom();
    return this.#accounts.create(accounts);
  }

  async createTransfers(
    transfers: readonly NewTransfer[],
  ): Promise<CreateOutcome<TransferResultName>> {
    this.#checkRoom();
    return this.#transfers.create(transfers);
  }

  async submitAccounts(batch: Uint8Array): Promise<BatchResults> {
    this.#checkRoom();
    return decodeResults(await this.#session.submit('accounts', batch));
  }

  async submitTransfers(batch: Uint8Array): Promise<BatchResults> {
    this.#checkRoom();
    return decodeResults(await this.#session.submit('transfers', batch));
  }

  async room(): Promise<void> {
    while (!this.#isClosed && this.#fullness >= 1) {
      await new Promise<void>((fulfil) => this.#waiting.push(fulfil));
    }
  }

  lookupAccounts(ids: readonly bigint[], options: LookupOptions = {}): Promise<Account[]> {
    return this.#queries.lookupAccounts(ids, options);
  }

  lookupTransfers(ids: readonly bigint[], options: LookupOptions = {}): Promise<Transfer[]> {
    return this.#queries.lookupTransfers(ids, options);
  }

  accountTransfers(filter: AccountFilter): Promise<Transfer[]> {
    return this.#queries.accountTransfers(filter);
  }

  accountBalances(filter: AccountFilter): Promise<AccountBalance[]> {
    return this.#queries.accountBalances(filter);
  }

  queryAccounts(filter: QueryFilter = {}): Promise<Account[]> {
    return this.#queries.queryAccounts(filter);
  }

  queryTransfers(filter: QueryFilter = {}): Promise<Transfer[]> {
    return this.#queries.queryTransfers(filter);
  }

  async status(endpoint?: string): Promise<LedgerStatus> {
    const address = endpoint === undefined ? null : parseEndpoint(endpoint, this.#isSecure);
    return this.#queries.status(address);
  }

  async clusterId(): Promise<bigint> {
    return this.#queries.clusterId();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#accounts.close();
    this.#transfers.close();
    this.#wake();
    await this.#session.close();
    this.#caller.close();
    this.#endpoints.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** 1: `room` waits; 2: calls reject. */
  get #fullness(): number {
    const queued = this.#accounts.queuedEvents + this.#transfers.queuedEvents;
    return Math.max(queued / this.#maxQueuedEvents, this.#session.count / submittedBatches);
  }

  #checkRoom(): void {
    if (this.#fullness < 2) return;
    const queuedEvents = this.#accounts.queuedEvents + this.#transfers.queuedEvents;
    const batches = this.#session.count;
    const message =
      `${queuedEvents} events and ${batches} batches wait to be carried out: ` +
      'await room() before each call';
    throw new ClientError('CLIENT_LEDGER_BUSY', message, { queuedEvents, batches });
  }

  #wake(): void {
    if (this.#waiting.length === 0 || (!this.#isClosed && this.#fullness >= 1)) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const fulfil of waiting) fulfil();
  }
}

/**
 * Makes a client of a ledger; a connection is made when the first call needs one.
 *
 * @throws ClientError CLIENT_ENDPOINT_INVALID, CLIENT_TLS_INVALID
 */
export function connectLedger(options: LedgerClientOptions): LedgerClient {
  assert(options.endpoints.length > 0, 'a client has at least one endpoint');
  const ports = withDefaultPorts(options.ports ?? {}, options.tls ?? {});
  const isSecure = options.tls !== undefined;
  const addresses = options.endpoints.map((endpoint) => parseEndpoint(endpoint, isSecure));
  return new ConnectedLedger(new Endpoints(addresses, ports.transport), ports, options);
}

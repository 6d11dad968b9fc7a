import {
  type Account,
  AccountBatchBuilder,
  AccountColumns,
  accountResultName,
  type BatchResults,
  Books,
  type NewAccount,
  type NewTransfer,
  type Transfer,
  TransferBatchBuilder,
  TransferColumns,
  TransferFlag,
  transferResultName,
} from '@quorate/ledger';
import type {
  AccountRowFilter,
  LedgerConnection,
  QueryRowFilter,
  RowFilter,
} from '../../src/ledger/ledger-connection.ts';

type Balances = Pick<
  Account,
  'debitsPosted' | 'creditsPosted' | 'debitsPending' | 'creditsPending'
>;
type Writable<Row> = { -readonly [Name in keyof Row]: Row[Name] };

const firstMicros = Date.UTC(2026, 10, 23) * 1000;

/** Real books behind a connection without a network; answers wait where a test says so. */
export class FakeLedger implements LedgerConnection {
  readonly accounts: Writable<Account>[] = [];
  readonly transfers: Transfer[] = [];
  readonly #books = new Books();
  #micros = firstMicros;
  /** Of its cluster. */
  id = 0xabcn;
  /** Batches that were submitted. */
  submitted = 0;
  mostUnderWay = 0;
  #underWay = 0;
  /** Called before a batch is carried out, with its number from 1. */
  beforeBatch: (number: number) => Promise<void> | void = () => undefined;
  /** Called before a page is read. */
  beforeRead: () => void = () => undefined;

  async submitAccounts(batch: Uint8Array): Promise<BatchResults> {
    return this.#submit(() => this.#openAccounts(batch));
  }

  async submitTransfers(batch: Uint8Array): Promise<BatchResults> {
    return this.#submit(() => this.#carryOut(batch));
  }

  async createAccounts(accounts: readonly NewAccount[]) {
    const builder = new AccountBatchBuilder();
    for (const account of accounts) builder.add(account);
    return outcomeOf(await this.submitAccounts(builder.encode()), accountResultName);
  }

  async createTransfers(transfers: readonly NewTransfer[]) {
    const builder = new TransferBatchBuilder();
    for (const transfer of transfers) builder.add(transfer);
    return outcomeOf(await this.submitTransfers(builder.encode()), transferResultName);
  }

  room(): Promise<void> {
    return Promise.resolve();
  }

  async lookupAccounts(ids: readonly bigint[]) {
    return ids.flatMap((id) => this.accounts.find((account) => account.id === id) ?? []);
  }

  async lookupTransfers(ids: readonly bigint[]) {
    return ids.flatMap((id) => this.transfers.find((transfer) => transfer.id === id) ?? []);
  }

  async accountTransfers(filter: AccountRowFilter) {
    const { accountId } = filter;
    return this.#page(
      this.transfers.filter((one) => [one.debitAccountId, one.creditAccountId].includes(accountId)),
      filter,
    );
  }

  async accountBalances() {
    return [];
  }

  async queryAccounts(filter: QueryRowFilter) {
    return this.#page(this.accounts, filter);
  }

  async queryTransfers(filter: QueryRowFilter) {
    return this.#page(this.transfers, filter);
  }

  clusterId(): Promise<bigint> {
    return Promise.resolve(this.id);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #page<Row extends { readonly timestamp: bigint; readonly ledger: number }>(
    all: readonly Row[],
    filter: RowFilter & { readonly ledger?: number },
  ): readonly Row[] {
    this.beforeRead();
    const { timestampMin = 0n, timestampMax = 0n, limit = 8190, ledger = 0 } = filter;
    const rows = all.filter(
      (row) =>
        row.timestamp >= timestampMin &&
        (timestampMax === 0n || row.timestamp <= timestampMax) &&
        (ledger === 0 || row.ledger === ledger),
    );
    return (filter.reversed ? rows.toReversed() : rows).slice(0, limit);
  }

  async #submit(carryOut: () => BatchResults): Promise<BatchResults> {
    this.submitted += 1;
    this.#underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.#underWay);
    try {
      await this.beforeBatch(this.submitted);
      return carryOut();
    } finally {
      this.#underWay -= 1;
    }
  }

  #openAccounts(batch: Uint8Array): BatchResults {
    const columns = new AccountColumns();
    columns.parse(batch);
    this.#micros += 1000;
    const { count, timestamp, results } = this.#books.createAccounts(batch, this.#micros);
    for (let row = 0; row < count; row++) {
      if (results[row] !== 0) continue;
      this.accounts.push({
        ...{ debitsPending: 0n, debitsPosted: 0n, creditsPending: 0n, creditsPosted: 0n },
        ...{ userData128: 0n, userData64: 0n, userData32: 0, flags: 0 },
        ...columns.accountAt(row),
        timestamp: timestamp + BigInt(row),
      });
    }
    return resultsOf(count, timestamp, results);
  }

  #carryOut(batch: Uint8Array): BatchResults {
    const columns = new TransferColumns();
    columns.parse(batch, { allowSlots: false });
    this.#micros += 1000;
    const { count, timestamp, results } = this.#books.createTransfers(batch, this.#micros);
    for (let row = 0; row < count; row++) {
      if (results[row] !== 0) continue;
      this.#keep({
        ...{ pendingId: 0n, userData128: 0n, userData64: 0n, userData32: 0, timeout: 0, flags: 0 },
        ...columns.transferAt(row),
        timestamp: timestamp + BigInt(row),
      });
    }
    return resultsOf(count, timestamp, results);
  }

  /** Posts and voids are not followed up: these balances are those of plain transfers. */
  #keep(transfer: Transfer): void {
    this.transfers.push(transfer);
    const isPending = (transfer.flags & TransferFlag.pending) !== 0;
    const add = (id: bigint, name: keyof Balances) => {
      const account = this.accounts.find((one) => one.id === id);
      if (account !== undefined) account[name] += transfer.amount;
    };
    add(transfer.debitAccountId, isPending ? 'debitsPending' : 'debitsPosted');
    add(transfer.creditAccountId, isPending ? 'creditsPending' : 'creditsPosted');
  }
}

function resultsOf(count: number, timestamp: bigint, results: Uint8Array): BatchResults {
  const failures = [...results.subarray(0, count)]
    .map((result, index) => ({ index, result }))
    .filter(({ result }) => result !== 0);
  return { count, timestamp, failures };
}

function outcomeOf<Result extends string>(
  { failures, timestamp }: BatchResults,
  nameOf: (result: number) => Result | undefined,
) {
  return {
    failures: failures.flatMap(({ index, result }) => {
      const name = nameOf(result);
      return name === undefined ? [] : [{ index, result: name }];
    }),
    timestampOf: (index: number) => timestamp + BigInt(index),
  };
}

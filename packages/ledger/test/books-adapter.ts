import { Books } from '../src/books/books.ts';
import { AccountBatchBuilder } from '../src/columns/account-batch-builder.ts';
import { TransferBatchBuilder } from '../src/columns/transfer-batch-builder.ts';
import type { Account, AccountBalance } from '../src/model/account.ts';
import type { Transfer } from '../src/model/transfer.ts';
import { positionOf, transferAt } from '../src/queries/read-transfer.ts';
import { Side } from '../src/transfers/transfer-store.ts';
import { accountFields, batchBytes, columnsOf, transferFields } from './columns/batches.ts';
import { withSlots } from './columns/slots-in-batch.ts';
import { writeLanes } from './lanes-of.ts';
import type {
  AccountEvent,
  BooksUnderTest,
  Outcome,
  TransferEvent,
} from './oracle/books-under-test.ts';

const refusedFields = [
  'timestamp',
  'debitsPending',
  'debitsPosted',
  'creditsPending',
  'creditsPosted',
] as const;
const allAccountFields = [
  ...accountFields,
  ...refusedFields.map((field) => [field, field === 'timestamp' ? 8 : 16] as const),
];
const allTransferFields = [...transferFields, ['timestamp', 8] as const];

/** The engine behind the interface that cases and comparisons want: by way of its batches. */
export class BooksAdapter implements BooksUnderTest {
  books: Books;
  /** Asked for each batch of transfers: whether it names accounts by their slots, as logs do. */
  namesSlots: () => boolean = () => false;
  readonly #accounts = new AccountBatchBuilder();
  readonly #transfers = new TransferBatchBuilder();

  constructor(books = new Books()) {
    this.books = books;
  }

  createAccounts(events: readonly AccountEvent[], timestampMicros: number): Outcome {
    const outcome = this.books.createAccounts(this.#accountBatch(events), timestampMicros);
    return { timestamp: outcome.timestamp, results: [...outcome.results] };
  }

  createTransfers(events: readonly TransferEvent[], timestampMicros: number): Outcome {
    const batch = this.#transferBatch(events);
    const logged = this.namesSlots() ? withSlots(batch, this.books.state.accounts) : batch;
    const outcome = this.books.createTransfers(logged, timestampMicros);
    return { timestamp: outcome.timestamp, results: [...outcome.results] };
  }

  pulse(timestampMicros: number): Outcome {
    return { timestamp: this.books.pulse(timestampMicros), results: [] };
  }

  account(id: bigint): Account | undefined {
    const slot = this.#slotOf(id);
    return slot < 0 ? undefined : this.books.state.accounts.accountAt(slot);
  }

  transfer(id: bigint): Transfer | undefined {
    const position = positionOf(this.books.state, id);
    return position < 0 ? undefined : transferAt(this.books.state, position);
  }

  balancesOf(id: bigint, newest = Number.POSITIVE_INFINITY): readonly AccountBalance[] {
    const { history } = this.books.state;
    const rows: AccountBalance[] = [];
    let record = history.newestOf(this.#slotOf(id));
    for (; record >= 0 && rows.length < newest; record = history.before(record))
      rows.push(history.balanceAt(record));
    return rows.reverse();
  }

  accountTransfers(id: bigint): readonly Transfer[] {
    const { state } = this.books;
    const slot = this.#slotOf(id);
    const found: Transfer[] = [];
    let position = slot < 0 ? -1 : state.accounts.lastTransfer(slot);
    while (position >= 0) {
      const transfer = transferAt(state, position);
      found.push(transfer);
      const side = transfer.debitAccountId === id ? Side.debit : Side.credit;
      position = state.transfers.previous(position, side);
    }
    return found.reverse();
  }

  accounts(): readonly Account[] {
    const { accounts } = this.books.state;
    return Array.from({ length: accounts.count }, (_, slot) => accounts.accountAt(slot));
  }

  transfers(): readonly Transfer[] {
    const { state } = this.books;
    return Array.from({ length: state.transfers.count }, (_, at) => transferAt(state, at));
  }

  nextExpiry(): bigint | undefined {
    const { state } = this.books;
    return state.nextExpiry();
  }

  #accountBatch(events: readonly AccountEvent[]): Uint8Array {
    if (events.some((event) => refusedFields.some((field) => event[field] !== undefined)))
      return batchBytes(2, events.length, columnsOf(allAccountFields, events));
    this.#accounts.clear();
    for (const event of events) this.#accounts.add(event);
    return this.#accounts.encode();
  }

  #transferBatch(events: readonly TransferEvent[]): Uint8Array {
    if (events.some(({ timestamp }) => timestamp !== undefined))
      return batchBytes(1, events.length, columnsOf(allTransferFields, events));
    this.#transfers.clear();
    for (const event of events) this.#transfers.add(event);
    return this.#transfers.encode();
  }

  #slotOf(id: bigint): number {
    return this.books.state.accounts.find(writeLanes(id), 0);
  }
}

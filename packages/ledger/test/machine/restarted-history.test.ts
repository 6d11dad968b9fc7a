import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { LedgerMachine } from '../../src/machine/ledger-machine.ts';
import { AccountFlag } from '../../src/model/account.ts';
import { chunkRecords } from '../../src/transfers/history-chunk.ts';
import { BooksAdapter } from '../books-adapter.ts';
import { PartsDisk } from '../parts/parts-disk.ts';
import { drawn, restore } from './checkpointed-books.ts';

const accountCount = 1500;
/** Less than a chunk of history has, so that none stays in memory. */
const limits = { loadedBytes: 100_000 };

/** A node whose accounts all have history. */
class HistoryNode {
  readonly machine = new LedgerMachine({ limits });
  readonly books: BooksAdapter;

  constructor(disk: PartsDisk, checkpoint: readonly Uint8Array[] | null) {
    this.machine.checkpoints.open(disk.place());
    if (checkpoint !== null) restore(this.machine, checkpoint);
    this.books = new BooksAdapter(this.machine.books);
  }

  get history() {
    return this.machine.books.state.history;
  }

  /** Where each record jumps to, found from the newest ones: what queries go by. */
  shape(): number[] {
    const { history } = this;
    return Array.from({ length: 20 }, (_, at) => {
      const newest = history.newestOf((at * accountCount) / 20);
      const middle = history.atOrdinal(newest, history.ordinalOf(newest) >> 1);
      return history.ordinalOf(newest) * 1e9 + middle;
    });
  }
}

function moves(prng: Prng, first: number, count: number) {
  return Array.from({ length: count }, (_, at) => {
    const debit = prng.below(accountCount);
    const credit = (debit + 1 + prng.below(accountCount - 1)) % accountCount;
    const accounts = { debitAccountId: BigInt(debit + 1), creditAccountId: BigInt(credit + 1) };
    return { id: BigInt(first + at), ...accounts, amount: 1n, ledger: 1, code: 1 };
  });
}

test('after a start, records are added to long histories without reading chunks of them', () => {
  const prng = new Prng(1);
  const disk = new PartsDisk(1);
  const node = new HistoryNode(disk, null);
  const accounts = Array.from({ length: accountCount }, (_, at) => at + 1).map((id) => {
    return { id: BigInt(id), ledger: 1, code: 1, flags: AccountFlag.history };
  });
  let micros = 1;
  node.books.createAccounts(accounts, micros++);
  let next = 1;
  for (; node.history.count < 4 * chunkRecords; next += 4000)
    node.books.createTransfers(moves(prng, next, 4000), micros++);
  const checkpoint = node.machine.checkpoints.take(1);
  const chunks = drawn(checkpoint);
  checkpoint.persist((error) => assert.equal(error, null));
  disk.settle();
  node.machine.checkpoints.collect(1);
  node.machine.checkpoints.close(() => undefined);
  disk.settle();

  const other = new HistoryNode(disk, chunks);
  const whole = other.history.full.reads;
  for (let batch = 0; batch < 3; batch++, next += 4000) {
    const more = moves(prng, next, 4000);
    const { results } = other.books.createTransfers(more, micros++);
    assert.ok(results.every((result) => result === 0));
  }
  assert.equal(other.history.full.reads, whole);

  // A node that has applied all of it, and never started again.
  const same = new HistoryNode(new PartsDisk(2), null);
  const again = new Prng(1);
  let moment = 1;
  same.books.createAccounts(accounts, moment++);
  for (let first = 1; first < next; first += 4000)
    same.books.createTransfers(moves(again, first, 4000), moment++);
  assert.deepEqual(other.shape(), same.shape());
});

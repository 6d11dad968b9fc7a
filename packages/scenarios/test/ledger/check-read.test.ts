import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AccountBatchBuilder, Books, TransferBatchBuilder } from '@quorate/ledger';
import { BooksModel } from '../../src/ledger/books-model.ts';
import { checkRead } from '../../src/ledger/check-read.ts';

const accounts = [1n, 2n].map((id) => ({ id, ledger: 1, code: 1, userData32: 1 }));
const transfer = {
  id: 9n,
  debitAccountId: 1n,
  creditAccountId: 2n,
  amount: 5n,
  ledger: 1,
  code: 1,
};

/** Books and a model of two accounts and a transfer. */
function bothOf(amount: bigint): { books: Books; model: BooksModel } {
  const books = new Books();
  const model = new BooksModel();
  const opening = new AccountBatchBuilder();
  for (const account of accounts) opening.add(account);
  books.createAccounts(opening.encode(), 1000);
  model.apply({ kind: 'accounts', events: accounts }, 1000);
  const moving = new TransferBatchBuilder();
  moving.add({ ...transfer, amount });
  books.createTransfers(moving.encode(), 2000);
  model.apply({ kind: 'transfers', events: [transfer] }, 2000);
  return { books, model };
}

describe('a linearizable read', () => {
  it('is in order when it sees what was told before', () => {
    const { books, model } = bothOf(5n);
    checkRead(books.state, model, { timestamp: 2_000_000n, transfers: [transfer] }, 1);
  });

  it('is not in order when something newer was told before', () => {
    const { books, model } = bothOf(5n);
    const seen = { timestamp: 2_000_001n, transfers: [] };
    assert.throws(() => checkRead(books.state, model, seen, 1), {
      invariant: 'reads see what was told',
    });
  });

  it('is not in order when a transfer is not there, or is another', () => {
    const { books, model } = bothOf(5n);
    for (const other of [
      { ...transfer, id: 10n },
      { ...transfer, amount: 4n },
    ]) {
      const seen = { timestamp: 0n, transfers: [other] };
      assert.throws(() => checkRead(books.state, model, seen, 1), {
        invariant: 'acknowledged transfers are kept',
      });
    }
  });

  it('is not in order when the balances are others', () => {
    const { books, model } = bothOf(4n);
    const seen = { timestamp: 0n, transfers: [] };
    assert.throws(() => checkRead(books.state, model, seen, 1), {
      invariant: 'books as the model has them',
    });
  });
});

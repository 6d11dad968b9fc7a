import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransferFlag } from '../../src/model/transfer.ts';
import { TransferResult } from '../../src/model/transfer-results.ts';
import { chunkRows } from '../../src/transfers/transfer-chunk.ts';
import { BooksAdapter } from '../books-adapter.ts';
import type { TransferEvent } from '../oracle/books-under-test.ts';

const accounts = [1n, 2n].map((id) => ({ id, ledger: 1, code: 1 }));
const { ok, exists, existsWithDifferentAmount } = TransferResult;
const rowsLeft = 3;
const batchEvents = 8000;
let micros = 1_700_000_000_000_000;

function move(id: number, amount: bigint, flags = 0): TransferEvent {
  const accountIds = { debitAccountId: 1n, creditAccountId: 2n };
  return { id: BigInt(id), ...accountIds, amount, ledger: 1, code: 1, flags };
}

/** Books whose open chunk has room for `rowsLeft` more. */
function nearlyFull(): BooksAdapter {
  const books = new BooksAdapter();
  books.createAccounts(accounts, micros++);
  for (let from = 1; from <= chunkRows - rowsLeft; from += batchEvents) {
    const length = Math.min(batchEvents, chunkRows - rowsLeft + 1 - from);
    books.createTransfers(
      Array.from({ length }, (_, i) => move(from + i, 1n)),
      micros++,
    );
  }
  assert.equal(books.transfers().length, chunkRows - rowsLeft);
  return books;
}

test('a batch that goes beyond a chunk finds what it has carried out itself', () => {
  const books = nearlyFull();
  const [first, pending] = [1_000_000, 1_000_009];
  const before = [0, 1, 2, 3, 4].map((i) => move(first + i, BigInt(10 + i)));
  const reserved = { ...move(pending, 500n, TransferFlag.pending), userData64: 7n };
  const post = {
    ...move(pending + 1, 0n, TransferFlag.postPendingTransfer),
    pendingId: BigInt(pending),
  };
  const again = [move(first + 4, 14n), move(first + 4, 15n), reserved, post];
  const { results } = books.createTransfers([...before, reserved, post, ...again], micros++);
  const made = [...before, reserved, post].map(() => ok);
  assert.deepEqual(results, [...made, exists, existsWithDifferentAmount, exists, exists]);
  const posted = books.transfer(BigInt(pending + 1));
  assert.deepEqual([posted?.amount, posted?.userData64], [500n, 7n]);
  const sum = BigInt(chunkRows - rowsLeft) + 60n + 500n;
  const debit = books.account(1n);
  assert.deepEqual([debit?.debitsPending, debit?.debitsPosted], [0n, sum]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransferFlag } from '../../src/model/transfer.ts';
import type { BooksUnderTest } from '../oracle/books-under-test.ts';
import { account, transfer } from './ledger-case.ts';

/** Tests of the times of events, of the books that `makeBooks` makes. */
export function testTimestamps(makeBooks: () => BooksUnderTest): void {
  test('an event has the time of its entry in nanoseconds, and its place in the batch', () => {
    const books = makeBooks();
    const outcome = books.createAccounts([account(1n), account(0n), account(2n)], 5);
    assert.equal(outcome.timestamp, 5000n);
    assert.equal(books.account(1n)?.timestamp, 5000n);
    assert.equal(books.account(2n)?.timestamp, 5002n);
    assert.equal(books.createTransfers([transfer(1n)], 6).timestamp, 6000n);
    assert.equal(books.transfer(1n)?.timestamp, 6000n);
  });

  test('an entry that comes sooner than the batch before it lasted begins after that', () => {
    const books = makeBooks();
    books.createAccounts([account(1n), account(2n)], 1);
    const many = Array.from({ length: 2500 }, (_, i) => transfer(BigInt(i + 1)));
    assert.equal(books.createTransfers(many, 2).timestamp, 2000n);
    assert.equal(books.createTransfers([transfer(9000n)], 3).timestamp, 4500n);
    assert.equal(books.createTransfers([transfer(9001n)], 4).timestamp, 4501n);
    assert.equal(books.createTransfers([transfer(9002n)], 5).timestamp, 5000n);
  });

  test('events that failed have used their times, and an entry without events uses none', () => {
    const books = makeBooks();
    const wrong = Array.from({ length: 1500 }, () => account(0n));
    assert.equal(books.createAccounts(wrong, 1).timestamp, 1000n);
    assert.equal(books.pulse(2).timestamp, 2500n);
    assert.equal(books.createAccounts([account(1n)], 2).timestamp, 2500n);
  });

  test('expiries use times of their own, before those of the events', () => {
    const books = makeBooks();
    books.createAccounts([account(1n), account(2n)], 1);
    const pending = { flags: TransferFlag.pending, timeout: 1 };
    books.createTransfers([transfer(1n, pending), transfer(2n, pending)], 2);
    const later = 2_000_000;
    assert.equal(books.pulse(later).timestamp, 2_000_000_002n);
    assert.equal(books.createTransfers([transfer(3n)], later + 1).timestamp, 2_000_001_000n);
  });

  test('what expires while the events of an entry pass is still pending for them', () => {
    const books = makeBooks();
    books.createAccounts([account(1n), account(2n)], 1);
    const pending = { flags: TransferFlag.pending, timeout: 1 };
    books.createTransfers([transfer(1n, pending)], 2);
    const filler = Array.from({ length: 1500 }, () => transfer(0n));
    const post = { ...transfer(3n), flags: TransferFlag.postPendingTransfer, pendingId: 1n };
    const { timestamp, results } = books.createTransfers([...filler, post], 1_000_001);
    assert.equal(timestamp, 1_000_001_000n);
    assert.equal(results.at(-1), 0);
    assert.ok((books.transfer(3n)?.timestamp ?? 0n) > 1_000_002_000n);
  });
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AccountFlag } from '../../src/model/account.ts';
import { AccountBalancesScan } from '../../src/queries/account-balances-scan.ts';
import { balanceAt } from '../../src/queries/balance-at.ts';
import { QueryAccountsScan } from '../../src/queries/query-accounts-scan.ts';
import { finish } from '../../src/queries/scan.ts';
import { TotalsScan, totals } from '../../src/queries/totals-scan.ts';
import { BooksAdapter } from '../books-adapter.ts';
import { naiveTotals } from './naive-queries.ts';
import { sameResults } from './same-results.ts';

const accounts = 40_000;
const soughtCode = 7;

/** Of 40,000 accounts in two ledgers each 400th, from the 400th on, has the sought code. */
function manyAccounts(): BooksAdapter {
  const books = new BooksAdapter();
  const events = Array.from({ length: accounts }, (_, i) => ({
    id: BigInt(i + 1),
    ledger: 1 + (i % 2),
    code: (i + 1) % 400 === 0 ? soughtCode : 1,
  }));
  for (let from = 0; from < accounts; from += 8000)
    books.createAccounts(events.slice(from, from + 8000), 1_700_000_000_000_000 + from);
  return books;
}

let micros = 1_800_000_000_000_000;
let nextId = 1n;

function move(
  books: BooksAdapter,
  debitAccountId: bigint,
  creditAccountId: bigint,
  amount = 2n ** 60n,
): void {
  const accountIds = { debitAccountId, creditAccountId };
  const event = { id: nextId++, ...accountIds, amount, ledger: 2, code: 1 };
  assert.deepEqual(books.createTransfers([event], micros++).results, [0]);
}

describe('a scan of many accounts', () => {
  test('gives balances of one moment, whatever happens between its turns', () => {
    const books = manyAccounts();
    const scan = new QueryAccountsScan(books.books.state, { code: soughtCode, reversed: true });
    move(books, 400n, 40_000n);
    assert.equal(scan.advance(), false);
    move(books, 40_000n, 800n);
    const found = finish(scan);
    assert.equal(found.length, 100);
    assert.deepEqual([found[0]?.id, found[99]?.id], [40_000n, 400n]);
    const debits = found.reduce((sum, { debitsPosted }) => sum + debitsPosted, 0n);
    const credits = found.reduce((sum, { creditsPosted }) => sum + creditsPosted, 0n);
    assert.deepEqual([debits, credits], [2n ** 61n, 2n ** 61n]);
  });

  test('does not find accounts that are opened meanwhile', () => {
    const books = manyAccounts();
    const scan = new QueryAccountsScan(books.books.state, { code: soughtCode });
    assert.equal(scan.advance(), false);
    books.createAccounts([{ id: 99_999n, ledger: 1, code: soughtCode }], micros++);
    assert.equal(finish(scan).length, 100);
  });

  test('looks at all bits of user data', () => {
    const books = new BooksAdapter();
    const data = [5n, 5n + (1n << 32n), 5n + (1n << 63n), 5n + (1n << 64n), 5n + (1n << 127n)];
    const events = data.map((userData128, i) => {
      const userData64 = userData128 & (2n ** 64n - 1n);
      return { id: BigInt(i + 1), ledger: 1, code: 65_535, userData128, userData64 };
    });
    books.createAccounts(events, micros++);
    const { state } = books.books;
    for (const { id, userData128, userData64 } of events) {
      const found = finish(new QueryAccountsScan(state, { userData128 }));
      assert.deepEqual(
        found.map((account) => account.id),
        [id],
      );
      const alike = events.filter((event) => event.userData64 === userData64).length;
      assert.equal(finish(new QueryAccountsScan(state, { userData64 })).length, alike);
    }
  });

  test('adds up all ledgers as they were when it was made', () => {
    const books = manyAccounts();
    move(books, 2n, 40_000n);
    const scan = new TotalsScan(books.books.state);
    const wanted = naiveTotals(books.accounts());
    assert.equal(scan.advance(), false);
    for (const [debit, credit] of [
      [2n, 40_000n],
      [40_000n, 39_998n],
      [39_000n, 4n],
    ] as const)
      move(books, debit, credit);
    move(books, 36_000n, 38_000n, 5n);
    assert.equal(scan.advance(), false);
    assert.deepEqual(finish(scan), wanted);
    const later = totals(books.books.state);
    assert.deepEqual(later, naiveTotals(books.accounts()));
    assert.equal(later[1]?.debitsPosted, 4n * 2n ** 60n + 5n);
  });

  test('that adds up can be given up', () => {
    const scan = new TotalsScan(manyAccounts().books.state);
    assert.equal(scan.advance(), false);
    scan.close();
    assert.equal(scan.advance(), true);
    assert.deepEqual(scan.results, []);
  });
});

describe('the history of an account with many transfers', () => {
  const books = new BooksAdapter();
  const { history } = AccountFlag;
  books.createAccounts(
    [
      { id: 1n, ledger: 2, code: 1, flags: history },
      { id: 2n, ledger: 2, code: 1 },
      { id: 3n, ledger: 2, code: 1, flags: history },
    ],
    micros++,
  );
  for (let i = 0; i < 3000; i++) move(books, ...((i % 3 === 0 ? [1n, 3n] : [2n, 1n]) as Pair));
  const rows = books.balancesOf(1n);
  const { state } = books.books;

  test('says what the balances were at each moment', () => {
    assert.equal(rows.length, 3000);
    for (const [i, row] of rows.entries()) {
      assert.deepEqual(balanceAt(state, 1n, row.timestamp), row);
      const before = balanceAt(state, 1n, row.timestamp - 1n);
      if (i > 0) assert.deepEqual(before, rows[i - 1]);
      else assert.equal(before?.creditsPosted, 0n);
    }
    assert.deepEqual(balanceAt(state, 3n, 2n ** 64n - 2n), books.balancesOf(3n).at(-1));
    assert.equal(balanceAt(state, 2n, 2n ** 64n - 1n), undefined);
  });

  test('is found from any moment on, in both directions', () => {
    for (let from = 0; from < 3000; from += 251) {
      const timestampMin = rows[from]?.timestamp ?? 0n;
      const filter = { accountId: 1n, timestampMin, limit: 700 };
      assert.deepEqual(
        finish(new AccountBalancesScan(state, filter)),
        rows.slice(from, from + 700),
      );
      const until = { accountId: 1n, timestampMax: timestampMin, limit: 700, reversed: true };
      const wanted = rows.slice(Math.max(0, from - 699), from + 1).reverse();
      sameResults(finish(new AccountBalancesScan(state, until)), wanted, until);
    }
  });

  test('is as it was when the scan began', () => {
    const own = new BooksAdapter();
    own.createAccounts(
      [
        { id: 1n, ledger: 2, code: 1, flags: history },
        { id: 2n, ledger: 2, code: 1 },
      ],
      micros++,
    );
    for (let i = 0; i < 600; i++) move(own, 1n, 2n);
    const scan = new AccountBalancesScan(own.books.state, { accountId: 1n, reversed: true });
    const wanted = [...own.balancesOf(1n)].reverse();
    assert.equal(scan.advance(), false);
    move(own, 1n, 2n);
    sameResults(finish(scan), wanted, {});
  });
});

type Pair = [bigint, bigint];

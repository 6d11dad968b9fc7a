import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Prng } from '@quorate/base';
import type { BooksState } from '../../src/books/books-state.ts';
import { AccountFlag } from '../../src/model/account.ts';
import { AccountBalancesScan } from '../../src/queries/account-balances-scan.ts';
import { AccountTransfersScan } from '../../src/queries/account-transfers-scan.ts';
import { LookupTransfersScan } from '../../src/queries/lookup.ts';
import { QueryTransfersScan } from '../../src/queries/query-transfers-scan.ts';
import type { Scan } from '../../src/queries/scan.ts';
import { BooksAdapter } from '../books-adapter.ts';
import { GatheringBooks, tightLimits } from '../gathering/gathering-books.ts';

const accounts = 40;
const transfers = 6400;
const chunks = transfers / tightLimits.transfersPerChunk;

/** Transfers 1 to `transfers`, the debited account drawn, of which nearly all are on the disk. */
function filled(books = new GatheringBooks(3)): BooksAdapter {
  const prng = new Prng(11);
  const adapter = new BooksAdapter(books);
  const ids = Array.from({ length: accounts }, (_, at) => BigInt(at + 1));
  adapter.createAccounts(
    ids.map((id) => ({ id, ledger: 1, code: 1, flags: AccountFlag.history })),
    1,
  );
  for (let at = 1; at <= transfers; at += 100) {
    const events = Array.from({ length: 100 }, (_, more) => ({
      id: BigInt(at + more),
      debitAccountId: BigInt(prng.between(2, accounts)),
      creditAccountId: 1n,
      amount: BigInt(at + more),
      ledger: 1,
      code: 1 + ((at + more) % 3),
    }));
    const { results } = adapter.createTransfers(events, 10 + at);
    assert.ok(results.every((result) => result === 0));
  }
  return adapter;
}

/** Carries a scan out; no piece of it reads more than `most` chunks. */
function drawn<Result>(state: BooksState, scan: Scan<Result>, most: number) {
  let [before, isWhole] = [state.reads, false];
  const first = before;
  while (!isWhole) {
    isWhole = scan.advance();
    assert.ok(state.reads - before <= most, `a piece has read ${state.reads - before} chunks`);
    before = state.reads;
  }
  return { results: scan.results, reads: state.reads - first };
}

describe('queries of what is on the disk', () => {
  const adapter = filled();
  const { state } = adapter.books;

  test('look many ids up in the order asked, and read each chunk once, one in a piece', () => {
    const ids = new Prng(5).shuffle(Array.from({ length: transfers }, (_, at) => BigInt(at + 1)));
    const asked = [...ids.slice(0, 3000), 999_999n, ids[0] as bigint, ...ids.slice(3000, 5000)];
    const { results, reads } = drawn(state, new LookupTransfersScan(state, asked), 1);
    assert.deepEqual(
      results.map(({ id, amount }) => [id, amount]),
      asked.filter((id) => id !== 999_999n).map((id) => [id, id]),
    );
    assert.ok(reads <= chunks, `${reads} reads of ${chunks} chunks`);
  });

  test('do not push out what others need, where they want little of each chunk', () => {
    const bytes = state.transfers.sealed.placeOf(0)?.length ?? 0;
    const own = filled(new GatheringBooks(3, { ...tightLimits, loadedBytes: bytes * 40 }));
    const { state: ownState } = own.books;
    const { sealed } = ownState.transfers;
    const inMemory = Array.from({ length: sealed.count }, (_, at) => at).filter(
      (at) => !ownState.transfers.isOnDisk(at * tightLimits.transfersPerChunk),
    );
    assert.ok(
      inMemory.length > 10 && inMemory.length < chunks / 2,
      `${inMemory.length} of ${chunks}`,
    );
    const ids = Array.from({ length: chunks }, (_, at) => BigInt(at * 32 + 1));
    drawn(ownState, new LookupTransfersScan(ownState, ids), 1);
    for (const at of inMemory)
      assert.ok(!ownState.transfers.isOnDisk(at * tightLimits.transfersPerChunk));
  });

  test('look two ids up in a chunk that others may ask for next', () => {
    assert.equal(drawn(state, new LookupTransfersScan(state, [40n, 41n]), 1).reads, 1);
    assert.equal(drawn(state, new LookupTransfersScan(state, [45n]), 1).reads, 0);
  });

  test('follow and search the transfers of an account a chunk in a piece', () => {
    for (const reversed of [false, true]) {
      for (const accountId of [1n, 7n]) {
        const scan = new AccountTransfersScan(state, { accountId, reversed });
        const found = drawn(state, scan, 1).results.map(({ id }) => id);
        const wanted = adapter.accountTransfers(accountId).map(({ id }) => id);
        assert.deepEqual(found, reversed ? wanted.reverse() : wanted);
      }
    }
  });

  test('search all transfers a chunk in a piece', () => {
    for (const code of [2, 9]) {
      const found = drawn(state, new QueryTransfersScan(state, { code }), 1).results;
      assert.equal(found.length, code === 2 ? 2134 : 0);
    }
  });

  test('look for the transfers of balances, and are done a few chunks at a time', () => {
    const filter = { accountId: 7n, code: 2 };
    const { results } = drawn(state, new AccountBalancesScan(state, filter), 20);
    const wanted = adapter.accountTransfers(7n).filter(({ code }) => code === 2);
    assert.deepEqual(
      results.map(({ timestamp }) => timestamp),
      wanted.map(({ timestamp }) => timestamp),
    );
  });
});

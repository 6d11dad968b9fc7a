import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { Prng } from '@quorate/base';
import type { BooksState } from '../../src/books/books-state.ts';
import { AccountTransfersScan } from '../../src/queries/account-transfers-scan.ts';
import { QueryTransfersScan } from '../../src/queries/query-transfers-scan.ts';
import { finish, type Scan } from '../../src/queries/scan.ts';
import { chunkRows } from '../../src/transfers/transfer-chunk.ts';
import { FilterSource } from './filter-source.ts';
import { coldAccounts, hotAccount, ManyTransfers } from './many-transfers.ts';
import { naiveAccountTransfers, naiveQuery } from './naive-queries.ts';
import { sameResults } from './same-results.ts';

const seed = Number(process.env['LEDGER_SEED'] ?? 1);
const file = 'packages/ledger/test/queries/chunked-queries.test.ts';
const again = `Again: LEDGER_SEED=${seed} npx node --test ${file}`;
const batches = 18;

function turns(scan: Scan<unknown>): number {
  let count = 1;
  while (!scan.advance()) count++;
  return count;
}

describe('queries over several chunks of transfers', () => {
  const prng = new Prng(seed);
  const many = new ManyTransfers(prng.fork());
  let state: BooksState;

  before(() => {
    for (let batch = 0; batch < batches; batch++) many.addBatch();
    state = many.books.books.state;
    // Two are full, and the second one is being sealed.
    assert.deepEqual(
      [state.transfers.sealed.count, state.transfers.openPosition],
      [1, 2 * chunkRows],
    );
  });

  test('find what a plain look finds, of accounts with many transfers and with few', () => {
    const source = new FilterSource(prng, many.transfers);
    for (let i = 0; i < 120; i++) {
      const filter = source.ofAccount(prng.pick([hotAccount, ...coldAccounts, 7n, 50n]));
      const wanted = naiveAccountTransfers(many.transfers, filter);
      sameResults(finish(new AccountTransfersScan(state, filter)), wanted, filter, again);
    }
  });

  test('find what a plain look finds by fields, in columns of any form', () => {
    const source = new FilterSource(prng, many.transfers);
    for (let i = 0; i < 200; i++) {
      const filter = source.query();
      const wanted = naiveQuery(many.transfers, filter);
      sameResults(finish(new QueryTransfersScan(state, filter)), wanted, filter, again);
    }
  });

  test('find each transfer by the one field that only it has', () => {
    for (let i = 0; i < 100; i++) {
      const transfer = prng.pick(many.transfers);
      const { userData128, userData64, userData32 } = transfer;
      for (const filter of [{ userData128 }, { userData64 }, { userData32 }]) {
        if (Object.values(filter).some((value) => BigInt(value) < 1000n)) continue;
        const wanted = naiveQuery(many.transfers, { ...filter, limit: 3 });
        const found = finish(new QueryTransfersScan(state, { ...filter, limit: 3 }));
        sameResults(found, wanted, filter, again);
      }
    }
  });

  test('find nothing for a value beside one that there is', () => {
    for (let i = 0; i < 100; i++) {
      const { userData128, userData64 } = prng.pick(many.transfers);
      for (const filter of [{ userData128: userData128 ^ (1n << 127n) }, { userData64: 201n }])
        sameResults(finish(new QueryTransfersScan(state, filter)), [], filter, again);
      const filter = { userData64: userData64 ^ (1n << 62n), reversed: true };
      sameResults(finish(new QueryTransfersScan(state, filter)), [], filter, again);
    }
  });

  test('are carried out in many turns, and see none of what comes between them', () => {
    const own = new ManyTransfers(new Prng(seed));
    for (let batch = 0; batch < 7; batch++) own.addBatch();
    const started = [...own.transfers];
    const filter = { code: 1 };
    const ofAccount = { accountId: hotAccount, reversed: true };
    const scans = [
      [new QueryTransfersScan(own.books.books.state, filter), naiveQuery(started, filter)],
      [
        new QueryTransfersScan(own.books.books.state, { reversed: true }),
        naiveQuery(started, { reversed: true }),
      ],
      [
        new AccountTransfersScan(own.books.books.state, ofAccount),
        naiveAccountTransfers(started, ofAccount),
      ],
      [
        new AccountTransfersScan(own.books.books.state, { accountId: 7n }),
        naiveAccountTransfers(started, { accountId: 7n }),
      ],
    ] as const;
    for (let turn = 0; turn < 3; turn++) {
      own.addBatch();
      for (const [scan] of scans) assert.equal(scan.advance(), false);
    }
    assert.equal(own.books.books.state.transfers.openPosition, chunkRows);
    for (const [scan, wanted] of scans) sameResults(finish(scan), wanted, {}, again);
  });

  test('take the more turns the more there is to look at', () => {
    const [from] = many.transfers.slice(140_000);
    const last = { timestampMin: from?.timestamp ?? 0n, userData64: 201n };
    assert.ok(turns(new QueryTransfersScan(state, last)) <= 2);
    // Of what is not sealed nobody knows the range, so it is looked at.
    assert.ok(turns(new QueryTransfersScan(state, { userData128: 1n << 99n })) <= 4);
    assert.ok(turns(new QueryTransfersScan(state, {})) >= 16);
    for (const accountId of coldAccounts)
      assert.ok(turns(new AccountTransfersScan(state, { accountId })) <= 3);
  });
});

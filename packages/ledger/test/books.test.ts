import { describe, test } from 'node:test';
import { BooksAdapter } from './books-adapter.ts';
import { booksCases } from './cases/books-cases.ts';
import { testCases } from './cases/ledger-case.ts';
import { testTimestamps } from './cases/timestamp-cases.ts';
import { compareSeeds } from './oracle/compare.ts';

const file = 'packages/ledger/test/books.test.ts';

describe('the books', () => {
  testCases(booksCases, () => new BooksAdapter());
  testTimestamps(() => new BooksAdapter());

  test('agree with the oracle on random batches of every kind', () => {
    compareSeeds(12, 300, () => new BooksAdapter(), { file, largestBatch: 1500 });
  });

  test('agree with the oracle on batches of plain transfers', () => {
    compareSeeds(6, 200, () => new BooksAdapter(), { file, mode: 'plain' });
  });
});

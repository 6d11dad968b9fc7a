import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { BooksAdapter } from '../books-adapter.ts';
import { differenceOfQueries } from './compare-queries.ts';
import { EventSource } from './event-source.ts';
import { playEntry } from './ledger-entry.ts';
import { OracleBooks } from './oracle-books.ts';

test('questions to books that have missed something are answered in another way', () => {
  const source = new EventSource(3, { mode: 'long', largestBatch: 500 });
  const oracle = new OracleBooks();
  const books = new BooksAdapter();
  const prng = new Prng(3);
  assert.equal(differenceOfQueries(oracle, books, prng), undefined);
  const play = (entries: number, isMissed: boolean): void => {
    for (let drawn = 0; drawn < entries; drawn++) {
      const entry = source.next();
      source.hear(playEntry(oracle, entry).results);
      if (!isMissed) playEntry(books, entry);
    }
  };
  play(100, false);
  for (let times = 0; times < 5; times++)
    assert.equal(differenceOfQueries(oracle, books, prng), undefined);
  play(20, true);
  assert.match(
    differenceOfQueries(oracle, books, prng) ?? '',
    /^looked up transfers\[\d+\] has id/,
  );
});

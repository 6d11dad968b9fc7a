import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareRun } from '../oracle/compare.ts';
import { CheckpointedBooks } from './checkpointed-books.ts';

const file = 'packages/ledger/test/machine/ledger-checkpoints.test.ts';

/** Seeds 1 to `seeds`, or the one that LEDGER_SEED names. */
function seedsTo(seeds: number): readonly number[] {
  const { LEDGER_SEED: seed } = process.env;
  if (seed !== undefined) return [Number(seed)];
  return Array.from({ length: seeds }, (_, at) => at + 1);
}

function assertOnlyUsedFiles(books: CheckpointedBooks): void {
  const numbers = books.disk.list().map((name) => Number(name.split('-')[1]));
  const used = books.filesInUse();
  for (const number of numbers) assert.ok(used.has(number), `file ${number} is of no use`);
  const named = new Set(numbers);
  for (const number of used) assert.ok(named.has(number), `file ${number} is not there`);
}

test('books that come back after crashes, out of checkpoints, are those of the oracle', () => {
  const counts = { checkpoints: 0, crashes: 0, sent: 0, failures: 0, installed: 0 };
  for (const seed of seedsTo(12)) {
    const made: CheckpointedBooks[] = [];
    const make = (): CheckpointedBooks => {
      const books = new CheckpointedBooks(seed);
      made.push(books);
      return books;
    };
    compareRun(seed, 200, make, { file, largestBatch: 400 });
    for (const books of made) {
      books.finish();
      assertOnlyUsedFiles(books);
      for (const key of Object.keys(counts) as (keyof typeof counts)[])
        counts[key] += books.counts[key];
    }
  }
  for (const [key, count] of Object.entries(counts)) assert.ok(count > 0, `no ${key}`);
});

test('books with sealed chunks that come back after crashes are those of the oracle, too', () => {
  for (const seed of seedsTo(2)) {
    const made: CheckpointedBooks[] = [];
    const make = (): CheckpointedBooks => {
      const books = new CheckpointedBooks(seed, 0.2);
      made.push(books);
      return books;
    };
    compareRun(seed, 60, make, { file, mode: 'long', bulkShare: 0.8 });
    for (const books of made) {
      books.finish();
      assertOnlyUsedFiles(books);
      const { transfers, statuses, history } = books.machine.books.state;
      assert.ok(transfers.sealed.files.size > 0, 'a chunk was sealed');
      console.log(
        seed,
        transfers.sealed.count,
        statuses.resolved.files.size,
        history.full.count,
        books.counts,
      );
    }
  }
});

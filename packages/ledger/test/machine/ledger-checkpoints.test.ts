import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareRun } from '../oracle/compare.ts';
import type { SourceOptions } from '../oracle/event-source.ts';
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

/** Compares with the oracle, and says what has happened. */
function comparedRuns(
  seeds: readonly number[],
  batches: number,
  options: SourceOptions,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const seed of seeds) {
    const books = new CheckpointedBooks(seed);
    compareRun(seed, batches, () => books, { file, ...options });
    books.finish();
    assertOnlyUsedFiles(books);
    const { transfers, statuses, history } = books.machine.books.state;
    const [sealed, resolved] = [transfers.sealed.count, statuses.stored.files.size];
    const all = { ...books.counts, sealed, resolved, history: history.full.count };
    for (const [key, count] of Object.entries(all)) counts[key] = (counts[key] ?? 0) + count;
  }
  return counts;
}

test('books that come back after crashes, out of checkpoints, are those of the oracle', () => {
  const counts = comparedRuns(seedsTo(8), 200, { largestBatch: 400 });
  for (const [key, count] of Object.entries(counts))
    if (key !== 'history') assert.ok(count > 0, `there was no ${key}`);
});

test('books with much in parts that come back after crashes are those of the oracle, too', () => {
  const counts = comparedRuns(seedsTo(1), 40, {
    ...{ mode: 'long', bulkShare: 0.7, largestBatch: 4000 },
  });
  assert.ok((counts['history'] ?? 0) > 0 && (counts['sealed'] ?? 0) > 100);
});

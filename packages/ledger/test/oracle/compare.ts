import type { BooksUnderTest } from './books-under-test.ts';
import { differenceOfAll, differenceOfEntry } from './compare-books.ts';
import { EventSource, type SourceOptions } from './event-source.ts';
import { OracleBooks } from './oracle-books.ts';

/** How books are compared, and how a failure is played again. */
export interface CompareOptions extends SourceOptions {
  /** The test file, from the root of the repository: it is named in the command that replays. */
  readonly file: string;
}

/** All accounts, transfers and rows are compared after so many entries, and after the last. */
const wholeEvery = 64;

/**
 * Plays `batches` entries of the seed to the oracle and to other books, and compares what can be
 * seen of both after each.
 *
 * @throws Error at the first difference: what differs, after which entry, and how to play it again
 */
export function compareRun(
  seed: number,
  batches: number,
  makeBooks: () => BooksUnderTest,
  options: CompareOptions,
): void {
  const source = new EventSource(seed, options);
  const oracle = new OracleBooks();
  const books = makeBooks();
  for (let drawn = 1; drawn <= batches; drawn++) {
    const isWhole = drawn % wholeEvery === 0 || drawn === batches;
    const difference =
      differenceOfEntry(oracle, books, source.next(), ({ results }) => source.hear(results)) ??
      (isWhole ? differenceOfAll(oracle, books) : undefined);
    if (difference === undefined) continue;
    const command = replayCommand(seed, drawn, options);
    throw new Error(`After entry ${drawn} of seed ${seed}: ${difference}\nAgain: ${command}`);
  }
}

/**
 * `compareRun` for seeds 1 to `seeds`, or for the one that LEDGER_SEED names with as many batches
 * as LEDGER_BATCHES says.
 */
export function compareSeeds(
  seeds: number,
  batches: number,
  makeBooks: () => BooksUnderTest,
  options: CompareOptions,
): void {
  const { LEDGER_SEED: seed, LEDGER_BATCHES: only } = process.env;
  if (seed !== undefined) {
    compareRun(Number(seed), only === undefined ? batches : Number(only), makeBooks, options);
    return;
  }
  for (let one = 1; one <= seeds; one++) compareRun(one, batches, makeBooks, options);
}

function replayCommand(seed: number, batches: number, { file }: CompareOptions): string {
  return `LEDGER_SEED=${seed} LEDGER_BATCHES=${batches} npx node --test ${file}`;
}

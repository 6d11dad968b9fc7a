import { accountResultName } from '../../src/model/account-results.ts';
import { transferResultName } from '../../src/model/transfer-results.ts';
import type { BooksUnderTest, Outcome } from './books-under-test.ts';
import { differenceOf, differenceOfLists, imbalanceOf, inWords } from './difference.ts';
import { EventSource, type SourceOptions } from './event-source.ts';
import { type LedgerEntry, playEntry } from './ledger-entry.ts';
import { OracleBooks } from './oracle-books.ts';

/** How books are compared, and how a failure is played again. */
export interface CompareOptions extends SourceOptions {
  /** The test file, from the root of the repository: it is named in the command that replays. */
  readonly file: string;
}

/** All accounts, transfers and rows are compared after so many entries, and after the last. */
const wholeEvery = 64;
/** Rows of an account's history that are compared after each entry. */
const newestRows = 8;

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
    const difference = tryNext(oracle, books, source, isWhole);
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

function tryNext(
  oracle: OracleBooks,
  books: BooksUnderTest,
  source: EventSource,
  isWhole: boolean,
): string | undefined {
  const entry = source.next();
  const nextExpiry = oracle.nextExpiry();
  const wanted = playEntry(oracle, entry);
  source.hear(wanted.results);
  let got: Outcome;
  try {
    got = playEntry(books, entry);
  } catch (error) {
    return `it threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  const difference = differenceOfOutcomes(entry, wanted, got);
  if (difference !== undefined) return difference;
  if (books.nextExpiry() !== oracle.nextExpiry()) {
    return `the next expiry is ${books.nextExpiry()}; it should be ${oracle.nextExpiry()}`;
  }
  const expired = nextExpiry !== undefined && nextExpiry < wanted.timestamp;
  const touched = differenceOfTouched(oracle, books, entry, expired);
  return touched ?? (isWhole ? differenceOfAll(oracle, books) : undefined);
}

function differenceOfOutcomes(entry: LedgerEntry, a: Outcome, b: Outcome): string | undefined {
  if (a.timestamp !== b.timestamp) {
    return `event 0 has timestamp ${b.timestamp}; it should be ${a.timestamp}`;
  }
  if (a.results.length !== b.results.length) {
    return `there are ${b.results.length} results for ${a.results.length} events`;
  }
  if (entry.kind === 'pulse') return undefined;
  const nameOf = entry.kind === 'accounts' ? accountResultName : transferResultName;
  for (const [i, result] of a.results.entries()) {
    const other = b.results[i] as number;
    if (other === result) continue;
    const [is, should] = [nameOf(other) ?? other, nameOf(result)];
    const event = inWords(entry.events[i]);
    return `event ${i} of ${a.results.length} is ${is}; it should be ${should}: ${event}`;
  }
  return undefined;
}

/** Whatever the entry names; all accounts when something expired, as that may be any. */
function differenceOfTouched(
  oracle: OracleBooks,
  books: BooksUnderTest,
  entry: LedgerEntry,
  expired: boolean,
): string | undefined {
  const accounts = new Set<bigint>(expired ? oracle.accounts().map(({ id }) => id) : []);
  const transfers = new Set<bigint>();
  if (entry.kind === 'accounts') for (const { id } of entry.events) accounts.add(id);
  if (entry.kind === 'transfers') {
    for (const { id, pendingId, debitAccountId, creditAccountId } of entry.events) {
      transfers.add(id).add(pendingId ?? 0n);
      const pending = oracle.transfer(pendingId ?? 0n);
      accounts.add(debitAccountId).add(creditAccountId);
      if (pending === undefined) continue;
      accounts.add(pending.debitAccountId).add(pending.creditAccountId);
    }
  }
  return differenceOfThese(oracle, books, accounts, transfers);
}

function differenceOfThese(
  oracle: OracleBooks,
  books: BooksUnderTest,
  accounts: Iterable<bigint>,
  transfers: Iterable<bigint>,
): string | undefined {
  for (const id of transfers) {
    const what = `transfer ${id}`;
    const difference = differenceOf(what, oracle.transfer(id), books.transfer(id));
    if (difference !== undefined) return difference;
  }
  for (const id of accounts) {
    const what = `account ${id}`;
    const difference = differenceOf(what, oracle.account(id), books.account(id));
    if (difference !== undefined) return difference;
    const [rows, others] = [oracle.balancesOf(id), books.balancesOf(id)];
    if (rows.length !== others.length) {
      return `${what} has ${others.length} rows of history; it should have ${rows.length}`;
    }
    const newest = `row of ${what} among the newest ${newestRows}`;
    const row = differenceOfLists(newest, rows.slice(-newestRows), others.slice(-newestRows));
    if (row !== undefined) return row;
  }
  return undefined;
}

function differenceOfAll(oracle: OracleBooks, books: BooksUnderTest): string | undefined {
  const accounts = differenceOfLists('accounts', oracle.accounts(), books.accounts());
  if (accounts !== undefined) return accounts;
  const transfers = differenceOfLists('transfers', oracle.transfers(), books.transfers());
  if (transfers !== undefined) return transfers;
  const byAccount = new Map<bigint, object[]>();
  for (const transfer of oracle.transfers()) {
    for (const id of [transfer.debitAccountId, transfer.creditAccountId]) {
      const list = byAccount.get(id) ?? [];
      list.push(transfer);
      byAccount.set(id, list);
    }
  }
  for (const { id } of oracle.accounts()) {
    const moved = differenceOfLists(
      `transfers of account ${id}`,
      byAccount.get(id) ?? [],
      books.accountTransfers(id),
    );
    if (moved !== undefined) return moved;
    const what = `history of account ${id}`;
    const rows = differenceOfLists(what, oracle.balancesOf(id), books.balancesOf(id));
    if (rows !== undefined) return rows;
  }
  return imbalanceOf(books);
}

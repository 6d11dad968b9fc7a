import { accountResultName } from '../../src/model/account-results.ts';
import { transferResultName } from '../../src/model/transfer-results.ts';
import type { BooksUnderTest, Outcome } from './books-under-test.ts';
import { differenceOf, differenceOfLists, imbalanceOf, inWords } from './difference.ts';
import { type LedgerEntry, playEntry } from './ledger-entry.ts';
import type { OracleBooks } from './oracle-books.ts';

/** Rows of an account's history that are compared after each entry. */
const newestRows = 8;

/**
 * Plays an entry to both, and compares what came of it: results, and what the entry names.
 *
 * @param heard told what came of it, before the other books play it
 * @returns the first difference; undefined: there is none
 */
export function differenceOfEntry(
  oracle: OracleBooks,
  books: BooksUnderTest,
  entry: LedgerEntry,
  heard: (outcome: Outcome) => void,
): string | undefined {
  const wanted = playEntry(oracle, entry);
  heard(wanted);
  let got: Outcome;
  try {
    got = playEntry(books, entry);
  } catch (error) {
    return thrown(error);
  }
  const difference = differenceOfOutcomes(entry, wanted, got);
  if (difference !== undefined) return difference;
  if (books.nextExpiry() !== oracle.nextExpiry()) {
    return `the next expiry is ${books.nextExpiry()}; it should be ${oracle.nextExpiry()}`;
  }
  return differenceOfTouched(oracle, books, entry);
}

/** An error of the books, in words. */
export function thrown(error: unknown): string {
  return `it threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
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

/** Whatever the entry names, and the accounts of what expired. */
function differenceOfTouched(
  oracle: OracleBooks,
  books: BooksUnderTest,
  entry: LedgerEntry,
): string | undefined {
  const accounts = new Set<bigint>();
  for (const { debitAccountId, creditAccountId } of oracle.lastExpired)
    accounts.add(debitAccountId).add(creditAccountId);
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
    const rows = oracle.balancesOf(id, newestRows);
    const others = books.balancesOf(id, newestRows);
    if (rows.length !== others.length) {
      return `${what} has ${others.length} rows of history; it should have ${rows.length}`;
    }
    const newest = `row of ${what} among the newest ${newestRows}`;
    const row = differenceOfLists(newest, rows, others);
    if (row !== undefined) return row;
  }
  return undefined;
}

/** Compares all accounts, transfers, links between them and rows of history. */
export function differenceOfAll(oracle: OracleBooks, books: BooksUnderTest): string | undefined {
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

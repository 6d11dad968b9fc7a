import type { Account } from '../../src/model/account.ts';
import type { BooksUnderTest } from './books-under-test.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The first difference between a record of the oracle and that of the other, in one line; undefined
 * when they are the same.
 */
export function differenceOf(
  what: string,
  wanted: object | undefined,
  got: object | undefined,
): string | undefined {
  if (wanted === undefined && got === undefined) return undefined;
  if (wanted === undefined) return `${what} is there, and should not: ${inWords(got)}`;
  if (got === undefined) return `${what} is missing; it should be ${inWords(wanted)}`;
  const [values, others] = [wanted as Fields, got as Fields];
  for (const field of Object.keys(values)) {
    if (others[field] !== values[field]) {
      const [is, should] = [inWords(others[field]), inWords(values[field])];
      return `${what} has ${field} ${is}; it should be ${should}`;
    }
  }
  return undefined;
}

/** As `differenceOf`, of lists; a longer list differs where the shorter one ends. */
export function differenceOfLists(
  what: string,
  wanted: readonly object[],
  got: readonly object[],
): string | undefined {
  const length = Math.max(wanted.length, got.length);
  for (let i = 0; i < length; i++) {
    const difference = differenceOf(`${what}[${i}]`, wanted[i], got[i]);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** Debits equal credits in each ledger, those posted and those pending; else says where not. */
export function imbalanceOf(books: BooksUnderTest): string | undefined {
  for (const [ledger, accounts] of Map.groupBy(books.accounts(), (account) => account.ledger)) {
    const posted = sumOf(accounts, (a) => a.debitsPosted - a.creditsPosted);
    const pending = sumOf(accounts, (a) => a.debitsPending - a.creditsPending);
    if (posted !== 0n) return `ledger ${ledger}: posted debits exceed credits by ${posted}`;
    if (pending !== 0n) return `ledger ${ledger}: pending debits exceed credits by ${pending}`;
  }
  return undefined;
}

function sumOf(accounts: readonly Account[], value: (account: Account) => bigint): bigint {
  return accounts.reduce((sum, account) => sum + value(account), 0n);
}

/** A value as one would type it. */
export function inWords(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(inWords).join(', ')}]`;
  const fields = Object.entries(value).map(([field, one]) => `${field}: ${inWords(one)}`);
  return `{ ${fields.join(', ')} }`;
}

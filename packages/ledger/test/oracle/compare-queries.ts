import type { Prng } from '@quorate/base';
import { AccountFlag } from '../../src/model/account.ts';
import { AccountBalancesScan } from '../../src/queries/account-balances-scan.ts';
import { AccountTransfersScan } from '../../src/queries/account-transfers-scan.ts';
import { balanceAt } from '../../src/queries/balance-at.ts';
import { lookupAccounts, lookupTransfers } from '../../src/queries/lookup.ts';
import { QueryAccountsScan } from '../../src/queries/query-accounts-scan.ts';
import { QueryTransfersScan } from '../../src/queries/query-transfers-scan.ts';
import { finish } from '../../src/queries/scan.ts';
import { totals } from '../../src/queries/totals-scan.ts';
import type { BooksAdapter } from '../books-adapter.ts';
import { FilterSource } from '../queries/filter-source.ts';
import {
  naiveAccountBalances,
  naiveAccountTransfers,
  naiveQuery,
  naiveTotals,
} from '../queries/naive-queries.ts';
import { differenceOf, differenceOfLists, inWords } from './difference.ts';
import { drawBits } from './draw-numbers.ts';
import type { OracleBooks } from './oracle-books.ts';

/** Of each kind; each looks at all that the oracle has. */
const filtersPerKind = 2;
const lookedUp = 300;
const moments = 40;

/**
 * Asks the books some questions of each kind, and looks through all of the oracle for the answers.
 *
 * @returns the first difference; undefined: there is none
 */
export function differenceOfQueries(
  oracle: OracleBooks,
  books: BooksAdapter,
  prng: Prng,
): string | undefined {
  if (oracle.transferCount === 0) return undefined;
  return (
    differenceOfLookups(oracle, books, prng) ??
    differenceOfMoments(oracle, books, prng) ??
    differenceOfAccountScans(oracle, books, prng) ??
    differenceOfScans(oracle, books, prng)
  );
}

function differenceOfLookups(
  oracle: OracleBooks,
  { books: { state } }: BooksAdapter,
  prng: Prng,
): string | undefined {
  const all = oracle.transfers();
  const known = Array.from({ length: lookedUp }, () => prng.pick(all));
  const ids = known.flatMap(({ id }) => (prng.chance(0.1) ? [id, drawBits(prng, 128)] : [id]));
  const wanted = ids.map((id) => oracle.transfer(id)).filter((one) => one !== undefined);
  const transfers = differenceOfLists('looked up transfers', wanted, lookupTransfers(state, ids));
  if (transfers !== undefined) return transfers;
  const opened = oracle.accounts();
  const accounts = Array.from({ length: lookedUp }, () => prng.pick(opened));
  const found = lookupAccounts(
    state,
    accounts.map(({ id }) => id),
  );
  return differenceOfLists('looked up accounts', accounts, found);
}

/** Of what the balances were at a moment. */
function differenceOfMoments(
  oracle: OracleBooks,
  { books: { state } }: BooksAdapter,
  prng: Prng,
): string | undefined {
  const transfers = oracle.transfers();
  const kept = oracle.accounts().filter(({ flags }) => (flags & AccountFlag.history) !== 0);
  for (let i = 0; i < moments && kept.length > 0; i++) {
    const { id, timestamp: opened } = prng.pick(kept);
    const moment = prng.pick(transfers).timestamp + BigInt(prng.between(-1, 1));
    const row = oracle.balancesOf(id).findLast(({ timestamp }) => timestamp <= moment);
    const none = { debitsPending: 0n, debitsPosted: 0n, creditsPending: 0n, creditsPosted: 0n };
    const before = opened > moment ? undefined : { ...none, timestamp: opened };
    const what = `balance of account ${id} at ${moment}`;
    const difference = differenceOf(what, row ?? before, balanceAt(state, id, moment));
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function differenceOfAccountScans(
  oracle: OracleBooks,
  { books: { state } }: BooksAdapter,
  prng: Prng,
): string | undefined {
  const all = oracle.transfers();
  const source = new FilterSource(prng, all);
  for (let i = 0; i < filtersPerKind; i++) {
    const { debitAccountId, creditAccountId } = prng.pick(all);
    const accountId = prng.pick([debitAccountId, creditAccountId]);
    const filter = source.ofAccount(accountId);
    const transfers = differenceOfLists(
      `transfers by ${inWords(filter)}`,
      naiveAccountTransfers(all, filter),
      finish(new AccountTransfersScan(state, filter)),
    );
    if (transfers !== undefined) return transfers;
    const balances = differenceOfLists(
      `balances by ${inWords(filter)}`,
      naiveAccountBalances(all, oracle.balancesOf(accountId), filter),
      finish(new AccountBalancesScan(state, filter)),
    );
    if (balances !== undefined) return balances;
  }
  return undefined;
}

function differenceOfScans(
  oracle: OracleBooks,
  { books: { state } }: BooksAdapter,
  prng: Prng,
): string | undefined {
  const [transfers, accounts] = [oracle.transfers(), oracle.accounts()];
  for (let i = 0; i < filtersPerKind; i++) {
    const filter = new FilterSource(prng, transfers).query();
    const difference = differenceOfLists(
      `transfers by ${inWords(filter)}`,
      naiveQuery(transfers, filter),
      finish(new QueryTransfersScan(state, filter)),
    );
    if (difference !== undefined) return difference;
    const ofAccounts = new FilterSource(prng, accounts).query();
    const found = finish(new QueryAccountsScan(state, ofAccounts));
    const what = `accounts by ${inWords(ofAccounts)}`;
    const other = differenceOfLists(what, naiveQuery(accounts, ofAccounts), found);
    if (other !== undefined) return other;
  }
  return differenceOfLists('totals', naiveTotals(accounts), totals(state));
}

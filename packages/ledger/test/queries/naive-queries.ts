import type { Account, AccountBalance } from '../../src/model/account.ts';
import type { Transfer } from '../../src/model/transfer.ts';
import type { AccountFilter, QueryFilter } from '../../src/queries/filters.ts';
import type { LedgerTotals } from '../../src/queries/totals-scan.ts';

type Found = Account | Transfer;

function isEqual<T extends bigint | number>(wanted: T | undefined, value: T): boolean {
  return !wanted || wanted === value;
}

function isWithin(filter: AccountFilter | QueryFilter, timestamp: bigint): boolean {
  const { timestampMin = 0n, timestampMax = 0n } = filter;
  return timestamp >= timestampMin && (timestampMax === 0n || timestamp <= timestampMax);
}

function matches(filter: Omit<QueryFilter, 'limit'>, found: Found): boolean {
  return (
    isEqual(filter.userData128, found.userData128) &&
    isEqual(filter.userData64, found.userData64) &&
    isEqual(filter.userData32, found.userData32) &&
    isEqual(filter.ledger, found.ledger) &&
    isEqual(filter.code, found.code) &&
    isWithin(filter, found.timestamp)
  );
}

function cut<T>(found: readonly T[], filter: AccountFilter | QueryFilter): readonly T[] {
  const ordered = filter.reversed ? [...found].reverse() : found;
  return ordered.slice(0, filter.limit ?? 8190);
}

function isOfAccount(filter: AccountFilter, transfer: Transfer): boolean {
  const { accountId, debits = true, credits = true } = filter;
  return (
    (debits && transfer.debitAccountId === accountId) ||
    (credits && transfer.creditAccountId === accountId)
  );
}

/** @param all oldest first, as of each list here */
export function naiveQuery<T extends Found>(all: readonly T[], filter: QueryFilter): readonly T[] {
  return cut(
    all.filter((one) => matches(filter, one)),
    filter,
  );
}

/** The transfers of one account. */
export function naiveAccountTransfers(
  all: readonly Transfer[],
  filter: AccountFilter,
): readonly Transfer[] {
  return cut(
    all.filter((one) => isOfAccount(filter, one) && matches(filter, one)),
    filter,
  );
}

/** @param rows of the account's history */
export function naiveAccountBalances(
  all: readonly Transfer[],
  rows: readonly AccountBalance[],
  filter: AccountFilter,
): readonly AccountBalance[] {
  const { debits = true, credits = true, userData128, userData64, userData32, code } = filter;
  const asks = !debits || !credits || userData128 || userData64 || userData32 || code;
  const transfers = all.filter((one) => isOfAccount(filter, one) && matches(filter, one));
  const moments = new Set(transfers.map(({ timestamp }) => timestamp));
  const found = rows.filter(({ timestamp }) => isWithin(filter, timestamp));
  return cut(asks ? found.filter(({ timestamp }) => moments.has(timestamp)) : found, filter);
}

/** The sums of each ledger, by number of the ledger. */
export function naiveTotals(all: readonly Account[]): readonly LedgerTotals[] {
  const ledgers = [...new Set(all.map(({ ledger }) => ledger))].sort((a, b) => a - b);
  return ledgers.map((ledger) => {
    const accounts = all.filter((one) => one.ledger === ledger);
    const sum = (of: (account: Account) => bigint): bigint =>
      accounts.reduce((total, account) => total + of(account), 0n);
    return {
      ledger,
      accounts: accounts.length,
      debitsPending: sum((account) => account.debitsPending),
      debitsPosted: sum((account) => account.debitsPosted),
      creditsPending: sum((account) => account.creditsPending),
      creditsPosted: sum((account) => account.creditsPosted),
    };
  });
}

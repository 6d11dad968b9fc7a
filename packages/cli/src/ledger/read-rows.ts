import { CliError } from '../cli-error.ts';
import type { EventKind } from './files/event-columns.ts';
import type { AccountRowFilter, QueryRowFilter } from './ledger-connection.ts';
import type { LedgerContext } from './ledger-context.ts';
import {
  accountFields,
  balanceFields,
  printRows,
  type RowStyle,
  transferFields,
} from './row-fields.ts';
import { identifierText } from './values/number-text.ts';

/** Prints the accounts or transfers that have these ids. @returns 1 when one is not there */
export async function lookup(
  kind: EventKind,
  ids: readonly bigint[],
  style: RowStyle,
  { connection, output, note }: LedgerContext,
): Promise<number> {
  const found = new Set<bigint>();
  if (kind === 'accounts') {
    const accounts = await connection.lookupAccounts(ids);
    for (const { id } of accounts) found.add(id);
    printRows(
      accounts.map((account) => accountFields(account, style)),
      output,
    );
  } else {
    const transfers = await connection.lookupTransfers(ids);
    for (const { id } of transfers) found.add(id);
    printRows(
      transfers.map((transfer) => transferFields(transfer, style)),
      output,
    );
  }
  const missing = ids.filter((id) => !found.has(id));
  const noun = kind === 'accounts' ? 'account' : 'transfer';
  for (const id of missing) note(`there is no ${noun} ${identifierText(id, style.ids)}`);
  return missing.length === 0 ? 0 : 1;
}

/** Prints the transfers of an account, or its balances after each. @returns 1: it is not there */
export async function history(
  filter: AccountRowFilter,
  isBalances: boolean,
  style: RowStyle,
  context: LedgerContext,
): Promise<number> {
  const { connection, output, note } = context;
  const { accountId } = filter;
  if (!isBalances) {
    const transfers = await connection.accountTransfers(filter);
    printRows(
      transfers.map((transfer) => transferFields(transfer, style)),
      output,
    );
    if (transfers.length === 0 && (await isMissing(accountId, style, context))) return 1;
    noteNone(transfers.length, context);
    return 0;
  }
  const balances = await connection.accountBalances(filter);
  printRows(
    balances.map((balance) => balanceFields(balance, style)),
    output,
  );
  if (balances.length > 0) return 0;
  if (await isMissing(accountId, style, context)) return 1;
  note('none; balances are kept of accounts with the flag history');
  return 0;
}

/** Prints accounts or transfers by what they say. */
export async function query(
  kind: EventKind,
  filter: QueryRowFilter,
  style: RowStyle,
  context: LedgerContext,
): Promise<number> {
  const { connection, output } = context;
  if (kind === 'accounts') {
    const accounts = await connection.queryAccounts(filter);
    printRows(
      accounts.map((account) => accountFields(account, style)),
      output,
    );
    noteNone(accounts.length, context);
    return 0;
  }
  const transfers = await connection.queryTransfers(filter);
  printRows(
    transfers.map((transfer) => transferFields(transfer, style)),
    output,
  );
  noteNone(transfers.length, context);
  return 0;
}

async function isMissing(
  id: bigint,
  { ids }: RowStyle,
  { connection, note }: LedgerContext,
): Promise<boolean> {
  const [account] = await connection.lookupAccounts([id]);
  if (account === undefined) note(`there is no account ${identifierText(id, ids)}`);
  return account === undefined;
}

function noteNone(count: number, { output, note }: LedgerContext): void {
  if (count === 0 && !output.isJson) note('none');
}

/** @throws CliError CLI_USAGE when the range holds nothing */
export function checkRange(from: bigint | undefined, to: bigint | undefined): void {
  if (from === undefined || to === undefined || from <= to) return;
  throw new CliError('CLI_USAGE', '--from is later than --to; turn them round', {});
}

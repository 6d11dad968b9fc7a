import {
  type Account,
  type AccountBalance,
  AccountFlag,
  type Transfer,
  TransferFlag,
} from '@quorate/ledger';
import Table from 'cli-table3';
import type { Output } from '../output.ts';
import { amountText } from './values/amount-text.ts';
import { flagsText } from './values/flag-text.ts';
import { type IdentifierStyle, identifierText } from './values/number-text.ts';
import { timeText } from './values/time-text.ts';

/** How rows are written. */
export interface RowStyle {
  /** Decimals of amounts. */
  readonly scale: number;
  readonly ids: IdentifierStyle;
}

/** What is written of a row, by the names that import reads. Text where JSON would round. */
export type RowFields = Readonly<Record<string, string | number>>;

/** @returns the account as import reads it, and what the ledger gives to it */
export function accountFields(account: Account, { scale, ids }: RowStyle): RowFields {
  return {
    id: identifierText(account.id, ids),
    ledger: account.ledger,
    code: account.code,
    flags: flagsText(account.flags, AccountFlag),
    debitsPending: amountText(account.debitsPending, scale),
    debitsPosted: amountText(account.debitsPosted, scale),
    creditsPending: amountText(account.creditsPending, scale),
    creditsPosted: amountText(account.creditsPosted, scale),
    userData128: String(account.userData128),
    userData64: String(account.userData64),
    userData32: account.userData32,
    timestamp: String(account.timestamp),
  };
}

/** @returns the transfer as import reads it, and its timestamp */
export function transferFields(transfer: Transfer, { scale, ids }: RowStyle): RowFields {
  return {
    id: identifierText(transfer.id, ids),
    debitAccountId: identifierText(transfer.debitAccountId, ids),
    creditAccountId: identifierText(transfer.creditAccountId, ids),
    amount: amountText(transfer.amount, scale),
    pendingId: transfer.pendingId === 0n ? '0' : identifierText(transfer.pendingId, ids),
    ledger: transfer.ledger,
    code: transfer.code,
    flags: flagsText(transfer.flags, TransferFlag),
    timeout: transfer.timeout,
    userData128: String(transfer.userData128),
    userData64: String(transfer.userData64),
    userData32: transfer.userData32,
    timestamp: String(transfer.timestamp),
  };
}

/** @returns the balances at one moment */
export function balanceFields(balance: AccountBalance, { scale }: RowStyle): RowFields {
  return {
    debitsPending: amountText(balance.debitsPending, scale),
    debitsPosted: amountText(balance.debitsPosted, scale),
    creditsPending: amountText(balance.creditsPending, scale),
    creditsPosted: amountText(balance.creditsPosted, scale),
    timestamp: String(balance.timestamp),
  };
}

/** Prints rows: a line of JSON each, or a table without the columns that are empty in all. */
export function printRows(rows: readonly RowFields[], output: Output): void {
  if (output.isJson) {
    for (const row of rows) output.json(row);
    return;
  }
  const [first] = rows;
  if (first === undefined) return;
  const isEmpty = (name: string) => rows.every((row) => /^[0.]*$/.test(String(row[name])));
  const columns = Object.keys(first).filter((name) => !isEmpty(name));
  const table = new Table({ head: columns, style: { head: [], border: [], compact: true } });
  for (const row of rows) table.push(columns.map((name) => cellOf(name, String(row[name] ?? ''))));
  output.line(table.toString());
}

function cellOf(name: string, text: string): string {
  return name === 'timestamp' ? timeText(BigInt(text)) : text;
}

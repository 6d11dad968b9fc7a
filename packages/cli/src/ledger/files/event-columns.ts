import { AccountFlag, type NewTransfer, TransferFlag } from '@quorate/ledger';
import { nearest } from '../../suggestion.ts';
import { parseAmount } from '../values/amount-text.ts';
import { type FlagNames, parseFlags } from '../values/flag-text.ts';
import { parseIdentifier, parseSmall, parseWide } from '../values/number-text.ts';
import { shown, ValueProblem } from '../values/value-problem.ts';
import type { BadRecord, FileRecord } from './record.ts';

/** What a file holds. */
export type EventKind = 'accounts' | 'transfers';

type Parse = (text: string, scale: number) => bigint | number;

const number128: Parse = (text) => parseIdentifier(text);
const number64: Parse = (text) => parseWide(text, 64);
const number32: Parse = (text) => parseSmall(text, 32);
const number16: Parse = (text) => parseSmall(text, 16);
const flagsOf =
  (names: FlagNames): Parse =>
  (text) =>
    parseFlags(text, names);

const shared = {
  id: number128,
  userData128: number128,
  userData64: number64,
  userData32: number32,
  ledger: number32,
  code: number16,
} as const;

const columns: Readonly<Record<EventKind, Readonly<Record<string, Parse>>>> = {
  accounts: { ...shared, flags: flagsOf(AccountFlag) },
  transfers: {
    ...shared,
    flags: flagsOf(TransferFlag),
    debitAccountId: number128,
    creditAccountId: number128,
    amount: parseAmount,
    pendingId: number128,
    timeout: number32,
  },
};

/** What export writes and nobody may give. */
const served: ReadonlySet<string> = new Set([
  'timestamp',
  'debitsPending',
  'debitsPosted',
  'creditsPending',
  'creditsPosted',
]);

/** @returns what a file with these columns holds */
export function kindOf(names: readonly string[]): EventKind {
  const isTransfers = names.some(
    (name) => Object.hasOwn(columns.transfers, name) && !Object.hasOwn(columns.accounts, name),
  );
  return isTransfers ? 'transfers' : 'accounts';
}

/** Why columns cannot be read. */
export interface ColumnProblem {
  readonly name: string;
  /** Of the column among them; null: it is not there. */
  readonly index: number | null;
  readonly reason: string;
}

/** @returns null: they can be read */
export function columnProblem(
  names: readonly string[],
  kind: EventKind,
  ignored: ReadonlySet<string>,
): ColumnProblem | null {
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) !== index) return { name, index, reason: 'this column is there twice' };
    if (Object.hasOwn(columns[kind], name) || ignored.has(name)) continue;
    return { name, index, reason: unknownColumn(name, kind) };
  }
  if (names.includes('id')) return null;
  return { name: 'id', index: null, reason: 'there is no such column' };
}

function unknownColumn(name: string, kind: EventKind): string {
  const leave = `leave it out by --ignore-columns ${name}`;
  if (served.has(name)) return `the ledger gives it, not the file; ${leave}`;
  if (/[;\t]/.test(name)) return `a comma stands between columns, and ${shown(name)} has none`;
  const near = nearest(name, Object.keys(columns[kind]));
  const guess = near === null ? '' : `did you mean ${near}? or `;
  return `${kind} have no ${shown(name)}; ${guess}${leave}`;
}

/** @returns what the record says, or why it says nothing */
export function eventOf(
  record: FileRecord,
  kind: EventKind,
  scale: number,
): NewTransfer | BadRecord {
  const parsers = columns[kind];
  const event: Record<string, bigint | number> = { ...empty };
  let problem: { index: number; reason: string } | null = null;
  for (const [index, name] of record.names.entries()) {
    const text = (record.texts[index] ?? '').trim();
    const parse = Object.hasOwn(parsers, name) ? parsers[name] : undefined;
    if (parse === undefined || text === '') continue;
    try {
      event[name] = parse(text, scale);
    } catch (error) {
      if (!(error instanceof ValueProblem)) throw error;
      problem ??= { index, reason: error.message };
      // Whether the next one is bound to this one is not known then.
      if (name === 'flags') event['flags'] = -1;
    }
  }
  if (problem === null) {
    const index = record.names.indexOf('id');
    if (index >= 0 && (record.texts[index] ?? '').trim() !== '') {
      return event as unknown as NewTransfer;
    }
    problem = { index: Math.max(index, 0), reason: 'the id is missing' };
  }
  const { line, nextLine, endBytes } = record;
  const place = record.place(problem.index);
  const name = record.names[problem.index] ?? '';
  const flags = event['flags'];
  const isLinked = flags === -1 ? null : ((flags as number) & TransferFlag.linked) !== 0;
  const at = { line, nextLine, endBytes, place };
  return { isGood: false, ...at, name, reason: problem.reason, isLast: false, isLinked };
}

const empty = {
  id: 0n,
  debitAccountId: 0n,
  creditAccountId: 0n,
  amount: 0n,
  pendingId: 0n,
  userData128: 0n,
  userData64: 0n,
  userData32: 0,
  timeout: 0,
  ledger: 0,
  code: 0,
  flags: 0,
} as const;

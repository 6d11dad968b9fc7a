import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account, AccountBalance } from '../../src/model/account.ts';
import { type AccountResultName, accountResultName } from '../../src/model/account-results.ts';
import type { Transfer } from '../../src/model/transfer.ts';
import { type TransferResultName, transferResultName } from '../../src/model/transfer-results.ts';
import type {
  AccountEvent,
  BooksUnderTest,
  Outcome,
  TransferEvent,
} from '../oracle/books-under-test.ts';

/** One thing that is done to the books, or looked at. Entries come 1 ms after each other. */
export type Step =
  | { readonly accounts: readonly AccountEvent[]; readonly results: readonly AccountResultName[] }
  | {
      readonly transfers: readonly TransferEvent[];
      readonly results: readonly TransferResultName[];
    }
  | { readonly pulse: true }
  | { readonly waitSeconds: number }
  | { readonly account: bigint; readonly is: Partial<Account> | undefined }
  | { readonly transfer: bigint; readonly is: Partial<Transfer> | undefined }
  | { readonly transfersOf: bigint; readonly are: readonly bigint[] }
  /** `timestamp` counts from event 0 of the entry before. */
  | { readonly history: bigint; readonly is: readonly Partial<AccountBalance>[] }
  /** In nanoseconds after event 0 of the entry before. */
  | { readonly expiresIn: bigint | undefined };

/** A rule of the books: what it says, and what shows it. */
export interface LedgerCase {
  readonly says: string;
  readonly steps: readonly Step[];
}

/** One test for each case, of the books that `makeBooks` makes. */
export function testCases(cases: readonly LedgerCase[], makeBooks: () => BooksUnderTest): void {
  for (const { says, steps } of cases) test(says, () => play(makeBooks(), steps));
}

function play(books: BooksUnderTest, steps: readonly Step[]): void {
  let micros = 1_700_000_000_000_000;
  let outcome: Outcome = { timestamp: 0n, results: [] };
  for (const [at, step] of steps.entries()) {
    const where = `step ${at}`;
    if ('waitSeconds' in step) {
      micros += step.waitSeconds * 1_000_000;
    } else if (isEntry(step)) {
      micros += 1000;
      outcome = enter(books, step, micros, where);
    } else {
      look(books, step, outcome, where);
    }
  }
}

type Entry = Extract<Step, { accounts: unknown } | { transfers: unknown } | { pulse: unknown }>;

function isEntry(step: Step): step is Entry {
  return 'accounts' in step || 'transfers' in step || 'pulse' in step;
}

function enter(books: BooksUnderTest, step: Entry, micros: number, where: string): Outcome {
  if ('pulse' in step) {
    const outcome = books.pulse(micros);
    assert.deepEqual(outcome.results, [], where);
    return outcome;
  }
  if ('accounts' in step) {
    const outcome = books.createAccounts(step.accounts, micros);
    assert.deepEqual(outcome.results.map(accountResultName), step.results, where);
    return outcome;
  }
  const outcome = books.createTransfers(step.transfers, micros);
  assert.deepEqual(outcome.results.map(transferResultName), step.results, where);
  return outcome;
}

function look(books: BooksUnderTest, step: Step, { timestamp }: Outcome, where: string): void {
  if ('account' in step) compare(books.account(step.account), step.is, where);
  if ('transfer' in step) compare(books.transfer(step.transfer), step.is, where);
  if ('transfersOf' in step) {
    const ids = books.accountTransfers(step.transfersOf).map(({ id }) => id);
    assert.deepEqual(ids, step.are, where);
  }
  if ('history' in step) {
    const rows = books.balancesOf(step.history);
    assert.equal(rows.length, step.is.length, `${where}: rows`);
    for (const [i, is] of step.is.entries()) {
      const since =
        is.timestamp === undefined ? is : { ...is, timestamp: is.timestamp + timestamp };
      compare(rows[i], since, `${where}: row ${i}`);
    }
  }
  if ('expiresIn' in step) {
    const wanted = step.expiresIn === undefined ? undefined : timestamp + step.expiresIn;
    assert.equal(books.nextExpiry(), wanted, where);
  }
}

function compare(got: object | undefined, is: object | undefined, where: string): void {
  if (is === undefined) assert.equal(got, undefined, where);
  else assert.partialDeepStrictEqual(got, is, where);
}

/** An account of ledger 1, with what is said here. */
export function account(id: bigint, rest: Partial<AccountEvent> = {}): AccountEvent {
  return { ledger: 1, code: 1, ...rest, id };
}

/** 10 from account 1 to account 2 in ledger 1, but for what is said here. */
export function transfer(id: bigint, rest: Partial<TransferEvent> = {}): TransferEvent {
  return { debitAccountId: 1n, creditAccountId: 2n, amount: 10n, ledger: 1, code: 1, ...rest, id };
}

/** A post or a void that leaves all to the pending transfer, but for what is said here. */
export function resolution(id: bigint, rest: Partial<TransferEvent>): TransferEvent {
  return { debitAccountId: 0n, creditAccountId: 0n, amount: 0n, ledger: 0, code: 0, ...rest, id };
}

/** All of these are opened. */
export function opened(...events: AccountEvent[]): Step {
  return { accounts: events, results: events.map(() => 'ok') };
}

/** All of these are carried out. */
export function moved(...events: TransferEvent[]): Step {
  return { transfers: events, results: events.map(() => 'ok') };
}

/** This one is answered so. */
export function answered(event: TransferEvent, result: TransferResultName): Step {
  return { transfers: [event], results: [result] };
}

/** Accounts 1 and 2, without flags. */
export const twoAccounts: Step = opened(account(1n), account(2n));

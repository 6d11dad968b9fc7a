import { AccountFlag } from '../model/account.ts';
import { maxUint128 } from '../model/limits.ts';
import { TransferFlag } from '../model/transfer.ts';
import { TransferResult as Result } from '../model/transfer-results.ts';
import type { BooksState } from './books-state.ts';
import { recordTransfer } from './record-transfer.ts';
import { type TransferRows, unknownSlot } from './transfer-rows.ts';

const { debitsMustNotExceedCredits, creditsMustNotExceedDebits, closed } = AccountFlag;
const { pending, balancingDebit, balancingCredit, closingDebit, closingCredit } = TransferFlag;

/** Carries out a transfer that neither posts nor voids. Its id is unused. */
export function ordinaryTransfer(state: BooksState, rows: TransferRows, row: number): number {
  const problem = formProblem(rows, row) || accountsProblem(state, rows, row);
  if (problem !== Result.ok) return problem;
  const debit = rows.debitSlots[row] as number;
  const credit = rows.creditSlots[row] as number;
  const flags = rows.flags[row] as number;
  let amount = rows.amount(row);
  if ((flags & balancingDebit) !== 0) {
    amount = smaller(amount, debitRoom(state, debit));
    if (amount === 0n) return Result.exceedsCredits;
  }
  if ((flags & balancingCredit) !== 0) {
    amount = smaller(amount, creditRoom(state, credit));
    if (amount === 0n) return Result.exceedsDebits;
  }
  const isPending = (flags & pending) !== 0;
  const excess = amountProblem(state, { debit, credit, amount, isPending });
  if (excess !== Result.ok) return excess;
  carryOut(state, rows, row, amount);
  return Result.ok;
}

/** What can be said against a transfer without looking at any account. */
function formProblem(rows: TransferRows, row: number): number {
  const { columns } = rows;
  const flags = rows.flags[row] as number;
  const debit = rows.debitSlots[row] as number;
  const credit = rows.creditSlots[row] as number;
  if (debit === unknownSlot) {
    const id = rows.debitAccountId(row);
    if (id === 0n) return Result.debitAccountIdMustNotBeZero;
    if (id === maxUint128) return Result.debitAccountIdMustNotBeIntMax;
  }
  if (credit === unknownSlot) {
    const id = rows.creditAccountId(row);
    if (id === 0n) return Result.creditAccountIdMustNotBeZero;
    if (id === maxUint128) return Result.creditAccountIdMustNotBeIntMax;
  }
  const areEqual =
    debit === credit &&
    (debit !== unknownSlot || rows.debitAccountId(row) === rows.creditAccountId(row));
  if (areEqual) return Result.accountsMustBeDifferent;
  if (!columns.pendingId.isZero && columns.pendingId.uint128At(row) !== 0n)
    return Result.pendingIdMustBeZero;
  if ((flags & pending) === 0) {
    const timeout = columns.timeout.isZero ? 0 : columns.timeout.numberAt(row);
    if (timeout !== 0) return Result.timeoutReservedForPendingTransfer;
    if ((flags & (closingDebit | closingCredit)) !== 0) return Result.closingTransferMustBePending;
  }
  if (rows.amounts[row] === 0 || rows.amount(row) === 0n) return Result.amountMustNotBeZero;
  if (rows.ledgers[row] === 0) return Result.ledgerMustNotBeZero;
  return rows.codes[row] === 0 ? Result.codeMustNotBeZero : Result.ok;
}

function accountsProblem({ accounts }: BooksState, rows: TransferRows, row: number): number {
  const debit = rows.debitSlots[row] as number;
  const credit = rows.creditSlots[row] as number;
  if (debit === unknownSlot) return Result.debitAccountNotFound;
  if (credit === unknownSlot) return Result.creditAccountNotFound;
  const ledger = accounts.ledger(debit);
  if (ledger !== accounts.ledger(credit)) return Result.accountsMustHaveTheSameLedger;
  if (ledger !== rows.ledgers[row]) return Result.transferMustHaveTheSameLedgerAsAccounts;
  if ((accounts.flags(debit) & closed) !== 0) return Result.debitAccountAlreadyClosed;
  if ((accounts.flags(credit) & closed) !== 0) return Result.creditAccountAlreadyClosed;
  return Result.ok;
}

/** What the debit account can still give without its debits exceeding its credits. */
function debitRoom({ accounts }: BooksState, slot: number): bigint {
  const debits = accounts.balance(slot, 0) + accounts.balance(slot, 1);
  return positive(accounts.balance(slot, 3) - debits);
}

/** What the credit account can still take without its credits exceeding its debits. */
function creditRoom({ accounts }: BooksState, slot: number): bigint {
  const credits = accounts.balance(slot, 2) + accounts.balance(slot, 3);
  return positive(accounts.balance(slot, 1) - credits);
}

function positive(value: bigint): bigint {
  return value > 0n ? value : 0n;
}

function smaller(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}

interface Movement {
  readonly debit: number;
  readonly credit: number;
  readonly amount: bigint;
  readonly isPending: boolean;
}

function amountProblem(
  { accounts }: BooksState,
  { debit, credit, amount, isPending }: Movement,
): number {
  const debitsPending = accounts.balance(debit, 0) + amount;
  const debitsPosted = accounts.balance(debit, 1) + amount;
  const creditsPending = accounts.balance(credit, 2) + amount;
  const creditsPosted = accounts.balance(credit, 3) + amount;
  const debits = debitsPending + debitsPosted - amount;
  const credits = creditsPending + creditsPosted - amount;
  if (isPending && debitsPending > maxUint128) return Result.overflowsDebitsPending;
  if (isPending && creditsPending > maxUint128) return Result.overflowsCreditsPending;
  if (debitsPosted > maxUint128) return Result.overflowsDebitsPosted;
  if (creditsPosted > maxUint128) return Result.overflowsCreditsPosted;
  if (debits > maxUint128) return Result.overflowsDebits;
  if (credits > maxUint128) return Result.overflowsCredits;
  const isDebitLimited = (accounts.flags(debit) & debitsMustNotExceedCredits) !== 0;
  if (isDebitLimited && debits > accounts.balance(debit, 3)) return Result.exceedsCredits;
  const isCreditLimited = (accounts.flags(credit) & creditsMustNotExceedDebits) !== 0;
  if (isCreditLimited && credits > accounts.balance(credit, 1)) return Result.exceedsDebits;
  return Result.ok;
}

function carryOut(state: BooksState, rows: TransferRows, row: number, amount: bigint): void {
  const { accounts, undo, timeline } = state;
  const flags = rows.flags[row] as number;
  const debit = rows.debitSlots[row] as number;
  const credit = rows.creditSlots[row] as number;
  const isPending = (flags & pending) !== 0;
  undo.account(debit);
  undo.account(credit);
  const debitKind = isPending ? 0 : 1;
  const creditKind = isPending ? 2 : 3;
  accounts.setBalance(debit, debitKind, accounts.balance(debit, debitKind) + amount);
  accounts.setBalance(credit, creditKind, accounts.balance(credit, creditKind) + amount);
  if ((flags & closingDebit) !== 0) accounts.setFlags(debit, accounts.flags(debit) | closed);
  if ((flags & closingCredit) !== 0) accounts.setFlags(credit, accounts.flags(credit) | closed);
  const position = recordTransfer(state, rows, row, { debit, credit, amount });
  if (!isPending) return;
  undo.status(position, 1);
  const timeout = rows.columns.timeout.isZero ? 0 : rows.columns.timeout.numberAt(row);
  if (timeout === 0) return;
  const nanos = timeline.nanos + row;
  const micros = timeline.micros + Math.floor(nanos / 1000) + timeout * 1_000_000;
  undo.expiry(micros, nanos % 1000, position);
}

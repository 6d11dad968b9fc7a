import { AccountFlag, type NewTransfer, TransferFlag, TransferResult } from '@quorate/ledger';
import type { ModelAccount, ModelState, ModelTransfer } from './model-state.ts';

const nanosPerSecond = 1_000_000_000n;
const settling = TransferFlag.postPendingTransfer | TransferFlag.voidPendingTransfer;
const balancing = TransferFlag.balancingDebit | TransferFlag.balancingCredit;

/** Failures that use the id up (rule 21), of those that this scenario can meet. */
export const keptResults: ReadonlySet<number> = new Set([
  TransferResult.debitAccountNotFound,
  TransferResult.creditAccountNotFound,
  TransferResult.pendingTransferNotFound,
  TransferResult.debitAccountAlreadyClosed,
  TransferResult.creditAccountAlreadyClosed,
  TransferResult.exceedsCredits,
  TransferResult.exceedsDebits,
]);

/** @returns what a transfer comes to; it is carried out when that is 0 */
export function judgeTransfer(model: ModelState, asked: NewTransfer, timestamp: bigint): number {
  const there = model.transfers.get(asked.id);
  if (there !== undefined) return compare(model, asked, there);
  if (model.failedIds.has(asked.id)) return TransferResult.idAlreadyFailed;
  return ((asked.flags ?? 0) & settling) === 0
    ? move(model, asked, timestamp)
    : settle(model, asked, timestamp);
}

function compare(model: ModelState, asked: NewTransfer, there: ModelTransfer): number {
  const { flags = 0, pendingId = 0n, timeout = 0 } = asked;
  const { debitAccountId, creditAccountId } = asked;
  if (flags !== there.flags) return TransferResult.existsWithDifferentFlags;
  if (pendingId !== there.pendingId) return TransferResult.existsWithDifferentPendingId;
  if (timeout !== there.timeout) return TransferResult.existsWithDifferentTimeout;
  const mayBeLeftOut = (flags & settling) !== 0;
  if (debitAccountId !== there.debit.asked.id && !(mayBeLeftOut && debitAccountId === 0n))
    return TransferResult.existsWithDifferentDebitAccountId;
  if (creditAccountId !== there.credit.asked.id && !(mayBeLeftOut && creditAccountId === 0n))
    return TransferResult.existsWithDifferentCreditAccountId;
  return isSameAmount(model, asked, there)
    ? TransferResult.exists
    : TransferResult.existsWithDifferentAmount;
}

function isSameAmount(model: ModelState, { amount, flags = 0 }: NewTransfer, there: ModelTransfer) {
  if ((flags & settling) !== 0 && amount === 0n)
    return there.amount === model.transfers.get(there.pendingId)?.amount;
  return (flags & balancing) !== 0 ? amount >= there.amount : amount === there.amount;
}

function settle(model: ModelState, asked: NewTransfer, timestamp: bigint): number {
  const { id, flags = 0, pendingId = 0n } = asked;
  const pending = model.transfers.get(pendingId);
  if (pending === undefined) return TransferResult.pendingTransferNotFound;
  if ((pending.flags & TransferFlag.pending) === 0) return TransferResult.pendingTransferNotPending;
  const { debit, credit } = pending;
  const amount = asked.amount === 0n ? pending.amount : asked.amount;
  const isVoid = (flags & TransferFlag.voidPendingTransfer) !== 0;
  if (amount > pending.amount) return TransferResult.exceedsPendingTransferAmount;
  if (isVoid && amount < pending.amount) return TransferResult.pendingTransferHasDifferentAmount;
  if (pending.status === 'posted') return TransferResult.pendingTransferAlreadyPosted;
  if (pending.status === 'voided') return TransferResult.pendingTransferAlreadyVoided;
  if (pending.status === 'expired') return TransferResult.pendingTransferExpired;
  if (!isVoid && debit.isClosed) return TransferResult.debitAccountAlreadyClosed;
  if (!isVoid && credit.isClosed) return TransferResult.creditAccountAlreadyClosed;
  model.release(pending, isVoid ? 'voided' : 'posted');
  if (!isVoid) {
    model.add(debit, 'debitsPosted', amount);
    model.add(credit, 'creditsPosted', amount);
  }
  const rest = { timeout: 0, timestamp, expiresAt: null, status: 'moved' } as const;
  record(model, { id, pendingId, debit, credit, amount, flags, ...rest });
  return 0;
}

function move(model: ModelState, asked: NewTransfer, timestamp: bigint): number {
  const { id, flags = 0, timeout = 0 } = asked;
  const debit = model.accounts.get(asked.debitAccountId);
  const credit = model.accounts.get(asked.creditAccountId);
  if (debit === undefined) return TransferResult.debitAccountNotFound;
  if (credit === undefined) return TransferResult.creditAccountNotFound;
  if (debit.isClosed) return TransferResult.debitAccountAlreadyClosed;
  if (credit.isClosed) return TransferResult.creditAccountAlreadyClosed;
  let { amount } = asked;
  const debits = debit.debitsPending + debit.debitsPosted;
  const credits = credit.creditsPending + credit.creditsPosted;
  if ((flags & TransferFlag.balancingDebit) !== 0) {
    amount = least(amount, debit.creditsPosted - debits);
    if (amount <= 0n) return TransferResult.exceedsCredits;
  }
  if ((flags & TransferFlag.balancingCredit) !== 0) {
    amount = least(amount, credit.debitsPosted - credits);
    if (amount <= 0n) return TransferResult.exceedsDebits;
  }
  if (isLimited(debit, AccountFlag.debitsMustNotExceedCredits, debits + amount))
    return TransferResult.exceedsCredits;
  if (isLimited(credit, AccountFlag.creditsMustNotExceedDebits, credits + amount))
    return TransferResult.exceedsDebits;
  const isPending = (flags & TransferFlag.pending) !== 0;
  model.add(debit, isPending ? 'debitsPending' : 'debitsPosted', amount);
  model.add(credit, isPending ? 'creditsPending' : 'creditsPosted', amount);
  if ((flags & TransferFlag.closingDebit) !== 0) model.close(debit, true);
  if ((flags & TransferFlag.closingCredit) !== 0) model.close(credit, true);
  const expiresAt = timeout === 0 ? null : timestamp + BigInt(timeout) * nanosPerSecond;
  const status = isPending ? 'open' : 'moved';
  const parts = { id, pendingId: 0n, debit, credit, amount, flags, timeout };
  record(model, { ...parts, timestamp, expiresAt, status });
  return 0;
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

function isLimited(account: ModelAccount, flag: number, sum: bigint): boolean {
  if ((account.flags & flag) === 0) return false;
  const isOfDebits = flag === AccountFlag.debitsMustNotExceedCredits;
  return sum > (isOfDebits ? account.creditsPosted : account.debitsPosted);
}

function record(model: ModelState, transfer: ModelTransfer): void {
  model.transfers.set(transfer.id, transfer);
  model.noteHistory(transfer.debit, transfer.credit);
  if (transfer.status === 'open') model.open.add(transfer);
  model.undoLater(() => {
    model.transfers.delete(transfer.id);
    model.open.delete(transfer);
  });
}

import { type Account, AccountFlag } from '../../src/model/account.ts';
import { maxUint128 } from '../../src/model/limits.ts';
import { type Transfer, TransferFlag } from '../../src/model/transfer.ts';
import { TransferResult } from '../../src/model/transfer-results.ts';
import type { OracleState } from './oracle-state.ts';

/** A transfer that moves an amount or reserves it. Returns a number of `TransferResult`. */
export function moveOrReserve(state: OracleState, wanted: Transfer): number {
  const wrong = checkFields(wanted);
  if (wrong !== TransferResult.ok) return wrong;

  const debit = state.accounts.get(wanted.debitAccountId);
  const credit = state.accounts.get(wanted.creditAccountId);
  if (debit === undefined) return TransferResult.debitAccountNotFound;
  if (credit === undefined) return TransferResult.creditAccountNotFound;
  if (debit.ledger !== credit.ledger) return TransferResult.accountsMustHaveTheSameLedger;
  if (wanted.ledger !== debit.ledger) {
    return TransferResult.transferMustHaveTheSameLedgerAsAccounts;
  }
  if ((debit.flags & AccountFlag.closed) !== 0) return TransferResult.debitAccountAlreadyClosed;
  if ((credit.flags & AccountFlag.closed) !== 0) return TransferResult.creditAccountAlreadyClosed;

  let amount = wanted.amount;
  if ((wanted.flags & TransferFlag.balancingDebit) !== 0) {
    const available = debit.creditsPosted - debit.debitsPosted - debit.debitsPending;
    amount = least(amount, available);
    if (amount <= 0n) return TransferResult.exceedsCredits;
  }
  if ((wanted.flags & TransferFlag.balancingCredit) !== 0) {
    const available = credit.debitsPosted - credit.creditsPosted - credit.creditsPending;
    amount = least(amount, available);
    if (amount <= 0n) return TransferResult.exceedsDebits;
  }
  const isPending = (wanted.flags & TransferFlag.pending) !== 0;
  const unbearable = checkBalances(debit, credit, amount, isPending);
  if (unbearable !== TransferResult.ok) return unbearable;

  carryOut(state, { ...wanted, amount });
  return TransferResult.ok;
}

function checkFields(wanted: Transfer): number {
  const isPending = (wanted.flags & TransferFlag.pending) !== 0;
  const closing = TransferFlag.closingDebit | TransferFlag.closingCredit;
  if (wanted.debitAccountId === 0n) return TransferResult.debitAccountIdMustNotBeZero;
  if (wanted.debitAccountId === maxUint128) return TransferResult.debitAccountIdMustNotBeIntMax;
  if (wanted.creditAccountId === 0n) return TransferResult.creditAccountIdMustNotBeZero;
  if (wanted.creditAccountId === maxUint128) return TransferResult.creditAccountIdMustNotBeIntMax;
  if (wanted.debitAccountId === wanted.creditAccountId) {
    return TransferResult.accountsMustBeDifferent;
  }
  if (wanted.pendingId !== 0n) return TransferResult.pendingIdMustBeZero;
  if (!isPending && wanted.timeout !== 0) return TransferResult.timeoutReservedForPendingTransfer;
  if (!isPending && (wanted.flags & closing) !== 0) {
    return TransferResult.closingTransferMustBePending;
  }
  if (wanted.amount === 0n) return TransferResult.amountMustNotBeZero;
  if (wanted.ledger === 0) return TransferResult.ledgerMustNotBeZero;
  if (wanted.code === 0) return TransferResult.codeMustNotBeZero;
  return TransferResult.ok;
}

function checkBalances(debit: Account, credit: Account, amount: bigint, isPending: boolean) {
  if (isPending && debit.debitsPending + amount > maxUint128) {
    return TransferResult.overflowsDebitsPending;
  }
  if (isPending && credit.creditsPending + amount > maxUint128) {
    return TransferResult.overflowsCreditsPending;
  }
  if (debit.debitsPosted + amount > maxUint128) return TransferResult.overflowsDebitsPosted;
  if (credit.creditsPosted + amount > maxUint128) return TransferResult.overflowsCreditsPosted;
  const debits = debit.debitsPending + debit.debitsPosted + amount;
  const credits = credit.creditsPending + credit.creditsPosted + amount;
  if (debits > maxUint128) return TransferResult.overflowsDebits;
  if (credits > maxUint128) return TransferResult.overflowsCredits;
  const limitsDebits = (debit.flags & AccountFlag.debitsMustNotExceedCredits) !== 0;
  const limitsCredits = (credit.flags & AccountFlag.creditsMustNotExceedDebits) !== 0;
  if (limitsDebits && debits > debit.creditsPosted) return TransferResult.exceedsCredits;
  if (limitsCredits && credits > credit.debitsPosted) return TransferResult.exceedsDebits;
  return TransferResult.ok;
}

function carryOut(state: OracleState, transfer: Transfer): void {
  const { id, debitAccountId, creditAccountId, amount, flags, timestamp } = transfer;
  if ((flags & TransferFlag.pending) !== 0) {
    state.addToAccount(debitAccountId, { debitsPending: amount });
    state.addToAccount(creditAccountId, { creditsPending: amount });
  } else {
    state.addToAccount(debitAccountId, { debitsPosted: amount });
    state.addToAccount(creditAccountId, { creditsPosted: amount });
  }
  if ((flags & TransferFlag.closingDebit) !== 0) state.close(debitAccountId);
  if ((flags & TransferFlag.closingCredit) !== 0) state.close(creditAccountId);
  state.addTransfer(transfer);
  if ((flags & TransferFlag.pending) !== 0) state.setFate(id, 'open');
  state.recordBalances(debitAccountId, timestamp);
  state.recordBalances(creditAccountId, timestamp);
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

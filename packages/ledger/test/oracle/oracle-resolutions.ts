import { AccountFlag } from '../../src/model/account.ts';
import { maxUint128 } from '../../src/model/limits.ts';
import { type Transfer, TransferFlag } from '../../src/model/transfer.ts';
import { TransferResult } from '../../src/model/transfer-results.ts';
import type { OracleState } from './oracle-state.ts';

const notWithPostOrVoid =
  TransferFlag.pending |
  TransferFlag.balancingDebit |
  TransferFlag.balancingCredit |
  TransferFlag.closingDebit |
  TransferFlag.closingCredit;

/** A post or a void. Returns a number of `TransferResult`. */
export function resolvePending(state: OracleState, wanted: Transfer): number {
  const isPost = (wanted.flags & TransferFlag.postPendingTransfer) !== 0;
  const isVoid = (wanted.flags & TransferFlag.voidPendingTransfer) !== 0;
  if (isPost && isVoid) return TransferResult.flagsAreMutuallyExclusive;
  if ((wanted.flags & notWithPostOrVoid) !== 0) return TransferResult.flagsAreMutuallyExclusive;
  if (wanted.pendingId === 0n) return TransferResult.pendingIdMustNotBeZero;
  if (wanted.pendingId === maxUint128) return TransferResult.pendingIdMustNotBeIntMax;
  if (wanted.pendingId === wanted.id) return TransferResult.pendingIdMustBeDifferent;
  if (wanted.timeout !== 0) return TransferResult.timeoutReservedForPendingTransfer;

  const pending = state.transfers.get(wanted.pendingId);
  if (pending === undefined) return TransferResult.pendingTransferNotFound;
  const result = compareWithPending(wanted, pending, isVoid);
  if (result !== TransferResult.ok) return result;
  const fate = state.fates.get(pending.id);
  if (fate === 'posted') return TransferResult.pendingTransferAlreadyPosted;
  if (fate === 'voided') return TransferResult.pendingTransferAlreadyVoided;
  if (fate === 'expired') return TransferResult.pendingTransferExpired;
  if (isPost && isClosed(state, pending.debitAccountId)) {
    return TransferResult.debitAccountAlreadyClosed;
  }
  if (isPost && isClosed(state, pending.creditAccountId)) {
    return TransferResult.creditAccountAlreadyClosed;
  }

  carryOut(state, wanted, pending);
  return TransferResult.ok;
}

function compareWithPending(wanted: Transfer, pending: Transfer, isVoid: boolean): number {
  if ((pending.flags & TransferFlag.pending) === 0) return TransferResult.pendingTransferNotPending;
  if (wanted.debitAccountId !== 0n && wanted.debitAccountId !== pending.debitAccountId) {
    return TransferResult.pendingTransferHasDifferentDebitAccountId;
  }
  if (wanted.creditAccountId !== 0n && wanted.creditAccountId !== pending.creditAccountId) {
    return TransferResult.pendingTransferHasDifferentCreditAccountId;
  }
  if (wanted.ledger !== 0 && wanted.ledger !== pending.ledger) {
    return TransferResult.pendingTransferHasDifferentLedger;
  }
  if (wanted.code !== 0 && wanted.code !== pending.code) {
    return TransferResult.pendingTransferHasDifferentCode;
  }
  if (wanted.amount > pending.amount) return TransferResult.exceedsPendingTransferAmount;
  if (isVoid && wanted.amount !== 0n && wanted.amount < pending.amount) {
    return TransferResult.pendingTransferHasDifferentAmount;
  }
  return TransferResult.ok;
}

function isClosed(state: OracleState, accountId: bigint): boolean {
  return (state.accountOf(accountId).flags & AccountFlag.closed) !== 0;
}

function carryOut(state: OracleState, wanted: Transfer, pending: Transfer): void {
  const amount = wanted.amount === 0n ? pending.amount : wanted.amount;
  const isPost = (wanted.flags & TransferFlag.postPendingTransfer) !== 0;
  giveBack(state, pending);
  state.setFate(pending.id, isPost ? 'posted' : 'voided');
  if (isPost) {
    state.addToAccount(pending.debitAccountId, { debitsPosted: amount });
    state.addToAccount(pending.creditAccountId, { creditsPosted: amount });
  } else {
    takeBackClosing(state, pending);
  }
  state.addTransfer({
    ...pending,
    id: wanted.id,
    amount,
    pendingId: pending.id,
    userData128: wanted.userData128 === 0n ? pending.userData128 : wanted.userData128,
    userData64: wanted.userData64 === 0n ? pending.userData64 : wanted.userData64,
    userData32: wanted.userData32 === 0 ? pending.userData32 : wanted.userData32,
    timeout: 0,
    flags: wanted.flags,
    timestamp: wanted.timestamp,
  });
  state.recordBalances(pending.debitAccountId, wanted.timestamp);
  state.recordBalances(pending.creditAccountId, wanted.timestamp);
}

/** The pending transfer's time is over; `timestamp` is that of its expiry. */
export function expire(state: OracleState, pending: Transfer, timestamp: bigint): void {
  giveBack(state, pending);
  takeBackClosing(state, pending);
  state.setFate(pending.id, 'expired');
  state.recordBalances(pending.debitAccountId, timestamp);
  state.recordBalances(pending.creditAccountId, timestamp);
}

function giveBack(state: OracleState, pending: Transfer): void {
  state.addToAccount(pending.debitAccountId, { debitsPending: -pending.amount });
  state.addToAccount(pending.creditAccountId, { creditsPending: -pending.amount });
}

function takeBackClosing(state: OracleState, pending: Transfer): void {
  if ((pending.flags & TransferFlag.closingDebit) !== 0) state.reopen(pending.debitAccountId);
  if ((pending.flags & TransferFlag.closingCredit) !== 0) state.reopen(pending.creditAccountId);
}

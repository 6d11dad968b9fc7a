import { type Transfer, TransferFlag } from '../../src/model/transfer.ts';
import { TransferResult } from '../../src/model/transfer-results.ts';
import type { OracleState } from './oracle-state.ts';

const resolves = TransferFlag.postPendingTransfer | TransferFlag.voidPendingTransfer;
const balances = TransferFlag.balancingDebit | TransferFlag.balancingCredit;

/** Whether a transfer whose id is taken is the same again, or what differs first. */
export function compareWithExisting(state: OracleState, wanted: Transfer, e: Transfer): number {
  if (wanted.flags !== e.flags) return TransferResult.existsWithDifferentFlags;
  if (wanted.pendingId !== e.pendingId) return TransferResult.existsWithDifferentPendingId;
  if (wanted.timeout !== e.timeout) return TransferResult.existsWithDifferentTimeout;
  if ((e.flags & resolves) === 0) return compareFields(wanted, withinBalance(wanted, e));
  return compareFields(completed(wanted, e, state.transferOf(e.pendingId)), e);
}

/** What a post or a void leaves at 0 stands for what the pending transfer says. */
function completed(wanted: Transfer, e: Transfer, pending: Transfer): Transfer {
  return {
    ...wanted,
    debitAccountId: wanted.debitAccountId === 0n ? e.debitAccountId : wanted.debitAccountId,
    creditAccountId: wanted.creditAccountId === 0n ? e.creditAccountId : wanted.creditAccountId,
    amount: wanted.amount === 0n ? pending.amount : wanted.amount,
    userData128: wanted.userData128 === 0n ? pending.userData128 : wanted.userData128,
    userData64: wanted.userData64 === 0n ? pending.userData64 : wanted.userData64,
    userData32: wanted.userData32 === 0 ? pending.userData32 : wanted.userData32,
    ledger: wanted.ledger === 0 ? e.ledger : wanted.ledger,
    code: wanted.code === 0 ? e.code : wanted.code,
  };
}

/** A balancing transfer may have come to less than was wanted, never to more. */
function withinBalance(wanted: Transfer, e: Transfer): Transfer {
  const isClamped = (e.flags & balances) !== 0 && wanted.amount >= e.amount;
  return isClamped ? { ...e, amount: wanted.amount } : e;
}

function compareFields(wanted: Transfer, e: Transfer): number {
  if (wanted.debitAccountId !== e.debitAccountId) {
    return TransferResult.existsWithDifferentDebitAccountId;
  }
  if (wanted.creditAccountId !== e.creditAccountId) {
    return TransferResult.existsWithDifferentCreditAccountId;
  }
  if (wanted.amount !== e.amount) return TransferResult.existsWithDifferentAmount;
  if (wanted.userData128 !== e.userData128) return TransferResult.existsWithDifferentUserData128;
  if (wanted.userData64 !== e.userData64) return TransferResult.existsWithDifferentUserData64;
  if (wanted.userData32 !== e.userData32) return TransferResult.existsWithDifferentUserData32;
  if (wanted.ledger !== e.ledger) return TransferResult.existsWithDifferentLedger;
  if (wanted.code !== e.code) return TransferResult.existsWithDifferentCode;
  return TransferResult.exists;
}

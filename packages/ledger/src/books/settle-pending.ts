import { AccountFlag } from '../model/account.ts';
import { maxUint128 } from '../model/limits.ts';
import { TransferFlag } from '../model/transfer.ts';
import { TransferResult as Result } from '../model/transfer-results.ts';
import { PendingStatus } from '../transfers/pending-statuses.ts';
import { LaneColumn, laneCounts, NumberColumn } from '../transfers/transfer-chunk.ts';
import type { BooksState } from './books-state.ts';
import { recordTransfer } from './record-transfer.ts';
import { type TransferRows, unknownSlot } from './transfer-rows.ts';

const { closed } = AccountFlag;
const { linked, pending, postPendingTransfer, voidPendingTransfer } = TransferFlag;
const { closingDebit, closingCredit } = TransferFlag;
/** What a post or a void may have beside its own flag. */
const others = ~(linked | postPendingTransfer | voidPendingTransfer);

const lanes = new Uint32Array(4);

/** Posts or voids a pending transfer. The id of the transfer that does it is unused. */
export function settlePending(state: BooksState, rows: TransferRows, row: number): number {
  const problem = formProblem(rows, row);
  if (problem !== Result.ok) return problem;
  rows.columns.pendingId.lanesAt(row, lanes);
  const [l0 = 0, l1 = 0, l2 = 0, l3 = 0] = lanes;
  const position = state.ids.find(l0 | 0, l1 | 0, l2 | 0, l3 | 0);
  if (position < 0) return Result.pendingTransferNotFound;
  const difference = differenceFromPending(state, rows, row, position);
  if (difference !== Result.ok) return difference;
  const given = rows.amount(row);
  const reserved = state.transfers.amount(position);
  const amount = given === 0n ? reserved : given;
  if (amount > reserved) return Result.exceedsPendingTransferAmount;
  const isVoid = ((rows.flags[row] as number) & voidPendingTransfer) !== 0;
  if (isVoid && amount < reserved) return Result.pendingTransferHasDifferentAmount;
  const closing = statusProblem(state, position) || (isVoid ? 0 : closedProblem(state, position));
  if (closing !== Result.ok) return closing;
  carryOut(state, rows, row, { position, amount, isVoid });
  return Result.ok;
}

function formProblem(rows: TransferRows, row: number): number {
  const flags = rows.flags[row] as number;
  const isPost = (flags & postPendingTransfer) !== 0;
  const isVoid = (flags & voidPendingTransfer) !== 0;
  if ((isPost && isVoid) || (flags & others) !== 0) return Result.flagsAreMutuallyExclusive;
  const { columns } = rows;
  const pendingId = columns.pendingId.uint128At(row);
  if (pendingId === 0n) return Result.pendingIdMustNotBeZero;
  if (pendingId === maxUint128) return Result.pendingIdMustNotBeIntMax;
  if (pendingId === columns.id.uint128At(row)) return Result.pendingIdMustBeDifferent;
  const timeout = columns.timeout.isZero ? 0 : columns.timeout.numberAt(row);
  return timeout === 0 ? Result.ok : Result.timeoutReservedForPendingTransfer;
}

function differenceFromPending(
  { transfers }: BooksState,
  rows: TransferRows,
  row: number,
  position: number,
): number {
  if ((transfers.number(position, NumberColumn.flags) & pending) === 0)
    return Result.pendingTransferNotPending;
  const debit = rows.debitSlots[row] as number;
  const credit = rows.creditSlots[row] as number;
  const isDebitGiven = debit !== unknownSlot || rows.debitAccountId(row) !== 0n;
  if (isDebitGiven && debit !== transfers.number(position, NumberColumn.debitSlot))
    return Result.pendingTransferHasDifferentDebitAccountId;
  const isCreditGiven = credit !== unknownSlot || rows.creditAccountId(row) !== 0n;
  if (isCreditGiven && credit !== transfers.number(position, NumberColumn.creditSlot))
    return Result.pendingTransferHasDifferentCreditAccountId;
  const ledger = rows.ledgers[row] as number;
  if (ledger !== 0 && ledger !== transfers.number(position, NumberColumn.ledger))
    return Result.pendingTransferHasDifferentLedger;
  const code = rows.codes[row] as number;
  if (code !== 0 && code !== transfers.number(position, NumberColumn.code))
    return Result.pendingTransferHasDifferentCode;
  return Result.ok;
}

function statusProblem({ statuses }: BooksState, position: number): number {
  switch (statuses.get(position)) {
    case PendingStatus.posted:
      return Result.pendingTransferAlreadyPosted;
    case PendingStatus.voided:
      return Result.pendingTransferAlreadyVoided;
    case PendingStatus.expired:
      return Result.pendingTransferExpired;
    default:
      return Result.ok;
  }
}

function closedProblem({ accounts, transfers }: BooksState, position: number): number {
  const debit = transfers.number(position, NumberColumn.debitSlot);
  const credit = transfers.number(position, NumberColumn.creditSlot);
  if ((accounts.flags(debit) & closed) !== 0) return Result.debitAccountAlreadyClosed;
  if ((accounts.flags(credit) & closed) !== 0) return Result.creditAccountAlreadyClosed;
  return Result.ok;
}

interface Settlement {
  /** Of the pending transfer. */
  readonly position: number;
  readonly amount: bigint;
  readonly isVoid: boolean;
}

function carryOut(
  state: BooksState,
  rows: TransferRows,
  row: number,
  { position, amount, isVoid }: Settlement,
): void {
  const { accounts, transfers, undo } = state;
  const debit = transfers.number(position, NumberColumn.debitSlot);
  const credit = transfers.number(position, NumberColumn.creditSlot);
  release(state, position, isVoid);
  if (!isVoid) {
    accounts.setBalance(debit, 1, accounts.balance(debit, 1) + amount);
    accounts.setBalance(credit, 3, accounts.balance(credit, 3) + amount);
  }
  undo.status(position, isVoid ? PendingStatus.voided : PendingStatus.posted);
  recordTransfer(state, rows, row, { debit, credit, amount });
  inherit(state, position);
}

/**
 * Gives back what a pending transfer has reserved.
 *
 * @param reopens whether accounts that it has closed are open again
 */
export function release(
  { accounts, transfers, undo }: BooksState,
  position: number,
  reopens: boolean,
): void {
  const debit = transfers.number(position, NumberColumn.debitSlot);
  const credit = transfers.number(position, NumberColumn.creditSlot);
  const flags = transfers.number(position, NumberColumn.flags);
  const reserved = transfers.amount(position);
  undo.account(debit);
  undo.account(credit);
  accounts.setBalance(debit, 0, accounts.balance(debit, 0) - reserved);
  accounts.setBalance(credit, 2, accounts.balance(credit, 2) - reserved);
  if (!reopens) return;
  if ((flags & closingDebit) !== 0) accounts.setFlags(debit, accounts.flags(debit) & ~closed);
  if ((flags & closingCredit) !== 0) accounts.setFlags(credit, accounts.flags(credit) & ~closed);
}

/** The newest transfer takes from the pending one what the client has left open. */
function inherit({ transfers }: BooksState, pendingPosition: number): void {
  const { open } = transfers;
  const at = open.count - 1;
  const from = transfers.chunkOf(pendingPosition);
  const row = transfers.rowOf(pendingPosition);
  open.ledgers[at] = from.number(NumberColumn.ledger, row);
  open.codes[at] = from.number(NumberColumn.code, row);
  const userData32 = from.number(NumberColumn.userData32, row);
  if (userData32 !== 0 && open.number(NumberColumn.userData32, at) === 0)
    open.userData32[at] = userData32;
  for (const column of [LaneColumn.userData128, LaneColumn.userData64] as const) {
    const count = laneCounts[column];
    let isGiven = false;
    let isThere = false;
    for (let lane = 0; lane < count; lane++) {
      if (open.lane(column, at, lane) !== 0) isGiven = true;
      if (from.lane(column, row, lane) !== 0) isThere = true;
    }
    if (isGiven || !isThere) continue;
    for (let lane = 0; lane < count; lane++)
      open.lanes(column)[at * count + lane] = from.lane(column, row, lane);
  }
}

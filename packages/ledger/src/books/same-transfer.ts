import type { Column } from '../columns/column.ts';
import { TransferFlag } from '../model/transfer.ts';
import { TransferResult as Result } from '../model/transfer-results.ts';
import { LaneColumn, laneCounts, NumberColumn } from '../transfers/transfer-chunk.ts';
import type { BooksState } from './books-state.ts';
import { type TransferRows, unknownSlot } from './transfer-rows.ts';

const { postPendingTransfer, voidPendingTransfer, balancingDebit, balancingCredit } = TransferFlag;
const settling = postPendingTransfer | voidPendingTransfer;
const balancing = balancingDebit | balancingCredit;

const lanes = new Uint32Array(4);

/**
 * Compares what a client sends with the transfer that has its id.
 *
 * @returns `exists` when it is the same, else which field differs
 */
export function compareTransfer(
  state: BooksState,
  rows: TransferRows,
  row: number,
  position: number,
): number {
  const { transfers } = state;
  const { columns } = rows;
  const flags = transfers.number(position, NumberColumn.flags);
  if (flags !== rows.flags[row]) return Result.existsWithDifferentFlags;
  if (!areSameLanes(state, columns.pendingId, row, LaneColumn.pendingId, position))
    return Result.existsWithDifferentPendingId;
  if (transfers.number(position, NumberColumn.timeout) !== columns.timeout.numberAt(row))
    return Result.existsWithDifferentTimeout;
  const pendingPosition = (flags & settling) === 0 ? -1 : pendingOf(state, position);
  return (
    accountsDifference(state, rows, row, { position, pendingPosition }) ||
    amountDifference(state, rows, row, { position, pendingPosition }) ||
    restDifference(state, rows, row, { position, pendingPosition }) ||
    Result.exists
  );
}

/** A transfer that is there; and the pending one that it settles, or -1. */
interface Stored {
  readonly position: number;
  readonly pendingPosition: number;
}

function pendingOf({ transfers, ids }: BooksState, position: number): number {
  const chunk = transfers.chunkOf(position);
  const row = transfers.rowOf(position);
  return ids.find(
    chunk.lane(LaneColumn.pendingId, row, 0) | 0,
    chunk.lane(LaneColumn.pendingId, row, 1) | 0,
    chunk.lane(LaneColumn.pendingId, row, 2) | 0,
    chunk.lane(LaneColumn.pendingId, row, 3) | 0,
  );
}

function accountsDifference(
  { transfers }: BooksState,
  rows: TransferRows,
  row: number,
  { position, pendingPosition }: Stored,
): number {
  const mayBeOpen = pendingPosition >= 0;
  const debit = rows.debitSlots[row] as number;
  const isDebitOpen = mayBeOpen && debit === unknownSlot && rows.debitAccountId(row) === 0n;
  if (!isDebitOpen && debit !== transfers.number(position, NumberColumn.debitSlot))
    return Result.existsWithDifferentDebitAccountId;
  const credit = rows.creditSlots[row] as number;
  const isCreditOpen = mayBeOpen && credit === unknownSlot && rows.creditAccountId(row) === 0n;
  if (!isCreditOpen && credit !== transfers.number(position, NumberColumn.creditSlot))
    return Result.existsWithDifferentCreditAccountId;
  return Result.ok;
}

function amountDifference(
  { transfers }: BooksState,
  rows: TransferRows,
  row: number,
  { position, pendingPosition }: Stored,
): number {
  const given = rows.amount(row);
  const amount = transfers.amount(position);
  const flags = rows.flags[row] as number;
  // A balancing transfer may have come to less than was asked for.
  let isSame = (flags & balancing) === 0 ? given === amount : given >= amount;
  if (pendingPosition >= 0 && given === 0n) isSame = transfers.amount(pendingPosition) === amount;
  return isSame ? Result.ok : Result.existsWithDifferentAmount;
}

function restDifference(
  state: BooksState,
  rows: TransferRows,
  row: number,
  { position, pendingPosition }: Stored,
): number {
  const { transfers } = state;
  const { columns } = rows;
  const { userData128, userData64 } = LaneColumn;
  const of = (column: Column): number =>
    pendingPosition >= 0 && isZeroAt(column, row) ? pendingPosition : -1;
  if (!isAsGiven(state, columns.userData128, row, userData128, position, of(columns.userData128)))
    return Result.existsWithDifferentUserData128;
  if (!isAsGiven(state, columns.userData64, row, userData64, position, of(columns.userData64)))
    return Result.existsWithDifferentUserData64;
  const inherited = of(columns.userData32);
  const userData32 =
    inherited < 0
      ? columns.userData32.numberAt(row)
      : transfers.number(inherited, NumberColumn.userData32);
  if (userData32 !== transfers.number(position, NumberColumn.userData32))
    return Result.existsWithDifferentUserData32;
  const ledger = rows.ledgers[row] as number;
  const isLedgerOpen = pendingPosition >= 0 && ledger === 0;
  if (!isLedgerOpen && ledger !== transfers.number(position, NumberColumn.ledger))
    return Result.existsWithDifferentLedger;
  const code = rows.codes[row] as number;
  const isCodeOpen = pendingPosition >= 0 && code === 0;
  const isCodeSame = isCodeOpen || code === transfers.number(position, NumberColumn.code);
  return isCodeSame ? Result.ok : Result.existsWithDifferentCode;
}

/** @param inherited the transfer that the value was taken from, or -1: it was given */
function isAsGiven(
  state: BooksState,
  column: Column,
  row: number,
  lane: LaneColumn,
  position: number,
  inherited: number,
): boolean {
  if (inherited < 0) return areSameLanes(state, column, row, lane, position);
  const { transfers } = state;
  const stored = transfers.chunkOf(position);
  const from = transfers.chunkOf(inherited);
  for (let at = 0; at < laneCounts[lane]; at++)
    if (
      stored.lane(lane, transfers.rowOf(position), at) !==
      from.lane(lane, transfers.rowOf(inherited), at)
    )
      return false;
  return true;
}

function areSameLanes(
  { transfers }: BooksState,
  column: Column,
  row: number,
  lane: LaneColumn,
  position: number,
): boolean {
  column.lanesAt(row, lanes);
  const chunk = transfers.chunkOf(position);
  for (let at = 0; at < laneCounts[lane]; at++)
    if (lanes[at] !== chunk.lane(lane, transfers.rowOf(position), at)) return false;
  return true;
}

function isZeroAt(column: Column, row: number): boolean {
  if (column.isZero) return true;
  column.lanesAt(row, lanes);
  return lanes[0] === 0 && lanes[1] === 0 && lanes[2] === 0 && lanes[3] === 0;
}

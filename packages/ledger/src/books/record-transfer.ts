import { AccountFlag } from '../model/account.ts';
import { LaneColumn } from '../transfers/transfer-chunk.ts';
import { Side } from '../transfers/transfer-store.ts';
import type { BooksState } from './books-state.ts';
import type { TransferRows } from './transfer-rows.ts';

/** What a transfer came to, where that is not what the client wrote. */
export interface CarriedOut {
  readonly debit: number;
  readonly credit: number;
  readonly amount: bigint;
}

const lanes = new Uint32Array(4);

/**
 * Adds a transfer that has been carried out: its row, its id, the links of its accounts, and their
 * history.
 *
 * @returns its position
 */
export function recordTransfer(
  state: BooksState,
  rows: TransferRows,
  row: number,
  { debit, credit, amount }: CarriedOut,
): number {
  const { transfers, ids, timeline } = state;
  const { open } = transfers;
  const position = transfers.count;
  const at = open.count++;
  const { columns } = rows;
  const from = row * 4;
  open.ids.set(rows.unsignedIds.subarray(from, from + 4), at * 4);
  ids.add(
    rows.ids[from] as number,
    rows.ids[from + 1] as number,
    rows.ids[from + 2] as number,
    rows.ids[from + 3] as number,
    position,
  );
  open.debitSlots[at] = debit;
  open.creditSlots[at] = credit;
  if (amount > BigInt(Number.MAX_SAFE_INTEGER)) open.setWideAmount(at, amount);
  else open.amounts[at] = Number(amount);
  open.ledgers[at] = rows.ledgers[row] as number;
  open.codes[at] = rows.codes[row] as number;
  open.flags[at] = rows.flags[row] as number;
  open.micros[at] = timeline.micros;
  open.nanos[at] = timeline.nanos + row;
  if (!columns.timeout.isZero) open.timeouts[at] = columns.timeout.numberAt(row);
  if (!columns.userData32.isZero) open.userData32[at] = columns.userData32.numberAt(row);
  for (const [column, lane] of [
    [columns.pendingId, LaneColumn.pendingId],
    [columns.userData128, LaneColumn.userData128],
  ] as const) {
    if (!column.isZero) column.lanesAt(row, open.lanes(lane), at * 4);
  }
  if (!columns.userData64.isZero) {
    columns.userData64.lanesAt(row, lanes);
    open.lanes(LaneColumn.userData64).set(lanes.subarray(0, 2), at * 2);
  }
  linkTransfer(state, position, debit, credit);
  keepHistory(state, debit, credit, timeline.nanos + row);
  return position;
}

/** The two accounts' newest transfer is this one; it remembers the one before. */
function linkTransfer(
  { transfers, accounts }: BooksState,
  position: number,
  debit: number,
  credit: number,
): void {
  transfers.link(position, Side.debit, accounts.lastTransfer(debit));
  transfers.link(position, Side.credit, accounts.lastTransfer(credit));
  accounts.setLastTransfer(debit, position);
  accounts.setLastTransfer(credit, position);
}

/** @param nanos of the moment, beside the timeline's microseconds */
export function keepHistory(
  { accounts, history, timeline }: BooksState,
  debit: number,
  credit: number,
  nanos: number,
): void {
  for (const slot of [debit, credit])
    if ((accounts.flags(slot) & AccountFlag.history) !== 0)
      history.add(slot, timeline.micros, nanos, accounts);
}

import type { BooksState } from '../books/books-state.ts';
import type { Transfer } from '../model/transfer.ts';
import {
  LaneColumn,
  laneCounts,
  NumberColumn,
  type TransferChunk,
} from '../transfers/transfer-chunk.ts';

/** @returns the transfer at a position, which there is */
export function transferAt(state: BooksState, position: number): Transfer {
  return transferIn(state, state.transfers.chunkOf(position), position);
}

/** @returns the same, where its chunk is at hand */
export function transferIn(
  { transfers, accounts }: BooksState,
  chunk: TransferChunk,
  position: number,
): Transfer {
  const row = transfers.rowOf(position);
  const amount = chunk.number(NumberColumn.amount, row);
  return {
    id: lanesAt(chunk, LaneColumn.id, row),
    debitAccountId: accounts.idAt(chunk.number(NumberColumn.debitSlot, row)),
    creditAccountId: accounts.idAt(chunk.number(NumberColumn.creditSlot, row)),
    amount: Number.isNaN(amount) ? chunk.wideAmount(row) : BigInt(amount),
    pendingId: lanesAt(chunk, LaneColumn.pendingId, row),
    userData128: lanesAt(chunk, LaneColumn.userData128, row),
    userData64: lanesAt(chunk, LaneColumn.userData64, row),
    userData32: chunk.number(NumberColumn.userData32, row),
    timeout: chunk.number(NumberColumn.timeout, row),
    ledger: chunk.number(NumberColumn.ledger, row),
    code: chunk.number(NumberColumn.code, row),
    flags: chunk.number(NumberColumn.flags, row),
    timestamp: chunk.timestamp(row),
  };
}

function lanesAt(chunk: TransferChunk, column: LaneColumn, row: number): bigint {
  let value = 0n;
  for (let lane = laneCounts[column] - 1; lane >= 0; lane--)
    value = (value << 32n) | BigInt(chunk.lane(column, row, lane));
  return value;
}

/** @returns the position of the transfer with an id; -1: there is none */
export function positionOf({ ids }: BooksState, id: bigint): number {
  const lane = (at: bigint): number => Number(BigInt.asIntN(32, id >> (32n * at)));
  return Math.max(-1, ids.find(lane(0n), lane(1n), lane(2n), lane(3n)));
}

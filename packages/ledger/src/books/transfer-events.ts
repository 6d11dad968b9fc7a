import { maxUint128 } from '../model/limits.ts';
import { knownTransferFlags, TransferFlag } from '../model/transfer.ts';
import { keepsId, TransferResult as Result } from '../model/transfer-results.ts';
import { failedId, unusedId } from '../transfers/transfer-ids.ts';
import type { BooksState } from './books-state.ts';
import type { ChainedEvents } from './chains.ts';
import { ordinaryTransfer } from './ordinary-transfer.ts';
import { compareTransfer } from './same-transfer.ts';
import { settlePending } from './settle-pending.ts';
import type { TransferRows } from './transfer-rows.ts';

const settling = TransferFlag.postPendingTransfer | TransferFlag.voidPendingTransfer;

/** Every rule for a transfer, one transfer at a time. */
export class TransferEvents implements ChainedEvents {
  readonly #state: BooksState;
  readonly #rows: TransferRows;

  constructor(state: BooksState, rows: TransferRows) {
    this.#state = state;
    this.#rows = rows;
  }

  apply(row: number): number {
    const rows = this.#rows;
    const { columns, ids } = rows;
    if (!columns.timestamp.isZero && columns.timestamp.uint128At(row) !== 0n)
      return Result.timestampMustBeZero;
    const flags = rows.flags[row] as number;
    if ((flags & ~knownTransferFlags) !== 0) return Result.reservedFlag;
    const l0 = ids[row * 4] as number;
    const l1 = ids[row * 4 + 1] as number;
    const l2 = ids[row * 4 + 2] as number;
    const l3 = ids[row * 4 + 3] as number;
    if ((l0 | l1 | l2 | l3) === 0) return Result.idMustNotBeZero;
    if ((l0 & l1 & l2 & l3) === -1) return Result.idMustNotBeIntMax;
    const position = this.#state.ids.find(l0, l1, l2, l3);
    if (position === failedId) return Result.idAlreadyFailed;
    if (position !== unusedId) return compareTransfer(this.#state, rows, row, position);
    return (flags & settling) === 0
      ? ordinaryTransfer(this.#state, rows, row)
      : settlePending(this.#state, rows, row);
  }

  failed(row: number, result: number): void {
    if (!keepsId(result)) return;
    const { ids } = this.#rows;
    this.#state.ids.addFailed(
      ids[row * 4] as number,
      ids[row * 4 + 1] as number,
      ids[row * 4 + 2] as number,
      ids[row * 4 + 3] as number,
    );
  }
}

/** Whether ids from this one on, so many, are neither 0 nor the largest number. */
export function areOrdinaryIds(first: bigint, count: number): boolean {
  return first > 0n && first + BigInt(count) <= maxUint128;
}

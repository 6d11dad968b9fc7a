import { maxUint128 } from '../../src/model/limits.ts';
import { knownTransferFlags, type Transfer, TransferFlag } from '../../src/model/transfer.ts';
import { keepsId, TransferResult } from '../../src/model/transfer-results.ts';
import type { TransferEvent } from './books-under-test.ts';
import { compareWithExisting } from './oracle-existing.ts';
import { moveOrReserve } from './oracle-moves.ts';
import { resolvePending } from './oracle-resolutions.ts';
import type { OracleState } from './oracle-state.ts';

/**
 * Carries a transfer out if nothing speaks against it, and keeps its id if it failed for good.
 * Returns a number of `TransferResult`.
 */
export function createTransfer(
  state: OracleState,
  event: TransferEvent,
  timestamp: bigint,
): number {
  const result = judgeAndCarryOut(state, event, timestamp);
  if (keepsId(result)) state.keptIds.add(event.id);
  return result;
}

function judgeAndCarryOut(state: OracleState, event: TransferEvent, timestamp: bigint): number {
  const wanted = transferFrom(event, timestamp);
  if ((event.timestamp ?? 0n) !== 0n) return TransferResult.timestampMustBeZero;
  if ((wanted.flags & ~knownTransferFlags) !== 0) return TransferResult.reservedFlag;
  if (wanted.id === 0n) return TransferResult.idMustNotBeZero;
  if (wanted.id === maxUint128) return TransferResult.idMustNotBeIntMax;

  const existing = state.transfers.get(wanted.id);
  if (existing !== undefined) return compareWithExisting(state, wanted, existing);
  if (state.keptIds.has(wanted.id)) return TransferResult.idAlreadyFailed;

  const resolves = TransferFlag.postPendingTransfer | TransferFlag.voidPendingTransfer;
  if ((wanted.flags & resolves) !== 0) return resolvePending(state, wanted);
  return moveOrReserve(state, wanted);
}

function transferFrom(event: TransferEvent, timestamp: bigint): Transfer {
  return {
    id: event.id,
    debitAccountId: event.debitAccountId,
    creditAccountId: event.creditAccountId,
    amount: event.amount,
    pendingId: event.pendingId ?? 0n,
    userData128: event.userData128 ?? 0n,
    userData64: event.userData64 ?? 0n,
    userData32: event.userData32 ?? 0,
    timeout: event.timeout ?? 0,
    ledger: event.ledger,
    code: event.code,
    flags: event.flags ?? 0,
    timestamp,
  };
}

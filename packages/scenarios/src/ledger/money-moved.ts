import { type NewTransfer, TransferFlag } from '@quorate/ledger';
import { InvariantViolation } from '@quorate/sim';

/** A transfer that was answered with ok. */
export interface MoneyMoved {
  readonly index: number;
  readonly asked: NewTransfer;
}

/** What was answered so far, whatever any model thinks of it. */
export interface MovedLog {
  readonly moved: Map<bigint, MoneyMoved>;
  /** Which pending transfers were resolved, and by which. */
  readonly resolved: Map<bigint, bigint>;
}

const settling = TransferFlag.postPendingTransfer | TransferFlag.voidPendingTransfer;

/**
 * Looks at nothing but what was answered: no id moves money twice, no pending transfer is resolved
 * twice.
 *
 * @throws InvariantViolation
 */
export function noteMoved(
  { moved, resolved }: MovedLog,
  events: readonly NewTransfer[],
  results: readonly number[],
  index: number,
): void {
  events.forEach((asked, at) => {
    if (results[at] !== 0) return;
    const before = moved.get(asked.id);
    if (before !== undefined) {
      const why = `transfer ${asked.id} was carried out at index ${before.index} and ${index}`;
      throw new InvariantViolation('money moves once', why);
    }
    moved.set(asked.id, { index, asked });
    const { pendingId = 0n, flags = 0 } = asked;
    if ((flags & settling) === 0) return;
    const other = resolved.get(pendingId);
    if (other !== undefined) {
      const why = `${pendingId} was resolved by ${other} and, at index ${index}, by ${asked.id}`;
      throw new InvariantViolation('resolved at most once', why);
    }
    resolved.set(pendingId, asked.id);
  });
}

import type { Expiries } from '../transfers/expiries.ts';
import { PendingStatus } from '../transfers/pending-statuses.ts';
import { NumberColumn } from '../transfers/transfer-chunk.ts';
import type { BooksState } from './books-state.ts';
import { keepHistory } from './record-transfer.ts';
import { release } from './settle-pending.ts';

/** Lets go what was pending for too long, each at a moment of its own, before the batch's own. */
export function expireDue(state: BooksState): void {
  const { expiries, statuses, timeline, transfers } = state;
  const { micros, nanos } = timeline;
  while (isDue(expiries, micros, nanos)) {
    const position = expiries.firstPosition;
    expiries.removeFirst();
    if (statuses.get(position) !== PendingStatus.open) continue;
    release(state, position, true);
    state.undo.status(position, PendingStatus.expired);
    const debit = transfers.number(position, NumberColumn.debitSlot);
    const credit = transfers.number(position, NumberColumn.creditSlot);
    keepHistory(state, debit, credit, timeline.nanos);
    timeline.take(1);
  }
}

function isDue(expiries: Expiries, micros: number, nanos: number): boolean {
  const { firstMicros } = expiries;
  return firstMicros === micros ? expiries.firstNanos <= nanos : firstMicros < micros;
}

import { type Books, lookupTransfers, TransferFlag } from '@quorate/ledger';
import { InvariantViolation } from '@quorate/sim';
import type { BooksModel } from './books-model.ts';
import { checkBooks } from './check-books.ts';
import type { SeenBefore } from './ledger-told.ts';

/** What is moved may be less than what was asked for. */
const lessThanAsked =
  TransferFlag.balancingDebit |
  TransferFlag.balancingCredit |
  TransferFlag.postPendingTransfer |
  TransferFlag.voidPendingTransfer;

/**
 * What a linearizable read finds: everything that any client was told before it began.
 *
 * @throws InvariantViolation
 */
export function checkRead(
  state: Books['state'],
  model: BooksModel,
  seen: SeenBefore,
  node: number,
): void {
  const { last } = state.timeline;
  if (last < seen.timestamp) {
    const why = `node ${node} reads books as of ${last}, and ${seen.timestamp} was told before`;
    throw new InvariantViolation('reads see what was told', why);
  }
  for (const asked of seen.transfers) {
    const [found] = lookupTransfers(state, [asked.id]);
    const { amount, flags = 0 } = asked;
    const isSame = found?.amount === amount || (flags & lessThanAsked) !== 0;
    if (found !== undefined && isSame && found.flags === flags) continue;
    const there = found?.amount ?? 'not there';
    const why = `transfer ${asked.id} of ${amount} is ${there} on node ${node}`;
    throw new InvariantViolation('acknowledged transfers are kept', why);
  }
  // The model is ahead of who has not applied all.
  if (last === model.last) checkBooks(state, model, `node ${node}, read`);
}

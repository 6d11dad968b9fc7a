import type { BooksState } from '../books/books-state.ts';
import { type AccountBalance, AccountFlag } from '../model/account.ts';
import { slotOf } from './account-slot.ts';
import { accountTimestamp } from './account-timestamp.ts';

/**
 * What the balances of an account with `history` were at a moment: those after its last transfer or
 * expiry until then, with the timestamp of that, or of its creation where there was none.
 *
 * @param accountId neither 0 nor 2^128 - 1
 * @param timestamp nanoseconds since the Unix epoch; of one yet to come the balances are today's
 * @returns undefined: there was no such account then, or it has no `history`
 */
export function balanceAt(
  state: BooksState,
  accountId: bigint,
  timestamp: bigint,
): AccountBalance | undefined {
  const { accounts, history } = state;
  const slot = slotOf(state, accountId);
  if (slot < 0 || (accounts.flags(slot) & AccountFlag.history) === 0) return undefined;
  const record = history.newestUntil(history.newestOf(slot), timestamp);
  if (record >= 0) return history.balanceAt(record);
  const opened = accountTimestamp(accounts, slot);
  if (opened > timestamp) return undefined;
  return {
    debitsPending: 0n,
    debitsPosted: 0n,
    creditsPending: 0n,
    creditsPosted: 0n,
    timestamp: opened,
  };
}

import { AccountFlag, type Books, totals } from '@quorate/ledger';
import { InvariantViolation } from '@quorate/sim';
import type { BooksModel } from './books-model.ts';
import type { ModelAccount } from './model-state.ts';

type BooksState = Books['state'];

/**
 * Compares books with the model, and with what holds whatever any model says: debits are credits,
 * and limits are kept.
 *
 * @param where for the message
 * @throws InvariantViolation
 */
export function checkBooks(state: BooksState, model: BooksModel, where: string): void {
  checkTotals(state, where);
  const { accounts, transfers, statuses, history, timeline } = state;
  let slot = 0;
  for (const account of model.accounts.values()) {
    if (slot >= accounts.count) break;
    checkAccount(state, slot, account, where);
    slot += 1;
  }
  const found = [accounts.count, transfers.count, statuses.openCount, history.count, timeline.last];
  const { open, historyRows, last } = model;
  const expected = [model.accounts.size, model.transfers.size, open.size, historyRows, last];
  if (String(found) === String(expected)) return;
  throw new InvariantViolation(
    'books as the model has them',
    `accounts, transfers, open, history, last: [${found.join()}] on ${where}, ` +
      `in the model [${expected.join()}]`,
  );
}

function checkTotals(state: BooksState, where: string): void {
  for (const sums of totals(state)) {
    const { ledger, debitsPosted, creditsPosted, debitsPending, creditsPending } = sums;
    if (debitsPosted === creditsPosted && debitsPending === creditsPending) continue;
    throw new InvariantViolation(
      'debits are credits',
      `ledger ${ledger} on ${where}: posted ${debitsPosted} and ${creditsPosted}, pending ` +
        `${debitsPending} and ${creditsPending}`,
    );
  }
}

function checkAccount(
  { accounts }: BooksState,
  slot: number,
  model: ModelAccount,
  where: string,
): void {
  const account = accounts.accountAt(slot);
  const { id, debitsPending, debitsPosted, creditsPending, creditsPosted, flags } = account;
  const isOverdrawn =
    (flags & AccountFlag.debitsMustNotExceedCredits) !== 0 &&
    debitsPending + debitsPosted > creditsPosted;
  const isOverpaid =
    (flags & AccountFlag.creditsMustNotExceedDebits) !== 0 &&
    creditsPending + creditsPosted > debitsPosted;
  const found = [id, debitsPending, debitsPosted, creditsPending, creditsPosted, flags];
  if (isOverdrawn || isOverpaid) {
    throw new InvariantViolation('limits are kept', `account [${found.join()}] on ${where}`);
  }
  const closed = model.isClosed ? AccountFlag.closed : 0;
  const expected = [
    ...[model.asked.id, model.debitsPending, model.debitsPosted],
    ...[model.creditsPending, model.creditsPosted, model.flags | closed],
  ];
  if (String(found) === String(expected)) return;
  throw new InvariantViolation(
    'books as the model has them',
    `account [${found.join()}] on ${where}, in the model [${expected.join()}]`,
  );
}

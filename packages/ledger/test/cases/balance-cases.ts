import { AccountFlag } from '../../src/model/account.ts';
import { maxUint128 } from '../../src/model/limits.ts';
import { TransferFlag } from '../../src/model/transfer.ts';
import {
  account,
  answered,
  type LedgerCase,
  moved,
  opened,
  resolution,
  transfer,
  twoAccounts,
} from './ledger-case.ts';

const { pending, postPendingTransfer: post, balancingDebit, balancingCredit } = TransferFlag;
const { history } = AccountFlag;

/** Account 1 can give 6: 10 credited, 3 debited, 1 pending. */
const sixToGive = [
  opened(account(1n), account(2n), account(3n)),
  moved(
    transfer(1n, { debitAccountId: 3n, creditAccountId: 1n }),
    transfer(2n, { creditAccountId: 3n, amount: 3n }),
    transfer(3n, { creditAccountId: 3n, amount: 1n, flags: pending }),
  ),
];

/** Account 2 can take 6: 10 debited, 3 credited, 1 pending. */
const sixToTake = [
  opened(account(1n), account(2n), account(3n)),
  moved(
    transfer(1n, { debitAccountId: 2n, creditAccountId: 3n }),
    transfer(2n, { debitAccountId: 3n, amount: 3n }),
    transfer(3n, { debitAccountId: 3n, amount: 1n, flags: pending }),
  ),
];

/** Transfers whose amount is what an account can give or take. */
const balancingCases: readonly LedgerCase[] = [
  {
    says: 'a balancing debit moves what the account can give, and nothing more later',
    steps: [
      ...sixToGive,
      moved(transfer(4n, { amount: maxUint128, flags: balancingDebit })),
      { transfer: 4n, is: { amount: 6n } },
      answered(transfer(5n, { amount: 1n, flags: balancingDebit }), 'exceedsCredits'),
    ],
  },
  {
    says: 'a balancing credit moves what the account can take, and nothing more later',
    steps: [
      ...sixToTake,
      moved(transfer(4n, { amount: maxUint128, flags: balancingCredit })),
      { transfer: 4n, is: { amount: 6n } },
      answered(transfer(5n, { amount: 1n, flags: balancingCredit }), 'exceedsDebits'),
    ],
  },
  {
    says: 'a balancing transfer moves no more than it says',
    steps: [
      ...sixToGive,
      moved(transfer(4n, { amount: 5n, flags: balancingDebit | pending })),
      { transfer: 4n, is: { amount: 5n } },
      { account: 1n, is: { debitsPending: 6n, debitsPosted: 3n } },
    ],
  },
  {
    says: 'with both balancing flags the smaller of both amounts is moved',
    steps: [
      ...sixToGive,
      answered(transfer(4n, { flags: balancingDebit | balancingCredit }), 'exceedsDebits'),
      moved(transfer(5n, { debitAccountId: 2n, creditAccountId: 3n, amount: 4n })),
      moved(transfer(6n, { flags: balancingDebit | balancingCredit })),
      { transfer: 6n, is: { amount: 4n } },
    ],
  },
  {
    says: 'an account that owes more than it has gives nothing',
    steps: [
      twoAccounts,
      moved(transfer(1n)),
      answered(transfer(2n, { flags: balancingDebit }), 'exceedsCredits'),
      answered(transfer(3n, { flags: balancingCredit }), 'exceedsDebits'),
    ],
  },
  {
    says: 'a retry of a balancing transfer is the same if it asks for at least what was moved',
    steps: [
      ...sixToGive,
      moved(transfer(4n, { flags: balancingDebit })),
      answered(transfer(4n, { flags: balancingDebit }), 'exists'),
      answered(transfer(4n, { amount: 6n, flags: balancingDebit }), 'exists'),
      answered(transfer(4n, { amount: 99n, flags: balancingDebit }), 'exists'),
      answered(transfer(4n, { amount: 5n, flags: balancingDebit }), 'existsWithDifferentAmount'),
    ],
  },
];

/** Rows of history, timestamps, and amounts at the edges. */
const rowCases: readonly LedgerCase[] = [
  {
    says: 'an account with history has a row after each transfer, one without has none',
    steps: [
      opened(account(1n, { flags: history }), account(2n)),
      {
        transfers: [
          transfer(1n, { flags: pending }),
          transfer(2n, { amount: 0n }),
          resolution(3n, { flags: post, pendingId: 1n, amount: 4n }),
          transfer(4n, { debitAccountId: 2n, creditAccountId: 1n, amount: 7n }),
        ],
        results: ['ok', 'amountMustNotBeZero', 'ok', 'ok'],
      },
      {
        history: 1n,
        is: [
          { debitsPending: 10n, debitsPosted: 0n, creditsPosted: 0n, timestamp: 0n },
          { debitsPending: 0n, debitsPosted: 4n, creditsPosted: 0n, timestamp: 2n },
          { debitsPending: 0n, debitsPosted: 4n, creditsPosted: 7n, timestamp: 3n },
        ],
      },
      { history: 2n, is: [] },
      { history: 9n, is: [] },
    ],
  },
  {
    says: 'both accounts of a transfer have a row when both keep history',
    steps: [
      opened(account(1n, { flags: history }), account(2n, { flags: history })),
      moved(transfer(1n)),
      { history: 1n, is: [{ debitsPosted: 10n, timestamp: 0n }] },
      { history: 2n, is: [{ creditsPosted: 10n, timestamp: 0n }] },
    ],
  },
  {
    says: 'the largest amount of all can be reserved, posted and paid back',
    steps: [
      twoAccounts,
      moved(transfer(1n, { amount: maxUint128, flags: pending })),
      moved(resolution(2n, { flags: post, pendingId: 1n })),
      moved(transfer(3n, { debitAccountId: 2n, creditAccountId: 1n, amount: maxUint128 })),
      { account: 1n, is: { debitsPosted: maxUint128, creditsPosted: maxUint128 } },
      answered(transfer(4n, { amount: 1n }), 'overflowsDebitsPosted'),
    ],
  },
  {
    says: 'an account that was debited much can still be credited, as sides do not mix',
    steps: [
      opened(account(1n), account(2n), account(3n)),
      moved(transfer(1n, { amount: maxUint128 })),
      moved(transfer(2n, { debitAccountId: 3n, creditAccountId: 1n, amount: maxUint128 })),
    ],
  },
];

/** What holds for amounts, and for what is kept of them. */
export const balanceCases = [...balancingCases, ...rowCases];

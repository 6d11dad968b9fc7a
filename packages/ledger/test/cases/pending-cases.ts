import { AccountFlag } from '../../src/model/account.ts';
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

const {
  linked,
  pending,
  postPendingTransfer: post,
  voidPendingTransfer: cancel,
  closingDebit,
  closingCredit,
  balancingDebit,
} = TransferFlag;
const { history, closed } = AccountFlag;
const second = 1_000_000_000n;

/** Pending, posted, voided; and what a retry of these may leave out. */
const resolutionCases: readonly LedgerCase[] = [
  {
    says: 'a pending transfer reserves on both sides, and a part of it is posted',
    steps: [
      twoAccounts,
      moved(transfer(1n, { flags: pending, userData128: 5n, userData64: 6n, timeout: 9 })),
      { account: 1n, is: { debitsPending: 10n, debitsPosted: 0n } },
      { account: 2n, is: { creditsPending: 10n, creditsPosted: 0n } },
      moved(resolution(2n, { flags: post, pendingId: 1n, amount: 4n, userData64: 7n })),
      { account: 1n, is: { debitsPending: 0n, debitsPosted: 4n } },
      { account: 2n, is: { creditsPending: 0n, creditsPosted: 4n } },
      {
        transfer: 2n,
        is: {
          ...transfer(2n),
          amount: 4n,
          pendingId: 1n,
          userData128: 5n,
          userData64: 7n,
          userData32: 0,
          timeout: 0,
          flags: post,
        },
      },
      { transfersOf: 2n, are: [1n, 2n] },
    ],
  },
  {
    says: 'a void gives back all that was reserved',
    steps: [
      twoAccounts,
      moved(transfer(1n, { flags: pending })),
      moved(resolution(2n, { flags: cancel, pendingId: 1n, amount: 10n })),
      { account: 1n, is: { debitsPending: 0n, debitsPosted: 0n } },
      { transfer: 2n, is: { amount: 10n, debitAccountId: 1n, creditAccountId: 2n } },
    ],
  },
  {
    says: 'neither a post with pending nor a void with balancing or closing means anything',
    steps: [
      twoAccounts,
      moved(transfer(1n, { flags: pending })),
      answered(resolution(2n, { flags: post | pending }), 'flagsAreMutuallyExclusive'),
      answered(resolution(2n, { flags: cancel | balancingDebit }), 'flagsAreMutuallyExclusive'),
      answered(resolution(2n, { flags: cancel | closingCredit }), 'flagsAreMutuallyExclusive'),
    ],
  },
  {
    says: 'a retry of a post is the same when it leaves to the pending one what it took from it',
    steps: [
      twoAccounts,
      moved(transfer(1n, { flags: pending, userData32: 3 })),
      moved(resolution(2n, { flags: post, pendingId: 1n, userData64: 8n })),
      answered(resolution(2n, { flags: post, pendingId: 1n, userData64: 8n }), 'exists'),
      answered(
        transfer(2n, { flags: post, pendingId: 1n, userData64: 8n, userData32: 3 }),
        'exists',
      ),
      answered(resolution(2n, { flags: post, pendingId: 1n }), 'existsWithDifferentUserData64'),
      answered(
        resolution(2n, { flags: post, pendingId: 1n, userData64: 8n, timeout: 1 }),
        'existsWithDifferentTimeout',
      ),
      answered(
        resolution(2n, { flags: post, pendingId: 1n, debitAccountId: 2n }),
        'existsWithDifferentDebitAccountId',
      ),
      answered(
        resolution(2n, { flags: post, pendingId: 1n, userData64: 8n, ledger: 2 }),
        'existsWithDifferentLedger',
      ),
    ],
  },
  {
    says: 'a retry of a partial post that asks for all is another transfer',
    steps: [
      twoAccounts,
      moved(transfer(1n, { flags: pending })),
      moved(resolution(2n, { flags: post, pendingId: 1n, amount: 4n })),
      answered(resolution(2n, { flags: post, pendingId: 1n }), 'existsWithDifferentAmount'),
      answered(resolution(2n, { flags: post, pendingId: 1n, amount: 4n }), 'exists'),
    ],
  },
  {
    says: 'a post that came before its pending transfer keeps its id',
    steps: [
      twoAccounts,
      {
        transfers: [
          resolution(2n, { flags: post, pendingId: 1n }),
          transfer(1n, { flags: pending }),
          resolution(2n, { flags: post, pendingId: 1n }),
          resolution(3n, { flags: post, pendingId: 1n }),
        ],
        results: ['pendingTransferNotFound', 'ok', 'idAlreadyFailed', 'ok'],
      },
    ],
  },
];

/** Accounts that a pending transfer closes. */
const closingCases: readonly LedgerCase[] = [
  {
    says: 'a closing transfer closes at once, and its void opens the account again',
    steps: [
      twoAccounts,
      moved(transfer(1n, { flags: pending | closingDebit })),
      { account: 1n, is: { flags: closed } },
      { account: 2n, is: { flags: 0 } },
      answered(transfer(2n), 'debitAccountAlreadyClosed'),
      answered(
        transfer(3n, { debitAccountId: 2n, creditAccountId: 1n }),
        'creditAccountAlreadyClosed',
      ),
      moved(resolution(4n, { flags: cancel, pendingId: 1n })),
      { account: 1n, is: { flags: 0 } },
      answered(transfer(2n), 'idAlreadyFailed'),
      moved(transfer(5n)),
    ],
  },
  {
    says: 'on a closed account what is pending can be voided, not posted',
    steps: [
      twoAccounts,
      moved(transfer(1n, { flags: pending }), transfer(2n, { flags: pending | closingCredit })),
      answered(resolution(3n, { flags: post, pendingId: 1n }), 'creditAccountAlreadyClosed'),
      moved(resolution(4n, { flags: cancel, pendingId: 1n })),
      { account: 2n, is: { flags: closed, creditsPending: 10n } },
      answered(resolution(3n, { flags: post, pendingId: 2n }), 'idAlreadyFailed'),
      answered(resolution(5n, { flags: post, pendingId: 2n }), 'creditAccountAlreadyClosed'),
    ],
  },
  {
    says: 'an account that was opened closed stays so',
    steps: [
      opened(account(1n, { flags: closed }), account(2n)),
      answered(transfer(1n, { flags: pending | closingDebit }), 'debitAccountAlreadyClosed'),
      { account: 1n, is: { flags: closed } },
    ],
  },
];

/** Pending transfers whose time is over. */
const expiryCases: readonly LedgerCase[] = [
  {
    says: 'what is pending expires at its time, with the first entry from then on',
    steps: [
      twoAccounts,
      moved(transfer(1n, { flags: pending, timeout: 2 })),
      { expiresIn: 2n * second },
      { waitSeconds: 1.998 },
      { pulse: true },
      { account: 1n, is: { debitsPending: 10n } },
      { pulse: true },
      { account: 1n, is: { debitsPending: 0n } },
      { account: 2n, is: { creditsPending: 0n } },
      { expiresIn: undefined },
      answered(resolution(2n, { flags: cancel, pendingId: 1n }), 'pendingTransferExpired'),
    ],
  },
  {
    says: 'what has no timeout, or was posted or voided in time, never expires',
    steps: [
      twoAccounts,
      moved(
        transfer(1n, { flags: pending }),
        transfer(2n, { flags: pending, timeout: 1 }),
        transfer(3n, { flags: pending, timeout: 1 }),
        resolution(4n, { flags: post, pendingId: 2n }),
        resolution(5n, { flags: cancel, pendingId: 3n }),
      ),
      { expiresIn: undefined },
      { waitSeconds: 3600 },
      { pulse: true },
      { account: 1n, is: { debitsPending: 10n, debitsPosted: 10n } },
      answered(resolution(6n, { flags: post, pendingId: 2n }), 'pendingTransferAlreadyPosted'),
    ],
  },
  {
    says: 'an expiry opens again what the transfer had closed, before the events of its entry',
    steps: [
      twoAccounts,
      moved(transfer(1n, { flags: pending | closingDebit | closingCredit, timeout: 1 })),
      { account: 2n, is: { flags: closed } },
      { waitSeconds: 1 },
      moved(transfer(2n)),
      { account: 2n, is: { flags: 0, creditsPending: 0n, creditsPosted: 10n } },
    ],
  },
  {
    says: 'expiries come in order of their time, then of their transfers, each with its own row',
    steps: [
      opened(account(1n, { flags: history }), account(2n)),
      moved(
        transfer(1n, { amount: 1n, flags: pending, timeout: 3 }),
        transfer(2n, { amount: 10n, flags: pending, timeout: 2 }),
        transfer(3n, { amount: 100n, flags: pending, timeout: 2 }),
      ),
      { expiresIn: 2n * second + 1n },
      { waitSeconds: 3 },
      moved(transfer(4n, { amount: 1000n })),
      {
        history: 1n,
        is: [
          { debitsPending: 1n },
          { debitsPending: 11n },
          { debitsPending: 111n },
          { debitsPending: 101n, debitsPosted: 0n, timestamp: -3n },
          { debitsPending: 1n, debitsPosted: 0n, timestamp: -2n },
          { debitsPending: 0n, debitsPosted: 0n, timestamp: -1n },
          { debitsPending: 0n, debitsPosted: 1000n, timestamp: 0n },
        ],
      },
      { transfersOf: 1n, are: [1n, 2n, 3n, 4n] },
    ],
  },
  {
    says: 'what an undone chain had made pending does not expire',
    steps: [
      opened(account(1n, { flags: history }), account(2n)),
      {
        transfers: [
          transfer(1n, { flags: pending | linked, timeout: 1 }),
          transfer(2n, { amount: 0n }),
        ],
        results: ['linkedEventFailed', 'amountMustNotBeZero'],
      },
      { expiresIn: undefined },
      { waitSeconds: 2 },
      { pulse: true },
      { history: 1n, is: [] },
    ],
  },
];

/** What holds for pending transfers. */
export const pendingCases = [...resolutionCases, ...closingCases, ...expiryCases];

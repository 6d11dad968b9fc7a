// Long because: it is a table, with one case for each of the sixty results of a transfer.
import { AccountFlag } from '../../src/model/account.ts';
import { maxUint64, maxUint128 } from '../../src/model/limits.ts';
import { TransferFlag } from '../../src/model/transfer.ts';
import type { TransferResultName } from '../../src/model/transfer-results.ts';
import type { TransferEvent } from '../oracle/books-under-test.ts';
import {
  account,
  answered,
  type LedgerCase,
  moved,
  opened,
  resolution,
  type Step,
  transfer,
  twoAccounts,
} from './ledger-case.ts';

const {
  linked,
  pending,
  postPendingTransfer: post,
  voidPendingTransfer: cancel,
  balancingDebit,
  closingDebit,
  closingCredit,
} = TransferFlag;
const { debitsMustNotExceedCredits, creditsMustNotExceedDebits, closed } = AccountFlag;
const half = 2n ** 127n;

/** Accounts 1 to 4 and closed account 5 in ledger 1; 6 in ledger 2. 1 holds 10 of 2's, pending. */
const scene: readonly Step[] = [
  opened(account(1n), account(2n), account(3n), account(4n), account(5n, { flags: closed })),
  opened(account(6n, { ledger: 2 })),
  moved(transfer(1n, { flags: pending, userData128: 9n })),
];

const full: TransferEvent = transfer(20n, {
  amount: maxUint64 + 1n,
  userData128: maxUint128,
  userData64: maxUint64,
  userData32: 0xffffffff,
  timeout: 60,
  code: 0xffff,
  flags: pending,
});

/** The event after the scene. */
function refused(result: TransferResultName, says: string, event: TransferEvent): LedgerCase {
  return {
    says: `${result}: ${says}`,
    steps: [...scene, answered(event, result), { transfer: event.id, is: undefined }],
  };
}

/** `full` again, with what is said here. */
function again(result: TransferResultName, says: string, rest: Partial<TransferEvent>): LedgerCase {
  return {
    says: `${result}: ${says}`,
    steps: [
      twoAccounts,
      moved(full),
      answered({ ...full, ...rest }, result),
      { transfer: full.id, is: full },
    ],
  };
}

/** After the pending transfer of the scene was resolved so. */
function resolved(
  result: TransferResultName,
  says: string,
  before: readonly Step[],
  event: TransferEvent,
): LedgerCase {
  return { says: `${result}: ${says}`, steps: [...scene, ...before, answered(event, result)] };
}

/** A huge transfer after others, between accounts 1 to 4. */
function overflow(
  result: TransferResultName,
  says: string,
  before: readonly TransferEvent[],
  event: TransferEvent,
): LedgerCase {
  const four = opened(account(1n), account(2n), account(3n), account(4n));
  return { says: `${result}: ${says}`, steps: [four, moved(...before), answered(event, result)] };
}

/** One for each result of a transfer. */
export const transferCases: Record<TransferResultName, LedgerCase> = {
  ok: {
    says: 'ok: a transfer adds to the posted debits of one account and the credits of the other',
    steps: [
      twoAccounts,
      moved(transfer(1n)),
      {
        account: 1n,
        is: { debitsPending: 0n, debitsPosted: 10n, creditsPending: 0n, creditsPosted: 0n },
      },
      {
        account: 2n,
        is: { debitsPending: 0n, debitsPosted: 0n, creditsPending: 0n, creditsPosted: 10n },
      },
      { transfer: 1n, is: { ...transfer(1n), pendingId: 0n, timeout: 0, flags: 0 } },
    ],
  },
  linkedEventFailed: {
    says: 'linkedEventFailed: no transfer of a chain is carried out when one fails',
    steps: [
      twoAccounts,
      {
        transfers: [transfer(1n, { flags: linked }), transfer(2n, { code: 0 })],
        results: ['linkedEventFailed', 'codeMustNotBeZero'],
      },
      { transfer: 1n, is: undefined },
      { account: 1n, is: { debitsPosted: 0n } },
    ],
  },
  linkedEventChainOpen: refused(
    'linkedEventChainOpen',
    'the last transfer of a batch is bound to a next',
    transfer(2n, { flags: linked, timestamp: 1n }),
  ),
  timestampMustBeZero: refused(
    'timestampMustBeZero',
    'a transfer brings a time of its own',
    transfer(2n, { timestamp: 1n, flags: 256 }),
  ),
  reservedFlag: refused('reservedFlag', 'a flag has no meaning', transfer(0n, { flags: 256 })),
  idMustNotBeZero: refused('idMustNotBeZero', 'a transfer has id 0', transfer(0n, { flags: 12 })),
  idMustNotBeIntMax: refused(
    'idMustNotBeIntMax',
    'a transfer has the largest id',
    transfer(maxUint128, { flags: 12 }),
  ),
  existsWithDifferentFlags: again('existsWithDifferentFlags', 'the flags are others', {
    flags: pending | closingDebit,
    pendingId: 1n,
  }),
  existsWithDifferentPendingId: again(
    'existsWithDifferentPendingId',
    'the pending transfer that is named is another',
    { pendingId: 1n, timeout: 0 },
  ),
  existsWithDifferentTimeout: again('existsWithDifferentTimeout', 'the timeout is another', {
    timeout: 61,
    debitAccountId: 2n,
  }),
  existsWithDifferentDebitAccountId: again(
    'existsWithDifferentDebitAccountId',
    'the debit account is another',
    { debitAccountId: 0n, creditAccountId: 1n },
  ),
  existsWithDifferentCreditAccountId: again(
    'existsWithDifferentCreditAccountId',
    'the credit account is another',
    { creditAccountId: 0n, amount: 1n },
  ),
  existsWithDifferentAmount: again('existsWithDifferentAmount', 'the amount is another', {
    amount: 1n,
    userData128: 0n,
  }),
  existsWithDifferentUserData128: again(
    'existsWithDifferentUserData128',
    'the first user data is other',
    { userData128: 0n, userData64: 0n },
  ),
  existsWithDifferentUserData64: again(
    'existsWithDifferentUserData64',
    'the second user data is other',
    { userData64: 0n, userData32: 0 },
  ),
  existsWithDifferentUserData32: again(
    'existsWithDifferentUserData32',
    'the third user data is other',
    { userData32: 0, ledger: 0 },
  ),
  existsWithDifferentLedger: again('existsWithDifferentLedger', 'the ledger is another', {
    ledger: 0,
    code: 0,
  }),
  existsWithDifferentCode: again('existsWithDifferentCode', 'the code is another', { code: 0 }),
  exists: again('exists', 'the transfer was carried out with all that is said', {}),
  idAlreadyFailed: {
    says: 'idAlreadyFailed: a transfer that lacked an account is not carried out when it is there',
    steps: [
      opened(account(1n)),
      answered(transfer(1n), 'creditAccountNotFound'),
      opened(account(2n)),
      answered(transfer(1n), 'idAlreadyFailed'),
      answered(transfer(1n, { flags: 12 }), 'idAlreadyFailed'),
      { transfer: 1n, is: undefined },
      { account: 2n, is: { creditsPosted: 0n } },
    ],
  },
  flagsAreMutuallyExclusive: refused(
    'flagsAreMutuallyExclusive',
    'a transfer posts and voids at once',
    transfer(2n, { flags: post | cancel, pendingId: 0n }),
  ),
  debitAccountIdMustNotBeZero: refused(
    'debitAccountIdMustNotBeZero',
    'no account is debited',
    transfer(2n, { debitAccountId: 0n, creditAccountId: 0n }),
  ),
  debitAccountIdMustNotBeIntMax: refused(
    'debitAccountIdMustNotBeIntMax',
    'the debit account has the largest id',
    transfer(2n, { debitAccountId: maxUint128, creditAccountId: 0n }),
  ),
  creditAccountIdMustNotBeZero: refused(
    'creditAccountIdMustNotBeZero',
    'no account is credited',
    transfer(2n, { creditAccountId: 0n, pendingId: 1n }),
  ),
  creditAccountIdMustNotBeIntMax: refused(
    'creditAccountIdMustNotBeIntMax',
    'the credit account has the largest id',
    transfer(2n, { creditAccountId: maxUint128, pendingId: 1n }),
  ),
  accountsMustBeDifferent: refused(
    'accountsMustBeDifferent',
    'an account would pay itself',
    transfer(2n, { creditAccountId: 1n, pendingId: 1n }),
  ),
  pendingIdMustBeZero: refused(
    'pendingIdMustBeZero',
    'a transfer that posts nothing names a pending one',
    transfer(2n, { pendingId: 1n, timeout: 1 }),
  ),
  pendingIdMustNotBeZero: refused(
    'pendingIdMustNotBeZero',
    'a post names no pending transfer',
    resolution(2n, { flags: post, timeout: 1 }),
  ),
  pendingIdMustNotBeIntMax: refused(
    'pendingIdMustNotBeIntMax',
    'a void names the largest id',
    resolution(2n, { flags: cancel, pendingId: maxUint128, timeout: 1 }),
  ),
  pendingIdMustBeDifferent: refused(
    'pendingIdMustBeDifferent',
    'a post names itself',
    resolution(2n, { flags: post, pendingId: 2n, timeout: 1 }),
  ),
  timeoutReservedForPendingTransfer: refused(
    'timeoutReservedForPendingTransfer',
    'what is not pending cannot expire',
    transfer(2n, { timeout: 1, flags: closingDebit }),
  ),
  closingTransferMustBePending: refused(
    'closingTransferMustBePending',
    'an account would be closed for ever',
    transfer(2n, { flags: closingCredit, amount: 0n }),
  ),
  amountMustNotBeZero: refused(
    'amountMustNotBeZero',
    'nothing is moved',
    transfer(2n, { amount: 0n, ledger: 0, flags: balancingDebit }),
  ),
  ledgerMustNotBeZero: refused(
    'ledgerMustNotBeZero',
    'a transfer names no ledger',
    transfer(2n, { ledger: 0, code: 0 }),
  ),
  codeMustNotBeZero: refused(
    'codeMustNotBeZero',
    'a transfer has no code',
    transfer(2n, { code: 0, debitAccountId: 99n }),
  ),
  debitAccountNotFound: refused(
    'debitAccountNotFound',
    'the debit account was never opened',
    transfer(2n, { debitAccountId: 98n, creditAccountId: 99n }),
  ),
  creditAccountNotFound: refused(
    'creditAccountNotFound',
    'the credit account was never opened',
    transfer(2n, { creditAccountId: 99n, ledger: 7 }),
  ),
  accountsMustHaveTheSameLedger: refused(
    'accountsMustHaveTheSameLedger',
    'the accounts count different things',
    transfer(2n, { creditAccountId: 6n, ledger: 3 }),
  ),
  transferMustHaveTheSameLedgerAsAccounts: refused(
    'transferMustHaveTheSameLedgerAsAccounts',
    'the transfer counts another thing than the accounts',
    transfer(2n, { ledger: 2, creditAccountId: 5n }),
  ),
  pendingTransferNotFound: refused(
    'pendingTransferNotFound',
    'what is to be posted was never carried out',
    resolution(2n, { flags: post, pendingId: 99n }),
  ),
  pendingTransferNotPending: resolved(
    'pendingTransferNotPending',
    'what is to be posted was not pending',
    [moved(transfer(2n))],
    resolution(3n, { flags: post, pendingId: 2n, debitAccountId: 3n }),
  ),
  pendingTransferHasDifferentDebitAccountId: refused(
    'pendingTransferHasDifferentDebitAccountId',
    'a post names another debit account',
    resolution(2n, { flags: post, pendingId: 1n, debitAccountId: 2n, creditAccountId: 1n }),
  ),
  pendingTransferHasDifferentCreditAccountId: refused(
    'pendingTransferHasDifferentCreditAccountId',
    'a void names another credit account',
    resolution(2n, { flags: cancel, pendingId: 1n, creditAccountId: 1n, ledger: 2 }),
  ),
  pendingTransferHasDifferentLedger: refused(
    'pendingTransferHasDifferentLedger',
    'a post names another ledger',
    resolution(2n, { flags: post, pendingId: 1n, ledger: 2, code: 2 }),
  ),
  pendingTransferHasDifferentCode: refused(
    'pendingTransferHasDifferentCode',
    'a post names another code',
    resolution(2n, { flags: post, pendingId: 1n, code: 2, amount: 11n }),
  ),
  exceedsPendingTransferAmount: refused(
    'exceedsPendingTransferAmount',
    'a post moves more than was reserved',
    resolution(2n, { flags: post, pendingId: 1n, amount: 11n }),
  ),
  pendingTransferHasDifferentAmount: refused(
    'pendingTransferHasDifferentAmount',
    'a void gives back a part only',
    resolution(2n, { flags: cancel, pendingId: 1n, amount: 9n }),
  ),
  pendingTransferAlreadyPosted: resolved(
    'pendingTransferAlreadyPosted',
    'what was posted cannot be voided',
    [moved(resolution(2n, { flags: post, pendingId: 1n }))],
    resolution(3n, { flags: cancel, pendingId: 1n }),
  ),
  pendingTransferAlreadyVoided: resolved(
    'pendingTransferAlreadyVoided',
    'what was voided cannot be posted',
    [moved(resolution(2n, { flags: cancel, pendingId: 1n }))],
    resolution(3n, { flags: post, pendingId: 1n }),
  ),
  pendingTransferExpired: resolved(
    'pendingTransferExpired',
    'what is over cannot be posted',
    [moved(transfer(2n, { flags: pending, timeout: 1 })), { waitSeconds: 1 }],
    resolution(3n, { flags: post, pendingId: 2n }),
  ),
  debitAccountAlreadyClosed: refused(
    'debitAccountAlreadyClosed',
    'the debit account takes no transfers',
    transfer(2n, { debitAccountId: 5n, amount: maxUint128 }),
  ),
  creditAccountAlreadyClosed: refused(
    'creditAccountAlreadyClosed',
    'the credit account takes no transfers',
    transfer(2n, { creditAccountId: 5n, amount: maxUint128 }),
  ),
  overflowsDebitsPending: overflow(
    'overflowsDebitsPending',
    'pending debits would need more than 128 bits',
    [transfer(1n, { amount: half, flags: pending })],
    transfer(2n, { amount: half, flags: pending }),
  ),
  overflowsCreditsPending: overflow(
    'overflowsCreditsPending',
    'pending credits would need more than 128 bits',
    [transfer(1n, { amount: half, flags: pending })],
    transfer(2n, { amount: half, flags: pending, debitAccountId: 3n }),
  ),
  overflowsDebitsPosted: overflow(
    'overflowsDebitsPosted',
    'posted debits would need more than 128 bits',
    [transfer(1n, { amount: maxUint128 })],
    transfer(2n, { amount: 1n }),
  ),
  overflowsCreditsPosted: overflow(
    'overflowsCreditsPosted',
    'posted credits would need more than 128 bits',
    [transfer(1n, { amount: maxUint128 })],
    transfer(2n, { amount: 1n, debitAccountId: 3n }),
  ),
  overflowsDebits: overflow(
    'overflowsDebits',
    'pending and posted debits together would need more than 128 bits',
    [
      transfer(1n, { amount: half }),
      transfer(2n, { amount: half - 1n, creditAccountId: 3n, flags: pending }),
    ],
    transfer(3n, { amount: 1n, creditAccountId: 4n }),
  ),
  overflowsCredits: overflow(
    'overflowsCredits',
    'pending and posted credits together would need more than 128 bits',
    [
      transfer(1n, { amount: half }),
      transfer(2n, { amount: half - 1n, debitAccountId: 3n, flags: pending }),
    ],
    transfer(3n, { amount: 1n, debitAccountId: 4n, flags: pending }),
  ),
  exceedsCredits: {
    says: 'exceedsCredits: debits, pending ones too, stay within the posted credits',
    steps: [
      opened(account(1n, { flags: debitsMustNotExceedCredits }), account(2n)),
      moved(
        transfer(1n, { debitAccountId: 2n, creditAccountId: 1n }),
        transfer(2n, { amount: 4n, flags: pending }),
      ),
      answered(transfer(3n, { amount: 7n }), 'exceedsCredits'),
      moved(transfer(4n, { amount: 6n })),
      answered(transfer(5n, { amount: 1n }), 'exceedsCredits'),
    ],
  },
  exceedsDebits: {
    says: 'exceedsDebits: credits, pending ones too, stay within the posted debits',
    steps: [
      opened(account(1n), account(2n, { flags: creditsMustNotExceedDebits })),
      moved(
        transfer(1n, { debitAccountId: 2n, creditAccountId: 1n }),
        transfer(2n, { amount: 4n, flags: pending }),
      ),
      answered(transfer(3n, { amount: 7n }), 'exceedsDebits'),
      moved(transfer(4n, { amount: 6n })),
      answered(transfer(5n, { amount: 1n, flags: pending }), 'exceedsDebits'),
    ],
  },
};

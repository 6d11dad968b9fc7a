import { AccountFlag } from '../../src/model/account.ts';
import type { AccountResultName } from '../../src/model/account-results.ts';
import { maxUint64, maxUint128 } from '../../src/model/limits.ts';
import type { AccountEvent } from '../oracle/books-under-test.ts';
import { account, type LedgerCase, opened, transfer, twoAccounts } from './ledger-case.ts';

const { linked, debitsMustNotExceedCredits, creditsMustNotExceedDebits, history, closed } =
  AccountFlag;

const full: AccountEvent = account(7n, {
  userData128: maxUint128,
  userData64: maxUint64,
  userData32: 0xffffffff,
  ledger: 0xffffffff,
  code: 0xffff,
  flags: debitsMustNotExceedCredits | history,
});

function refused(result: AccountResultName, says: string, event: AccountEvent): LedgerCase {
  return {
    says: `${result}: ${says}`,
    steps: [
      { accounts: [event], results: [result] },
      { account: event.id, is: undefined },
    ],
  };
}

/** The second is sent when the first is there. */
function again(result: AccountResultName, says: string, rest: Partial<AccountEvent>): LedgerCase {
  return {
    says: `${result}: ${says}`,
    steps: [
      opened(full),
      { accounts: [{ ...full, ...rest }], results: [result] },
      { account: full.id, is: full },
    ],
  };
}

/** One for each result of an account. */
export const accountCases: Record<AccountResultName, LedgerCase> = {
  ok: {
    says: 'ok: an account is opened with empty balances and all that was said of it',
    steps: [
      opened(full),
      {
        account: 7n,
        is: { ...full, debitsPending: 0n, debitsPosted: 0n, creditsPending: 0n, creditsPosted: 0n },
      },
    ],
  },
  linkedEventFailed: {
    says: 'linkedEventFailed: no account of a chain is opened when one fails',
    steps: [
      {
        accounts: [account(1n, { flags: linked }), account(2n, { code: 0 })],
        results: ['linkedEventFailed', 'codeMustNotBeZero'],
      },
      { account: 1n, is: undefined },
    ],
  },
  linkedEventChainOpen: refused(
    'linkedEventChainOpen',
    'the last account of a batch is bound to a next',
    account(1n, { flags: linked, timestamp: 1n }),
  ),
  timestampMustBeZero: refused(
    'timestampMustBeZero',
    'an account brings a time of its own',
    account(1n, { timestamp: 1n, flags: 16 }),
  ),
  reservedFlag: refused('reservedFlag', 'a flag has no meaning', account(0n, { flags: 16 | 64 })),
  idMustNotBeZero: refused('idMustNotBeZero', 'an account has id 0', account(0n, { ledger: 0 })),
  idMustNotBeIntMax: refused(
    'idMustNotBeIntMax',
    'an account has the largest id',
    account(maxUint128, { ledger: 0 }),
  ),
  existsWithDifferentFlags: again('existsWithDifferentFlags', 'the flags are others', {
    flags: debitsMustNotExceedCredits,
    userData128: 1n,
  }),
  existsWithDifferentUserData128: again(
    'existsWithDifferentUserData128',
    'the first user data is other',
    { userData128: 1n, userData64: 1n },
  ),
  existsWithDifferentUserData64: again(
    'existsWithDifferentUserData64',
    'the second user data is other',
    { userData64: 1n, userData32: 1 },
  ),
  existsWithDifferentUserData32: again(
    'existsWithDifferentUserData32',
    'the third user data is other',
    { userData32: 1, ledger: 1 },
  ),
  existsWithDifferentLedger: again('existsWithDifferentLedger', 'the ledger is another', {
    ledger: 0,
    code: 0,
  }),
  existsWithDifferentCode: again('existsWithDifferentCode', 'the code is another', { code: 0 }),
  exists: again('exists', 'the account is there with all that is said', {}),
  flagsAreMutuallyExclusive: refused(
    'flagsAreMutuallyExclusive',
    'both sides would be limited by the other',
    account(1n, {
      flags: debitsMustNotExceedCredits | creditsMustNotExceedDebits,
      debitsPending: 1n,
    }),
  ),
  debitsPendingMustBeZero: refused(
    'debitsPendingMustBeZero',
    'an account brings pending debits',
    account(1n, { debitsPending: maxUint128, debitsPosted: 1n }),
  ),
  debitsPostedMustBeZero: refused(
    'debitsPostedMustBeZero',
    'an account brings posted debits',
    account(1n, { debitsPosted: 1n, creditsPending: 1n }),
  ),
  creditsPendingMustBeZero: refused(
    'creditsPendingMustBeZero',
    'an account brings pending credits',
    account(1n, { creditsPending: 2n ** 64n, creditsPosted: 1n }),
  ),
  creditsPostedMustBeZero: refused(
    'creditsPostedMustBeZero',
    'an account brings posted credits',
    account(1n, { creditsPosted: 1n, ledger: 0 }),
  ),
  ledgerMustNotBeZero: refused(
    'ledgerMustNotBeZero',
    'an account names no ledger',
    account(1n, { ledger: 0, code: 0 }),
  ),
  codeMustNotBeZero: refused(
    'codeMustNotBeZero',
    'an account has no code',
    account(1n, { code: 0 }),
  ),
};

/** Rules about accounts that no single result shows. */
export const moreAccountCases: readonly LedgerCase[] = [
  {
    says: 'an account is the same again whether it stands in a chain or not',
    steps: [
      {
        accounts: [account(1n, { flags: linked | history }), account(2n)],
        results: ['ok', 'ok'],
      },
      { account: 1n, is: { flags: history } },
      { accounts: [account(1n, { flags: history })], results: ['exists'] },
      {
        accounts: [account(3n, { flags: linked }), account(1n, { flags: history })],
        results: ['linkedEventFailed', 'exists'],
      },
    ],
  },
  {
    says: 'an account that a transfer has closed is the same again as it was opened',
    steps: [
      twoAccounts,
      { transfers: [transfer(1n, { flags: 2 | 64 | 128 })], results: ['ok'] },
      { account: 1n, is: { flags: closed } },
      { accounts: [account(1n)], results: ['exists'] },
      { accounts: [account(1n, { flags: closed })], results: ['existsWithDifferentFlags'] },
    ],
  },
  {
    says: 'balances that an account brings are looked at after whether it exists',
    steps: [
      opened(account(1n)),
      { accounts: [account(1n, { debitsPending: 5n })], results: ['exists'] },
    ],
  },
  {
    says: 'an id that is refused for one account opens the next',
    steps: [
      {
        accounts: [account(1n, { code: 0 }), account(1n), account(1n)],
        results: ['codeMustNotBeZero', 'ok', 'exists'],
      },
    ],
  },
];

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

const { linked, pending, postPendingTransfer: post, closingDebit } = TransferFlag;

/** Three transfers bound to each other, of which the one at `broken` has no code. */
function brokenAt(broken: number): LedgerCase {
  const results = [0, 1, 2].map((at) =>
    at === broken ? 'codeMustNotBeZero' : 'linkedEventFailed',
  );
  return {
    says: `a chain that breaks at place ${broken} says so there, and undoes the rest`,
    steps: [
      twoAccounts,
      {
        transfers: [
          transfer(1n),
          ...[0, 1, 2].map((at) =>
            transfer(BigInt(10 + at), {
              flags: at < 2 ? linked : 0,
              code: at === broken ? 0 : 1,
            }),
          ),
          transfer(2n),
        ],
        results: ['ok', ...(results as ('codeMustNotBeZero' | 'linkedEventFailed')[]), 'ok'],
      },
      { transfersOf: 1n, are: [1n, 2n] },
      { account: 1n, is: { debitsPosted: 20n } },
    ],
  };
}

/** What holds for events that are bound to each other. */
export const chainCases: readonly LedgerCase[] = [
  brokenAt(0),
  brokenAt(1),
  brokenAt(2),
  {
    says: 'a chain that holds is carried out event by event, each with the flag kept',
    steps: [
      twoAccounts,
      moved(transfer(1n, { flags: linked }), transfer(2n, { flags: linked }), transfer(3n)),
      { transfer: 2n, is: { flags: linked } },
      { account: 2n, is: { creditsPosted: 30n } },
    ],
  },
  {
    says: 'two chains beside each other stand and fall alone',
    steps: [
      twoAccounts,
      {
        transfers: [
          transfer(1n, { flags: linked }),
          transfer(2n, { code: 0 }),
          transfer(3n, { flags: linked }),
          transfer(4n),
        ],
        results: ['linkedEventFailed', 'codeMustNotBeZero', 'ok', 'ok'],
      },
    ],
  },
  {
    says: 'a chain that is open at the end of its batch is undone, and its last event says so',
    steps: [
      twoAccounts,
      {
        transfers: [
          transfer(1n),
          transfer(2n, { flags: linked }),
          transfer(3n, { flags: linked }),
          transfer(4n, { flags: linked, id: 0n }),
        ],
        results: ['ok', 'linkedEventFailed', 'linkedEventFailed', 'linkedEventChainOpen'],
      },
      { account: 1n, is: { debitsPosted: 10n } },
      moved(transfer(3n)),
    ],
  },
  {
    says: 'a chain that broke and is open as well says both',
    steps: [
      twoAccounts,
      {
        transfers: [
          transfer(1n, { flags: linked }),
          transfer(2n, { flags: linked, code: 0 }),
          transfer(3n, { flags: linked, code: 0 }),
          transfer(4n, { flags: linked, code: 0 }),
        ],
        results: [
          'linkedEventFailed',
          'codeMustNotBeZero',
          'linkedEventFailed',
          'linkedEventChainOpen',
        ],
      },
    ],
  },
  {
    says: 'what follows in a broken chain is not looked at, and keeps nothing',
    steps: [
      twoAccounts,
      {
        transfers: [
          transfer(1n, { flags: linked, debitAccountId: 98n }),
          transfer(2n, { flags: linked, debitAccountId: 98n }),
          transfer(3n, { timestamp: 1n }),
        ],
        results: ['debitAccountNotFound', 'linkedEventFailed', 'linkedEventFailed'],
      },
      {
        transfers: [transfer(1n), transfer(2n), transfer(3n)],
        results: ['idAlreadyFailed', 'ok', 'ok'],
      },
    ],
  },
  {
    says: 'the id that broke a chain stays kept though the chain was open as well',
    steps: [
      twoAccounts,
      {
        transfers: [
          transfer(1n, { flags: linked }),
          transfer(2n, { flags: linked, creditAccountId: 98n }),
          transfer(3n, { flags: linked }),
        ],
        results: ['linkedEventFailed', 'creditAccountNotFound', 'linkedEventChainOpen'],
      },
      { transfers: [transfer(1n), transfer(2n)], results: ['ok', 'idAlreadyFailed'] },
    ],
  },
  {
    says: 'a transfer that exists breaks the chain in which it comes again',
    steps: [
      twoAccounts,
      moved(transfer(1n, { flags: linked }), transfer(2n)),
      {
        transfers: [transfer(1n, { flags: linked }), transfer(2n)],
        results: ['exists', 'linkedEventFailed'],
      },
      { account: 1n, is: { debitsPosted: 20n } },
    ],
  },
  {
    says: 'an event of a chain sees what those before it did',
    steps: [
      opened(account(1n, { flags: AccountFlag.debitsMustNotExceedCredits }), account(2n)),
      moved(
        transfer(1n, { debitAccountId: 2n, creditAccountId: 1n, flags: linked }),
        transfer(2n, { flags: linked | pending }),
        resolution(3n, { flags: post, pendingId: 2n }),
      ),
      { account: 1n, is: { debitsPosted: 10n, debitsPending: 0n } },
    ],
  },
  {
    says: 'an undone chain opens accounts again, and what was posted is pending as before',
    steps: [
      twoAccounts,
      moved(transfer(1n, { flags: pending, timeout: 60 })),
      {
        transfers: [
          resolution(2n, { flags: post | linked, pendingId: 1n, amount: 4n }),
          transfer(3n, { flags: pending | closingDebit | linked }),
          transfer(4n),
        ],
        results: ['linkedEventFailed', 'linkedEventFailed', 'debitAccountAlreadyClosed'],
      },
      { account: 1n, is: { flags: 0, debitsPending: 10n, debitsPosted: 0n } },
      { account: 2n, is: { flags: 0, creditsPending: 10n, creditsPosted: 0n } },
      moved(resolution(2n, { flags: post, pendingId: 1n })),
      { account: 1n, is: { debitsPending: 0n, debitsPosted: 10n } },
      { expiresIn: undefined },
    ],
  },
  {
    says: 'an undone chain leaves no rows of history, and its ids are free',
    steps: [
      opened(account(1n, { flags: AccountFlag.history }), account(2n)),
      {
        transfers: [transfer(1n, { flags: linked }), transfer(2n, { amount: 0n })],
        results: ['linkedEventFailed', 'amountMustNotBeZero'],
      },
      { history: 1n, is: [] },
      { transfersOf: 2n, are: [] },
      moved(transfer(1n), transfer(2n)),
      {
        history: 1n,
        is: [
          { debitsPosted: 10n, timestamp: 0n },
          { debitsPosted: 20n, timestamp: 1n },
        ],
      },
    ],
  },
  {
    says: 'accounts of an undone chain were never there',
    steps: [
      {
        accounts: [
          account(1n, { flags: AccountFlag.linked }),
          account(1n, { flags: AccountFlag.linked }),
          account(2n),
        ],
        results: ['linkedEventFailed', 'exists', 'linkedEventFailed'],
      },
      answered(transfer(1n), 'debitAccountNotFound'),
      opened(account(2n), account(1n)),
    ],
  },
  {
    says: 'the id of a transfer that a chain undid may be used for another one',
    steps: [
      twoAccounts,
      {
        transfers: [transfer(1n, { flags: linked }), transfer(1n, { flags: linked }), transfer(2n)],
        results: ['linkedEventFailed', 'exists', 'linkedEventFailed'],
      },
      moved(transfer(1n, { amount: 77n })),
    ],
  },
];

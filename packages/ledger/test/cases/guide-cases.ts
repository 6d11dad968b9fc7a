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
  type Step,
  transfer,
} from './ledger-case.ts';

const { linked, pending, postPendingTransfer: post, balancingDebit, closingCredit } = TransferFlag;
const { debitsMustNotExceedCredits, closed } = AccountFlag;
const [euros, dollars] = [978, 840];
const weekSeconds = 604_800;

/** A customer (1) with so much, a shop (2), an account for fees (3) and one for the rest (4). */
function customerWith(amount: bigint): Step[] {
  return [
    opened(
      account(1n, { flags: debitsMustNotExceedCredits }),
      account(2n),
      account(3n),
      account(4n),
      account(9n),
    ),
    moved(transfer(1n, { debitAccountId: 9n, creditAccountId: 1n, amount })),
  ];
}

/** What docs/guides/ledger-model.md works out. */
export const guideCases: readonly LedgerCase[] = [
  {
    says: 'the reservation of the guide comes to what it says there',
    steps: [
      ...customerWith(5000n),
      moved(transfer(101n, { amount: 3000n, flags: pending, timeout: weekSeconds })),
      { account: 1n, is: { debitsPending: 3000n, debitsPosted: 0n } },
      answered(transfer(102n, { amount: 2500n }), 'exceedsCredits'),
      moved(resolution(103n, { amount: 1800n, flags: post, pendingId: 101n })),
      { account: 1n, is: { debitsPending: 0n, debitsPosted: 1800n } },
      { account: 2n, is: { creditsPending: 0n, creditsPosted: 1800n } },
    ],
  },
  {
    says: 'the currency exchange of the guide is carried out in both currencies or in none',
    steps: [
      opened(
        account(11n, { ledger: euros, flags: debitsMustNotExceedCredits }),
        account(21n, { ledger: euros }),
        account(22n, { ledger: dollars }),
        account(12n, { ledger: dollars }),
      ),
      ...[0n, 1n].flatMap((attempt): Step[] => {
        const exchange = [
          transfer(201n + attempt * 10n, {
            debitAccountId: 11n,
            creditAccountId: 21n,
            amount: 10_000n,
            ledger: euros,
            flags: linked,
          }),
          transfer(202n + attempt * 10n, {
            debitAccountId: 22n,
            creditAccountId: 12n,
            amount: 10_850n,
            ledger: dollars,
          }),
        ];
        if (attempt === 1n) return [moved(...exchange)];
        const paidIn = { debitAccountId: 21n, creditAccountId: 11n, amount: 10_000n };
        return [
          { transfers: exchange, results: ['exceedsCredits', 'linkedEventFailed'] },
          { account: 12n, is: { creditsPosted: 0n } },
          moved(transfer(1n, { ...paidIn, ledger: euros })),
        ];
      }),
      { account: 11n, is: { debitsPosted: 10_000n } },
      { account: 12n, is: { creditsPosted: 10_850n } },
    ],
  },
  {
    says: 'the fee of the guide is not taken without the payment, nor the payment without the fee',
    steps: [
      ...customerWith(4020n),
      {
        transfers: [
          transfer(301n, { amount: 4000n, flags: linked }),
          transfer(302n, { amount: 50n, creditAccountId: 3n, code: 2 }),
        ],
        results: ['linkedEventFailed', 'exceedsCredits'],
      },
      { account: 2n, is: { creditsPosted: 0n } },
      answered(transfer(302n, { amount: 1n, creditAccountId: 3n, code: 2 }), 'idAlreadyFailed'),
      moved(transfer(301n, { amount: 4000n })),
    ],
  },
  {
    says: 'the account of the guide is emptied and closed at once',
    steps: [
      ...customerWith(77n),
      moved(
        transfer(401n, {
          creditAccountId: 4n,
          amount: maxUint128,
          flags: linked | balancingDebit,
        }),
        transfer(402n, {
          debitAccountId: 4n,
          creditAccountId: 1n,
          amount: 1n,
          flags: pending | closingCredit,
        }),
      ),
      { account: 1n, is: { flags: debitsMustNotExceedCredits | closed, debitsPosted: 77n } },
      { account: 4n, is: { creditsPosted: 77n, debitsPending: 1n } },
      answered(transfer(403n), 'debitAccountAlreadyClosed'),
      answered(resolution(404n, { flags: post, pendingId: 402n }), 'creditAccountAlreadyClosed'),
    ],
  },
];

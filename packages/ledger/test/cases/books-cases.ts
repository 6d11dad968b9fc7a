import { accountCases, moreAccountCases } from './account-cases.ts';
import { balanceCases } from './balance-cases.ts';
import { chainCases } from './chain-cases.ts';
import { guideCases } from './guide-cases.ts';
import type { LedgerCase } from './ledger-case.ts';
import { pendingCases } from './pending-cases.ts';
import { transferCases } from './transfer-cases.ts';

/** All rules of the books, for `testCases`. */
export const booksCases: readonly LedgerCase[] = [
  ...Object.values(accountCases),
  ...moreAccountCases,
  ...Object.values(transferCases),
  ...chainCases,
  ...pendingCases,
  ...balanceCases,
  ...guideCases,
];

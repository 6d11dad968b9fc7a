/**
 * What became of a transfer, in the order in which it is looked at: the first that holds is the
 * answer. The numbers are those on the wire and in the log; they stay.
 */
export const TransferResult = {
  ok: 0,
  linkedEventFailed: 1,
  linkedEventChainOpen: 2,
  timestampMustBeZero: 3,
  reservedFlag: 4,
  idMustNotBeZero: 5,
  idMustNotBeIntMax: 6,
  existsWithDifferentFlags: 7,
  existsWithDifferentPendingId: 8,
  existsWithDifferentTimeout: 9,
  existsWithDifferentDebitAccountId: 10,
  existsWithDifferentCreditAccountId: 11,
  existsWithDifferentAmount: 12,
  existsWithDifferentUserData128: 13,
  existsWithDifferentUserData64: 14,
  existsWithDifferentUserData32: 15,
  existsWithDifferentLedger: 16,
  existsWithDifferentCode: 17,
  exists: 18,
  idAlreadyFailed: 19,
  flagsAreMutuallyExclusive: 20,
  debitAccountIdMustNotBeZero: 21,
  debitAccountIdMustNotBeIntMax: 22,
  creditAccountIdMustNotBeZero: 23,
  creditAccountIdMustNotBeIntMax: 24,
  accountsMustBeDifferent: 25,
  pendingIdMustBeZero: 26,
  pendingIdMustNotBeZero: 27,
  pendingIdMustNotBeIntMax: 28,
  pendingIdMustBeDifferent: 29,
  timeoutReservedForPendingTransfer: 30,
  closingTransferMustBePending: 31,
  amountMustNotBeZero: 32,
  ledgerMustNotBeZero: 33,
  codeMustNotBeZero: 34,
  debitAccountNotFound: 35,
  creditAccountNotFound: 36,
  accountsMustHaveTheSameLedger: 37,
  transferMustHaveTheSameLedgerAsAccounts: 38,
  pendingTransferNotFound: 39,
  pendingTransferNotPending: 40,
  pendingTransferHasDifferentDebitAccountId: 41,
  pendingTransferHasDifferentCreditAccountId: 42,
  pendingTransferHasDifferentLedger: 43,
  pendingTransferHasDifferentCode: 44,
  exceedsPendingTransferAmount: 45,
  pendingTransferHasDifferentAmount: 46,
  pendingTransferAlreadyPosted: 47,
  pendingTransferAlreadyVoided: 48,
  pendingTransferExpired: 49,
  debitAccountAlreadyClosed: 50,
  creditAccountAlreadyClosed: 51,
  overflowsDebitsPending: 52,
  overflowsCreditsPending: 53,
  overflowsDebitsPosted: 54,
  overflowsCreditsPosted: 55,
  overflowsDebits: 56,
  overflowsCredits: 57,
  exceedsCredits: 58,
  exceedsDebits: 59,
} as const;

/** The name of a result. */
export type TransferResultName = keyof typeof TransferResult;

const names = Object.keys(TransferResult) as readonly TransferResultName[];

/** @returns the name of the result that has this number; undefined: there is none */
export function transferResultName(number: number): TransferResultName | undefined {
  return names[number];
}

const keeping: ReadonlySet<number> = new Set([
  TransferResult.debitAccountNotFound,
  TransferResult.creditAccountNotFound,
  TransferResult.pendingTransferNotFound,
  TransferResult.debitAccountAlreadyClosed,
  TransferResult.creditAccountAlreadyClosed,
  TransferResult.overflowsDebitsPending,
  TransferResult.overflowsCreditsPending,
  TransferResult.overflowsDebitsPosted,
  TransferResult.overflowsCreditsPosted,
  TransferResult.overflowsDebits,
  TransferResult.overflowsCredits,
  TransferResult.exceedsCredits,
  TransferResult.exceedsDebits,
]);

/**
 * Whether a transfer that failed so uses its id up: tried again it could succeed, because accounts
 * have changed meanwhile, and a retry after a lost answer would move money later (rule 21).
 */
export function keepsId(result: number): boolean {
  return keeping.has(result);
}

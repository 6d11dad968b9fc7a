/**
 * What became of an account that a client wanted to open, in the order in which it is looked at:
 * the first that holds is the answer. The numbers are those on the wire and in the log; they stay.
 */
export const AccountResult = {
  ok: 0,
  linkedEventFailed: 1,
  linkedEventChainOpen: 2,
  timestampMustBeZero: 3,
  reservedFlag: 4,
  idMustNotBeZero: 5,
  idMustNotBeIntMax: 6,
  existsWithDifferentFlags: 7,
  existsWithDifferentUserData128: 8,
  existsWithDifferentUserData64: 9,
  existsWithDifferentUserData32: 10,
  existsWithDifferentLedger: 11,
  existsWithDifferentCode: 12,
  exists: 13,
  flagsAreMutuallyExclusive: 14,
  debitsPendingMustBeZero: 15,
  debitsPostedMustBeZero: 16,
  creditsPendingMustBeZero: 17,
  creditsPostedMustBeZero: 18,
  ledgerMustNotBeZero: 19,
  codeMustNotBeZero: 20,
} as const;

/** The name of a result. */
export type AccountResultName = keyof typeof AccountResult;

const names = Object.keys(AccountResult) as readonly AccountResultName[];

/** @returns the name of the result that has this number; undefined: there is none */
export function accountResultName(number: number): AccountResultName | undefined {
  return names[number];
}

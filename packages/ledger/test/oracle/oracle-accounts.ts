import { type Account, AccountFlag, knownAccountFlags } from '../../src/model/account.ts';
import { AccountResult } from '../../src/model/account-results.ts';
import { maxUint128 } from '../../src/model/limits.ts';
import type { AccountEvent } from './books-under-test.ts';
import type { OracleState } from './oracle-state.ts';

const limits = AccountFlag.debitsMustNotExceedCredits | AccountFlag.creditsMustNotExceedDebits;

/** Opens an account if nothing speaks against it. Returns a number of `AccountResult`. */
export function createAccount(state: OracleState, event: AccountEvent, timestamp: bigint): number {
  const flags = event.flags ?? 0;
  if ((event.timestamp ?? 0n) !== 0n) return AccountResult.timestampMustBeZero;
  if ((flags & ~knownAccountFlags) !== 0) return AccountResult.reservedFlag;
  if (event.id === 0n) return AccountResult.idMustNotBeZero;
  if (event.id === maxUint128) return AccountResult.idMustNotBeIntMax;

  const account = accountFrom(event, timestamp);
  const existing = state.accounts.get(event.id);
  if (existing !== undefined) {
    return compareAccounts(account, existing, state.givenFlags.get(event.id) ?? 0);
  }
  if ((flags & limits) === limits) return AccountResult.flagsAreMutuallyExclusive;
  if ((event.debitsPending ?? 0n) !== 0n) return AccountResult.debitsPendingMustBeZero;
  if ((event.debitsPosted ?? 0n) !== 0n) return AccountResult.debitsPostedMustBeZero;
  if ((event.creditsPending ?? 0n) !== 0n) return AccountResult.creditsPendingMustBeZero;
  if ((event.creditsPosted ?? 0n) !== 0n) return AccountResult.creditsPostedMustBeZero;
  if (event.ledger === 0) return AccountResult.ledgerMustNotBeZero;
  if (event.code === 0) return AccountResult.codeMustNotBeZero;

  state.addAccount(account);
  return AccountResult.ok;
}

function accountFrom(event: AccountEvent, timestamp: bigint): Account {
  return {
    id: event.id,
    debitsPending: 0n,
    debitsPosted: 0n,
    creditsPending: 0n,
    creditsPosted: 0n,
    userData128: event.userData128 ?? 0n,
    userData64: event.userData64 ?? 0n,
    userData32: event.userData32 ?? 0,
    ledger: event.ledger,
    code: event.code,
    flags: (event.flags ?? 0) & ~AccountFlag.linked,
    timestamp,
  };
}

function compareAccounts(wanted: Account, existing: Account, givenFlags: number): number {
  if (wanted.flags !== givenFlags) return AccountResult.existsWithDifferentFlags;
  if (wanted.userData128 !== existing.userData128) {
    return AccountResult.existsWithDifferentUserData128;
  }
  if (wanted.userData64 !== existing.userData64) return AccountResult.existsWithDifferentUserData64;
  if (wanted.userData32 !== existing.userData32) return AccountResult.existsWithDifferentUserData32;
  if (wanted.ledger !== existing.ledger) return AccountResult.existsWithDifferentLedger;
  if (wanted.code !== existing.code) return AccountResult.existsWithDifferentCode;
  return AccountResult.exists;
}

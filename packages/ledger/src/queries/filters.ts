import { LedgerError } from '../ledger-error.ts';
import { maxBatchEvents, maxUint64, maxUint128 } from '../model/limits.ts';

/** Which transfers of one account are asked for. A field that is 0 or left out asks for nothing. */
export interface AccountFilter {
  /** Neither 0 nor 2^128 - 1; there need be no such account. */
  readonly accountId: bigint;
  readonly userData128?: bigint;
  readonly userData64?: bigint;
  readonly userData32?: number;
  readonly code?: number;
  /** In nanoseconds since the Unix epoch; both are included. */
  readonly timestampMin?: bigint;
  readonly timestampMax?: bigint;
  /** The most that are found, 1 to 8190; 8190 when left out. */
  readonly limit?: number;
  /** Those that debit the account, and those that credit it: yes when left out; not neither. */
  readonly debits?: boolean;
  readonly credits?: boolean;
  /** The newest first. */
  readonly reversed?: boolean;
}

/** Which accounts or transfers are asked for. A field that is 0 or left out asks for nothing. */
export interface QueryFilter {
  readonly userData128?: bigint;
  readonly userData64?: bigint;
  readonly userData32?: number;
  readonly ledger?: number;
  readonly code?: number;
  /** In nanoseconds since the Unix epoch; both are included. */
  readonly timestampMin?: bigint;
  readonly timestampMax?: bigint;
  /** The most that are found, 1 to 8190; 8190 when left out. */
  readonly limit?: number;
  /** The newest first. */
  readonly reversed?: boolean;
}

/** Timestamps end below it, so that there is always a later one. */
const lastTimestamp = maxUint64 - 1n;
const largest32 = 2 ** 32 - 1;

/**
 * @returns the filter with all its fields; `timestampMax` is the last there can be where it was 0
 * @throws LedgerError LEDGER_FIELD_INVALID
 */
export function checkAccountFilter(filter: AccountFilter): Required<AccountFilter> {
  const { accountId, debits = true, credits = true } = filter;
  checkField('accountId', accountId, 1n, maxUint128 - 1n);
  if (!debits && !credits) {
    throw new LedgerError(
      'LEDGER_FIELD_INVALID',
      'the filter asks for neither debits nor credits; ask for one of them, or for both',
      { field: 'debits', value: 0, limit: 1 },
    );
  }
  const { ledger: _, ...common } = checkQueryFilter(filter);
  return { ...common, accountId, debits, credits };
}

/**
 * @returns the filter with all its fields; `timestampMax` is the last there can be where it was 0
 * @throws LedgerError LEDGER_FIELD_INVALID
 */
export function checkQueryFilter(filter: QueryFilter): Required<QueryFilter> {
  const { userData128 = 0n, userData64 = 0n, userData32 = 0, ledger = 0, code = 0 } = filter;
  const { timestampMin = 0n, timestampMax = 0n, limit = maxBatchEvents, reversed = false } = filter;
  checkField('userData128', userData128, 0n, maxUint128);
  checkField('userData64', userData64, 0n, maxUint64);
  checkField('userData32', userData32, 0, largest32);
  checkField('ledger', ledger, 0, largest32);
  checkField('code', code, 0, 0xffff);
  checkField('timestampMax', timestampMax, 0n, lastTimestamp);
  const end = timestampMax === 0n ? lastTimestamp : timestampMax;
  checkField('timestampMin', timestampMin, 0n, end);
  checkField('limit', limit, 1, maxBatchEvents);
  return {
    ...{ userData128, userData64, userData32, ledger, code },
    ...{ timestampMin, timestampMax: end, limit, reversed },
  };
}

function checkField<T extends bigint | number>(field: string, value: T, least: T, most: T): void {
  const isWhole = typeof value === typeof least && (typeof value === 'bigint' || value % 1 === 0);
  if (isWhole && value >= least && value <= most) return;
  throw new LedgerError(
    'LEDGER_FIELD_INVALID',
    `${field} of the filter is ${value}, which is no whole number from ${least} to ${most}; ` +
      'correct it, ask again',
    { field, value, limit: most },
  );
}

import type { Account, AccountBalance, Transfer } from '@quorate/ledger';
import type { Init, ledger } from '@quorate/schema';
import type { AccountFilter, PageOptions, QueryFilter } from './ledger-client.ts';

const lowBits = 2n ** 64n - 1n;

/** @returns null for 0, which is left out */
export function uint128ToWire(value: bigint | undefined): ledger.Uint128 | null {
  if (value === undefined || value === 0n) return null;
  return { low: value & lowBits, high: value >> 64n };
}

function uint128FromWire(wire: ledger.Uint128 | null): bigint {
  return wire === null ? 0n : (wire.high << 64n) | wire.low;
}

/** @returns the account that a server sent */
export function accountFromWire(wire: ledger.Account): Account {
  return {
    ...wire,
    id: uint128FromWire(wire.id),
    debitsPending: uint128FromWire(wire.debitsPending),
    debitsPosted: uint128FromWire(wire.debitsPosted),
    creditsPending: uint128FromWire(wire.creditsPending),
    creditsPosted: uint128FromWire(wire.creditsPosted),
    userData128: uint128FromWire(wire.userData128),
  };
}

/** @returns the transfer that a server sent */
export function transferFromWire(wire: ledger.Transfer): Transfer {
  return {
    ...wire,
    id: uint128FromWire(wire.id),
    debitAccountId: uint128FromWire(wire.debitAccountId),
    creditAccountId: uint128FromWire(wire.creditAccountId),
    amount: uint128FromWire(wire.amount),
    pendingId: uint128FromWire(wire.pendingId),
    userData128: uint128FromWire(wire.userData128),
  };
}

/** @returns the balances that a server sent */
export function balanceFromWire(wire: ledger.AccountBalance): AccountBalance {
  return {
    debitsPending: uint128FromWire(wire.debitsPending),
    debitsPosted: uint128FromWire(wire.debitsPosted),
    creditsPending: uint128FromWire(wire.creditsPending),
    creditsPosted: uint128FromWire(wire.creditsPosted),
    timestamp: wire.timestamp,
  };
}

function page({ timestampMin, timestampMax, limit, reversed, local }: PageOptions) {
  return {
    timestampMin: timestampMin ?? 0n,
    timestampMax: timestampMax ?? 0n,
    limit: limit ?? 0,
    reversed: reversed === true,
    local: local === true,
  };
}

/** @returns the request */
export function accountFilterToWire(filter: AccountFilter): Init<ledger.AccountFilter> {
  return {
    ...page(filter),
    accountId: uint128ToWire(filter.accountId),
    userData128: uint128ToWire(filter.userData128),
    userData64: filter.userData64 ?? 0n,
    userData32: filter.userData32 ?? 0,
    code: filter.code ?? 0,
    debits: filter.debits === true,
    credits: filter.credits === true,
  };
}

/** @returns the request */
export function queryFilterToWire(filter: QueryFilter): Init<ledger.QueryFilter> {
  return {
    ...page(filter),
    userData128: uint128ToWire(filter.userData128),
    userData64: filter.userData64 ?? 0n,
    userData32: filter.userData32 ?? 0,
    ledger: filter.ledger ?? 0,
    code: filter.code ?? 0,
  };
}

import type { Account, AccountBalance, NewAccount, NewTransfer, Transfer } from '@quorate/ledger';
import type { ledger } from '@quorate/schema';
import { uint128FromWire, uint128ToWire } from './uint128-wire.ts';

/** @returns the account on the wire */
export function wireAccount(account: Account): ledger.Account {
  const { userData64, userData32, code, flags, timestamp } = account;
  return {
    id: uint128ToWire(account.id),
    debitsPending: uint128ToWire(account.debitsPending),
    debitsPosted: uint128ToWire(account.debitsPosted),
    creditsPending: uint128ToWire(account.creditsPending),
    creditsPosted: uint128ToWire(account.creditsPosted),
    userData128: uint128ToWire(account.userData128),
    userData64,
    userData32,
    ledger: account.ledger,
    code,
    flags,
    timestamp,
  };
}

/** @returns the transfer on the wire */
export function wireTransfer(transfer: Transfer): ledger.Transfer {
  const { userData64, userData32, timeout, code, flags, timestamp } = transfer;
  return {
    id: uint128ToWire(transfer.id),
    debitAccountId: uint128ToWire(transfer.debitAccountId),
    creditAccountId: uint128ToWire(transfer.creditAccountId),
    amount: uint128ToWire(transfer.amount),
    pendingId: uint128ToWire(transfer.pendingId),
    userData128: uint128ToWire(transfer.userData128),
    userData64,
    userData32,
    timeout,
    ledger: transfer.ledger,
    code,
    flags,
    timestamp,
  };
}

/** @returns the balances on the wire */
export function wireBalance(balance: AccountBalance): ledger.AccountBalance {
  return {
    debitsPending: uint128ToWire(balance.debitsPending),
    debitsPosted: uint128ToWire(balance.debitsPosted),
    creditsPending: uint128ToWire(balance.creditsPending),
    creditsPosted: uint128ToWire(balance.creditsPosted),
    timestamp: balance.timestamp,
  };
}

/** @returns the account as it is to be created; null: the wire has what only a server says */
export function accountFromWire(wire: ledger.Account): NewAccount | null {
  const { debitsPending, debitsPosted, creditsPending, creditsPosted, timestamp } = wire;
  const balances = [debitsPending, debitsPosted, creditsPending, creditsPosted];
  const isFresh = timestamp === 0n && balances.every((one) => uint128FromWire(one) === 0n);
  if (!isFresh) return null;
  const { userData64, userData32, code, flags } = wire;
  return {
    id: uint128FromWire(wire.id),
    userData128: uint128FromWire(wire.userData128),
    userData64,
    userData32,
    ledger: wire.ledger,
    code,
    flags,
  };
}

/** @returns the transfer as it is to be carried out; null: the wire has what only a server says */
export function transferFromWire(wire: ledger.Transfer): NewTransfer | null {
  if (wire.timestamp !== 0n) return null;
  const { userData64, userData32, timeout, code, flags } = wire;
  return {
    id: uint128FromWire(wire.id),
    debitAccountId: uint128FromWire(wire.debitAccountId),
    creditAccountId: uint128FromWire(wire.creditAccountId),
    amount: uint128FromWire(wire.amount),
    pendingId: uint128FromWire(wire.pendingId),
    userData128: uint128FromWire(wire.userData128),
    userData64,
    userData32,
    timeout,
    ledger: wire.ledger,
    code,
    flags,
  };
}

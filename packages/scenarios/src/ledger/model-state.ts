import type { NewAccount } from '@quorate/ledger';

/** An account, and what it has. */
export interface ModelAccount {
  readonly asked: NewAccount;
  /** Without `linked`. */
  readonly flags: number;
  debitsPending: bigint;
  debitsPosted: bigint;
  creditsPending: bigint;
  creditsPosted: bigint;
  isClosed: boolean;
}

/** A transfer that was carried out. */
export interface ModelTransfer {
  readonly id: bigint;
  readonly pendingId: bigint;
  readonly debit: ModelAccount;
  readonly credit: ModelAccount;
  readonly amount: bigint;
  readonly flags: number;
  readonly timeout: number;
  readonly timestamp: bigint;
  /** Null: it is not pending, or never expires. */
  readonly expiresAt: bigint | null;
  status: 'moved' | 'open' | 'posted' | 'voided' | 'expired';
}

/** The balances of an account, by their names. */
export type BalanceName = 'debitsPending' | 'debitsPosted' | 'creditsPending' | 'creditsPosted';

/** What the rules for transfers look at and change. */
export interface ModelState {
  readonly accounts: ReadonlyMap<bigint, ModelAccount>;
  readonly transfers: Map<bigint, ModelTransfer>;
  readonly failedIds: ReadonlySet<bigint>;
  /** Those that a client can still post or void. */
  readonly open: Set<ModelTransfer>;
  /** Of the chain under way, or of nothing. */
  undoLater(undo: () => void): void;
  /** Adds to a balance, until the chain under way is taken back. */
  add(account: ModelAccount, kind: BalanceName, amount: bigint): void;
  close(account: ModelAccount, isClosed: boolean): void;
  /** An account with history has a row more. */
  noteHistory(debit: ModelAccount, credit: ModelAccount): void;
  /** Gives back what was reserved. */
  release(pending: ModelTransfer, status: 'posted' | 'voided'): void;
}

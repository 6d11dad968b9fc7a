import { present } from '@quorate/base';
import { type Account, type AccountBalance, AccountFlag } from '../../src/model/account.ts';
import type { Transfer } from '../../src/model/transfer.ts';
import { ExpiringTransfers } from './expiring-transfers.ts';

/** What became of a pending transfer. */
export type Fate = 'open' | 'posted' | 'voided' | 'expired';

/** A change of the four balances. */
export interface Change {
  readonly debitsPending?: bigint;
  readonly debitsPosted?: bigint;
  readonly creditsPending?: bigint;
  readonly creditsPosted?: bigint;
}

/**
 * What the oracle knows. Each change notes how it is taken back, so that a chain can be undone.
 * Accounts and transfers are never altered but replaced.
 */
export class OracleState {
  readonly accounts = new Map<bigint, Account>();
  /** The flags of accounts as given when they were opened, without `linked`. */
  readonly givenFlags = new Map<bigint, number>();
  readonly transfers = new Map<bigint, Transfer>();
  /** Of each pending transfer. */
  readonly fates = new Map<bigint, Fate>();
  /** Of those whose fate is open the ones with a timeout. */
  readonly expiring = new ExpiringTransfers();
  /** Ids of transfers that failed and may not be tried again. Never undone. */
  readonly keptIds = new Set<bigint>();
  readonly balances = new Map<bigint, AccountBalance[]>();
  #undo: (() => void)[] = [];

  /** From here on `undoChanges` takes back. */
  beginChanges(): void {
    this.#undo = [];
  }

  /** Takes back what was done since `beginChanges`, the newest first. */
  undoChanges(): void {
    for (const takeBack of this.#undo.reverse()) takeBack();
    this.#undo = [];
  }

  addAccount(account: Account): void {
    this.accounts.set(account.id, account);
    this.givenFlags.set(account.id, account.flags);
    this.balances.set(account.id, []);
    this.#undo.push(() => {
      this.accounts.delete(account.id);
      this.givenFlags.delete(account.id);
      this.balances.delete(account.id);
    });
  }

  addTransfer(transfer: Transfer): void {
    this.transfers.set(transfer.id, transfer);
    this.#undo.push(() => this.transfers.delete(transfer.id));
  }

  /** The transfer has to be there. */
  setFate(id: bigint, fate: Fate): void {
    const transfer = this.transferOf(id);
    const before = this.fates.get(id);
    this.#changeFate(transfer, fate);
    this.#undo.push(() => this.#changeFate(transfer, before));
  }

  /** Adds to balances; what is left out stays. */
  addToAccount(id: bigint, change: Change): void {
    const account = this.accountOf(id);
    this.#replace({
      ...account,
      debitsPending: account.debitsPending + (change.debitsPending ?? 0n),
      debitsPosted: account.debitsPosted + (change.debitsPosted ?? 0n),
      creditsPending: account.creditsPending + (change.creditsPending ?? 0n),
      creditsPosted: account.creditsPosted + (change.creditsPosted ?? 0n),
    });
  }

  close(id: bigint): void {
    const account = this.accountOf(id);
    this.#replace({ ...account, flags: account.flags | AccountFlag.closed });
  }

  reopen(id: bigint): void {
    const account = this.accountOf(id);
    this.#replace({ ...account, flags: account.flags & ~AccountFlag.closed });
  }

  /** Adds a row to the account's history, if it keeps one. */
  recordBalances(id: bigint, timestamp: bigint): void {
    const account = this.accountOf(id);
    if ((account.flags & AccountFlag.history) === 0) return;
    const { debitsPending, debitsPosted, creditsPending, creditsPosted } = account;
    const rows = present(this.balances.get(id), 'an account has a list of balances');
    rows.push({ debitsPending, debitsPosted, creditsPending, creditsPosted, timestamp });
    this.#undo.push(() => rows.pop());
  }

  accountOf(id: bigint): Account {
    return present(this.accounts.get(id), 'the accounts of a transfer exist');
  }

  transferOf(id: bigint): Transfer {
    return present(this.transfers.get(id), 'a transfer that is referred to exists');
  }

  #changeFate(transfer: Transfer, fate: Fate | undefined): void {
    if (fate === undefined) this.fates.delete(transfer.id);
    else this.fates.set(transfer.id, fate);
    if (transfer.timeout === 0) return;
    if (fate === 'open') this.expiring.add(transfer);
    else this.expiring.remove(transfer);
  }

  #replace(account: Account): void {
    const before = this.accountOf(account.id);
    this.accounts.set(account.id, account);
    this.#undo.push(() => this.accounts.set(account.id, before));
  }
}

import { BalanceKind, balanceKinds, firstWide } from '../accounts/account-chunk.ts';
import type { AccountSnapshot } from '../accounts/account-snapshot.ts';
import type { BooksState } from '../books/books-state.ts';
import { finish, type Scan } from './scan.ts';

/** The sums of the balances of all accounts of one ledger. Debits and credits are the same. */
export interface LedgerTotals {
  readonly ledger: number;
  readonly accounts: number;
  /** Of `accounts` times 128 bits at most. */
  readonly debitsPending: bigint;
  readonly debitsPosted: bigint;
  readonly creditsPending: bigint;
  readonly creditsPosted: bigint;
}

interface Sums {
  accounts: number;
  /** By kind: what numbers hold exactly, and what did not go into them any more. */
  readonly small: Float64Array;
  readonly large: bigint[];
}

const slotsPerAdvance = 8192;

/**
 * Adds up the balances of all ledgers as they were when it was made: it holds a snapshot of the
 * accounts, which is closed at its end, or by `close` for one that is given up.
 */
export class TotalsScan implements Scan<LedgerTotals> {
  readonly #state: BooksState;
  readonly #snapshot: AccountSnapshot;
  readonly #sums = new Map<number, Sums>();
  #next = 0;
  #results: readonly LedgerTotals[] | null = null;

  constructor(state: BooksState) {
    this.#state = state;
    this.#snapshot = state.accounts.openSnapshot();
  }

  /** By number of the ledger, rising. */
  get results(): readonly LedgerTotals[] {
    return this.#results ?? [];
  }

  advance(): boolean {
    if (this.#results !== null) return true;
    const { count } = this.#snapshot;
    const end = Math.min(count, this.#next + slotsPerAdvance);
    for (; this.#next < end; this.#next++) this.#add(this.#next);
    this.#snapshot.doneBelow(end);
    if (end < count) return false;
    this.close();
    const ledgers = [...this.#sums].sort(([one], [other]) => one - other);
    this.#results = ledgers.map(([ledger, sums]) => totalsOf(ledger, sums));
    return true;
  }

  /** Lets the snapshot go; a scan that was not done stays without results. */
  close(): void {
    this.#snapshot.close();
    this.#results ??= [];
  }

  #add(slot: number): void {
    const sums = this.#sumsOf(this.#state.accounts.ledger(slot));
    sums.accounts++;
    const { small, large } = sums;
    for (let kind = 0; kind < balanceKinds; kind++) {
      const balance = this.#snapshot.number(slot, kind);
      const sum = (small[kind] as number) + balance;
      // A wide balance is NaN, and less than nothing.
      if (sum < firstWide) small[kind] = sum;
      else large[kind] = (large[kind] as bigint) + this.#snapshot.balance(slot, kind);
    }
  }

  #sumsOf(ledger: number): Sums {
    const there = this.#sums.get(ledger);
    if (there !== undefined) return there;
    const made: Sums = {
      accounts: 0,
      small: new Float64Array(balanceKinds),
      large: Array.from({ length: balanceKinds }, () => 0n),
    };
    this.#sums.set(ledger, made);
    return made;
  }
}

/** @returns the sums of all balances, by ledger, rising */
export function totals(state: BooksState): readonly LedgerTotals[] {
  return finish(new TotalsScan(state));
}

function totalsOf(ledger: number, { accounts, small, large }: Sums): LedgerTotals {
  const sum = (kind: number): bigint => BigInt(small[kind] as number) + (large[kind] as bigint);
  return {
    ledger,
    accounts,
    debitsPending: sum(BalanceKind.debitsPending),
    debitsPosted: sum(BalanceKind.debitsPosted),
    creditsPending: sum(BalanceKind.creditsPending),
    creditsPosted: sum(BalanceKind.creditsPosted),
  };
}

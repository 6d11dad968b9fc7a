import type { Account, AccountBalance, NewAccount } from '../../src/model/account.ts';
import type { NewTransfer, Transfer } from '../../src/model/transfer.ts';

/** What a batch may say of an account; all but `NewAccount` is there to be refused. */
export interface AccountEvent extends NewAccount {
  readonly timestamp?: bigint;
  readonly debitsPending?: bigint;
  readonly debitsPosted?: bigint;
  readonly creditsPending?: bigint;
  readonly creditsPosted?: bigint;
}

/** What a batch may say of a transfer; `timestamp` is there to be refused. */
export interface TransferEvent extends NewTransfer {
  readonly timestamp?: bigint;
}

/** What an entry of the log came to. */
export interface Outcome {
  /** Of event 0, in nanoseconds; event i has this + i. */
  readonly timestamp: bigint;
  /** One for each event: numbers of `AccountResult` or `TransferResult`. */
  readonly results: readonly number[];
}

/**
 * What the cases and comparisons of this folder ask of an implementation of the books. Each of the
 * first three is one entry of the log; `timestampMicros` is strictly increasing.
 */
export interface BooksUnderTest {
  createAccounts(events: readonly AccountEvent[], timestampMicros: number): Outcome;
  createTransfers(events: readonly TransferEvent[], timestampMicros: number): Outcome;
  /** An entry without events: only lets pending transfers expire. */
  pulse(timestampMicros: number): Outcome;

  account(id: bigint): Account | undefined;
  transfer(id: bigint): Transfer | undefined;
  /**
   * The rows of an account with `history`, oldest first; none for others.
   *
   * @param newest only so many, of those the newest; all when left out
   */
  balancesOf(id: bigint, newest?: number): readonly AccountBalance[];
  /** The transfers that debit or credit the account, oldest first. */
  accountTransfers(id: bigint): readonly Transfer[];
  /** All accounts, oldest first. */
  accounts(): readonly Account[];
  /** All transfers, oldest first. */
  transfers(): readonly Transfer[];
  /** When the next pending transfer expires, in nanoseconds; undefined: none will. */
  nextExpiry(): bigint | undefined;
}

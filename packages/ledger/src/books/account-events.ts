import type { AccountColumns } from '../columns/account-columns.ts';
import type { Column } from '../columns/column.ts';
import { AccountFlag, knownAccountFlags } from '../model/account.ts';
import { AccountResult as Result } from '../model/account-results.ts';
import type { BooksState } from './books-state.ts';
import type { ChainedEvents } from './chains.ts';

const { linked, debitsMustNotExceedCredits, creditsMustNotExceedDebits } = AccountFlag;
const limits = debitsMustNotExceedCredits | creditsMustNotExceedDebits;
const allOnes = 0xffffffff;

/** Every rule for opening an account. */
export class AccountEvents implements ChainedEvents {
  readonly #state: BooksState;
  readonly #columns: AccountColumns;
  readonly #id = new Uint32Array(4);
  readonly #userData128 = new Uint32Array(4);
  readonly #userData64 = new Uint32Array(4);

  constructor(state: BooksState, columns: AccountColumns) {
    this.#state = state;
    this.#columns = columns;
  }

  apply(row: number): number {
    const { accounts, timeline } = this.#state;
    const columns = this.#columns;
    if (isGiven(columns.timestamp, row)) return Result.timestampMustBeZero;
    const flags = columns.flags.numberAt(row);
    if ((flags & ~knownAccountFlags) !== 0) return Result.reservedFlag;
    const id = this.#id;
    columns.id.lanesAt(row, id);
    if (id.every((lane) => lane === 0)) return Result.idMustNotBeZero;
    if (id.every((lane) => lane === allOnes)) return Result.idMustNotBeIntMax;
    columns.userData128.lanesAt(row, this.#userData128);
    columns.userData64.lanesAt(row, this.#userData64);
    const there = accounts.find(id, 0);
    if (there >= 0) return this.#compare(row, there);
    if ((flags & limits) === limits) return Result.flagsAreMutuallyExclusive;
    if (isGiven(columns.debitsPending, row)) return Result.debitsPendingMustBeZero;
    if (isGiven(columns.debitsPosted, row)) return Result.debitsPostedMustBeZero;
    if (isGiven(columns.creditsPending, row)) return Result.creditsPendingMustBeZero;
    if (isGiven(columns.creditsPosted, row)) return Result.creditsPostedMustBeZero;
    const ledger = columns.ledger.numberAt(row);
    if (ledger === 0) return Result.ledgerMustNotBeZero;
    const code = columns.code.numberAt(row);
    if (code === 0) return Result.codeMustNotBeZero;
    const timestamp = timeline.base + BigInt(row);
    const [low, high] = [Number(timestamp & 0xffffffffn), Number(timestamp >> 32n)];
    const slot = accounts.create(id, 0, ledger, code, flags & ~linked, low, high);
    const userData32 = columns.userData32.numberAt(row);
    accounts.setUserData(slot, this.#userData128, 0, this.#userData64, 0, userData32);
    return Result.ok;
  }

  /** An account that was not opened leaves its id to others. */
  failed(): void {}

  #compare(row: number, slot: number): number {
    const { accounts } = this.#state;
    const columns = this.#columns;
    const account = accounts.accountAt(slot);
    const flags = columns.flags.numberAt(row) & ~linked;
    if (flags !== accounts.createdFlags(slot)) return Result.existsWithDifferentFlags;
    if (columns.userData128.uint128At(row) !== account.userData128)
      return Result.existsWithDifferentUserData128;
    if (columns.userData64.uint128At(row) !== account.userData64)
      return Result.existsWithDifferentUserData64;
    if (columns.userData32.numberAt(row) !== account.userData32)
      return Result.existsWithDifferentUserData32;
    if (columns.ledger.numberAt(row) !== account.ledger) return Result.existsWithDifferentLedger;
    if (columns.code.numberAt(row) !== account.code) return Result.existsWithDifferentCode;
    return Result.exists;
  }
}

function isGiven(column: Column, row: number): boolean {
  return !column.isZero && column.uint128At(row) !== 0n;
}

import { assert, present } from '@quorate/base';
import { accountsPerBlock, blockShift, blocksOf } from './account-block.ts';
import {
  type AccountChunk,
  balanceKinds,
  chunkMask,
  chunkShift,
  flagsWord,
  lastTransferNumber,
  numbersShift,
  wordsPerAccount,
  wordsShift,
} from './account-chunk.ts';
import {
  AccountCopies,
  copiedNumbers,
  copyBytes,
  fieldsPerAccount,
  flagsField,
  type SpareCopies,
} from './account-copies.ts';

/** What a store has, for its snapshots to look at. */
export interface SnapshotSource {
  readonly chunks: readonly AccountChunk[];
  readonly count: number;
  /** The balances that are NaN in the chunks, by `slot * 4 + kind`. */
  readonly wide: ReadonlyMap<number, bigint>;
}

/**
 * What can change of accounts, as it was when this was opened; made by `AccountStore.openSnapshot`.
 *
 * An account is copied before the first write to it, if the writer says so by `AccountStore.touch`;
 * what was never written to is read from the store itself. So opening costs nothing, and what is
 * kept grows with what is written, until its block is done.
 *
 * It is read block by block: the first look at a block gathers all of it.
 */
export class AccountSnapshot {
  /** Slots below it belong to the snapshot. */
  readonly count: number;
  readonly #chunks: readonly AccountChunk[];
  readonly #wideOfStore: ReadonlyMap<number, bigint>;
  readonly #onClose: (snapshot: AccountSnapshot) => void;
  /** By block; 1: it is still to be read, so its accounts are copied. */
  readonly #isNeeded: Uint8Array;
  /** A bit for each account that was copied. */
  readonly #isCopied: Int32Array;
  readonly #copies: AccountCopies;
  readonly #wide = new Map<number, bigint>();
  /** Blocks below it are done. */
  #doneBlocks = 0;
  /** What was gathered last: the fields of the accounts of a block. */
  readonly #fields = new Float64Array(accountsPerBlock * fieldsPerAccount);
  #gathered = -1;
  #isOpen = true;

  /**
   * @param isNeeded 1 for each block that will be read, and 0 for the others; kept and changed
   * @param spare where memory for copies is taken from, and comes back to
   * @param onClose told once
   */
  constructor(
    { chunks, count, wide }: SnapshotSource,
    isNeeded: Uint8Array,
    spare: SpareCopies,
    onClose: (snapshot: AccountSnapshot) => void,
  ) {
    assert(isNeeded.length === blocksOf(count), 'each block is needed or is not');
    this.#chunks = chunks;
    this.count = count;
    this.#wideOfStore = wide;
    this.#isNeeded = isNeeded;
    this.#onClose = onClose;
    this.#isCopied = new Int32Array((count + 31) >>> 5);
    this.#copies = new AccountCopies(isNeeded.length, spare);
  }

  /** Bytes of what is kept because it was written to. */
  get copiedBytes(): number {
    return this.#copies.count * copyBytes;
  }

  /** Keeps this account as it is, unless it is kept already or not needed. */
  preserve(slot: number): void {
    const block = slot >>> blockShift;
    if (this.#isNeeded[block] !== 1 || slot >= this.count) return;
    const bits = this.#isCopied[slot >>> 5] as number;
    const bit = 1 << (slot & 31);
    if ((bits & bit) !== 0) return;
    this.#isCopied[slot >>> 5] = bits | bit;
    const chunk = this.#chunks[slot >>> chunkShift] as AccountChunk;
    this.#copies.add(block, slot & (accountsPerBlock - 1), chunk, slot);
    if (hasWide(chunk, slot)) this.#copyWide(chunk, slot);
  }

  /**
   * @param number place of a field in `AccountChunk.numbers`
   * @returns what stood there; NaN: a wide balance
   */
  number(slot: number, number: number): number {
    return this.#field(slot, number);
  }

  /** @returns the flags of the account */
  flags(slot: number): number {
    return this.#field(slot, flagsField);
  }

  /** @returns the position of the newest transfer of the account; -1: it has none */
  lastTransfer(slot: number): number {
    return this.#field(slot, lastTransferNumber);
  }

  /** @param kind of `BalanceKind` */
  balance(slot: number, kind: number): bigint {
    const value = this.#field(slot, kind);
    if (!Number.isNaN(value)) return BigInt(value);
    const cell = slot * balanceKinds + kind;
    return present(this.#wide.get(cell) ?? this.#wideOfStore.get(cell), 'a wide balance is known');
  }

  /**
   * What can change of the accounts of a block.
   *
   * @returns six fields an account: its numbers, NaN for a wide balance, then its flags; valid
   *   until another block is read
   */
  fieldsOf(block: number): Float64Array {
    assert(this.#isOpen, 'only an open snapshot is read');
    assert(this.#isNeeded[block] === 1, 'the block belongs to the snapshot, and is not done');
    if (this.#gathered !== block) this.#gather(block);
    return this.#fields;
  }

  /** Says that a block will not be asked for again: writes to it cost nothing from now on. */
  done(block: number): void {
    if (this.#isNeeded[block] !== 1) return;
    this.#isNeeded[block] = 0;
    this.#copies.release(block);
  }

  /** Says that all blocks that end below a slot, which may be `count`, are done. */
  doneBelow(slot: number): void {
    const end = slot >= this.count ? this.#isNeeded.length : slot >>> blockShift;
    for (; this.#doneBlocks < end; this.#doneBlocks++) this.done(this.#doneBlocks);
  }

  /** Frees what was kept. Closing again does nothing; reading afterwards is a mistake. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#isNeeded.fill(0);
    this.#copies.close();
    this.#wide.clear();
    this.#onClose(this);
  }

  #field(slot: number, field: number): number {
    assert(slot >= 0 && slot < this.count, 'the slot belongs to the snapshot');
    const fields = this.fieldsOf(slot >>> blockShift);
    return fields[(slot & (accountsPerBlock - 1)) * fieldsPerAccount + field] as number;
  }

  #gather(block: number): void {
    const firstSlot = block << blockShift;
    const count = Math.min(accountsPerBlock, this.count - firstSlot);
    const { numbers, words } = this.#chunks[firstSlot >>> chunkShift] as AccountChunk;
    const fields = this.#fields;
    let from = (firstSlot & chunkMask) << numbersShift;
    let flags = ((firstSlot & chunkMask) << wordsShift) + flagsWord;
    const end = count * fieldsPerAccount;
    for (let to = 0; to < end; to += fieldsPerAccount) {
      for (let i = 0; i < copiedNumbers; i++) fields[to + i] = numbers[from + i] as number;
      fields[to + flagsField] = words[flags] as number;
      from += 1 << numbersShift;
      flags += wordsPerAccount;
    }
    this.#copies.writeOver(block, fields);
    this.#gathered = block;
  }

  #copyWide({ numbers }: AccountChunk, slot: number): void {
    const from = (slot & chunkMask) << numbersShift;
    for (let kind = 0; kind < balanceKinds; kind++) {
      if (!Number.isNaN(numbers[from + kind])) continue;
      const cell = slot * balanceKinds + kind;
      this.#wide.set(cell, present(this.#wideOfStore.get(cell), 'a wide balance has a value'));
    }
  }
}

function hasWide({ numbers }: AccountChunk, slot: number): boolean {
  const at = (slot & chunkMask) << numbersShift;
  const debits = (numbers[at] as number) + (numbers[at + 1] as number);
  const credits = (numbers[at + 2] as number) + (numbers[at + 3] as number);
  return Number.isNaN(debits + credits);
}

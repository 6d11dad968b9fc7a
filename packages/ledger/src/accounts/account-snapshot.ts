import { assert, present } from '@quorate/base';
import {
  type AccountChunk,
  accountsPerChunk,
  balanceKinds,
  chunkMask,
  chunkShift,
  flagsWord,
  lastTransferNumber,
  numbersShift,
  wordsShift,
} from './account-chunk.ts';

/**
 * Accounts of which a copy is made together. Few, because transfers hit accounts all over: with
 * 4,096 the first batch after a snapshot was opened would copy all of a ledger.
 */
const pageShift = 2;
const accountsPerPage = 1 << pageShift;
const pagesPerChunk = accountsPerChunk >> pageShift;

/** Of a copied account: four balances, the last transfer, the flags. */
const fieldsPerAccount = 6;
const fieldsPerPage = accountsPerPage * fieldsPerAccount;
const flagsField = 5;
const blockShift = 10;
const pagesPerBlock = 1 << blockShift;

/**
 * What can change of accounts, as it was when this was opened; made by `AccountStore.openSnapshot`.
 *
 * A page of accounts is copied before the first write to it, if the writer says so by
 * `AccountStore.touch`; what was never written to is read from the store itself. So opening costs
 * nothing, and what is kept grows with what is written.
 */
export class AccountSnapshot {
  /** Slots below it belong to the snapshot. */
  readonly count: number;
  readonly #chunks: readonly AccountChunk[];
  readonly #wideOfStore: ReadonlyMap<number, bigint>;
  readonly #onClose: (snapshot: AccountSnapshot) => void;
  /** By chunk and page: the number of its copy plus 1; 0: there is none. */
  readonly #copyOf: (Int32Array | undefined)[] = [];
  #blocks: Float64Array[] = [];
  #copies = 0;
  readonly #wide = new Map<number, bigint>();
  /** Slots below it are not asked for any more. */
  #doneBelow = 0;
  #isOpen = true;

  /**
   * @param wideOfStore the balances that are NaN in the chunks, by `slot * 4 + kind`
   * @param onClose told once
   */
  constructor(
    chunks: readonly AccountChunk[],
    count: number,
    wideOfStore: ReadonlyMap<number, bigint>,
    onClose: (snapshot: AccountSnapshot) => void,
  ) {
    this.#chunks = chunks;
    this.count = count;
    this.#wideOfStore = wideOfStore;
    this.#onClose = onClose;
  }

  /** Bytes of what is kept because it was written to. */
  get copiedBytes(): number {
    return this.#copies * fieldsPerPage * 8;
  }

  /** Keeps the page of this account as it is, unless it is kept already or not needed. */
  preserve(slot: number): void {
    if (slot >= this.count || slot < this.#doneBelow) return;
    const chunk = slot >>> chunkShift;
    let copyOf = this.#copyOf[chunk];
    if (copyOf === undefined) {
      copyOf = new Int32Array(pagesPerChunk);
      this.#copyOf[chunk] = copyOf;
    }
    const page = (slot & chunkMask) >>> pageShift;
    if (copyOf[page] !== 0) return;
    this.#copy(slot & -accountsPerPage);
    copyOf[page] = this.#copies;
  }

  /**
   * @param number place of a field in `AccountChunk.numbers`
   * @returns what stood there; NaN: a wide balance
   */
  number(slot: number, number: number): number {
    const copy = this.#copyAt(slot);
    if (copy > 0) return this.#field(copy, slot, number);
    const { numbers } = this.#chunks[slot >>> chunkShift] as AccountChunk;
    return numbers[((slot & chunkMask) << numbersShift) + number] as number;
  }

  /** @returns the flags of the account */
  flags(slot: number): number {
    const copy = this.#copyAt(slot);
    if (copy > 0) return this.#field(copy, slot, flagsField);
    const { words } = this.#chunks[slot >>> chunkShift] as AccountChunk;
    return words[((slot & chunkMask) << wordsShift) + flagsWord] as number;
  }

  /** @returns the position of the newest transfer of the account; -1: it has none */
  lastTransfer(slot: number): number {
    return this.number(slot, lastTransferNumber);
  }

  /** @param kind of `BalanceKind` */
  balance(slot: number, kind: number): bigint {
    const value = this.number(slot, kind);
    if (!Number.isNaN(value)) return BigInt(value);
    const wide = this.#copyAt(slot) > 0 ? this.#wide : this.#wideOfStore;
    return present(wide.get(slot * balanceKinds + kind), 'a wide balance has a value');
  }

  /** Says that slots below will not be asked for again: writes to them cost nothing from now on. */
  doneBelow(slot: number): void {
    this.#doneBelow = Math.max(this.#doneBelow, slot);
  }

  /** Frees what was kept. Closing again does nothing; reading afterwards is a mistake. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#copyOf.length = 0;
    this.#blocks = [];
    this.#wide.clear();
    this.#onClose(this);
  }

  /** @returns the number of the copy plus 1; 0: there is none */
  #copyAt(slot: number): number {
    assert(this.#isOpen, 'only an open snapshot is read');
    assert(slot >= this.#doneBelow && slot < this.count, 'the slot belongs to the snapshot');
    const copyOf = this.#copyOf[slot >>> chunkShift];
    return copyOf === undefined ? 0 : (copyOf[(slot & chunkMask) >>> pageShift] as number);
  }

  #field(copyPlusOne: number, slot: number, field: number): number {
    const copy = copyPlusOne - 1;
    const block = this.#blocks[copy >>> blockShift] as Float64Array;
    const page = (copy & (pagesPerBlock - 1)) * fieldsPerPage;
    return block[page + (slot & (accountsPerPage - 1)) * fieldsPerAccount + field] as number;
  }

  #copy(firstSlot: number): void {
    const { numbers, words } = this.#chunks[firstSlot >>> chunkShift] as AccountChunk;
    const copy = this.#copies++;
    if ((copy & (pagesPerBlock - 1)) === 0) {
      this.#blocks.push(new Float64Array(pagesPerBlock * fieldsPerPage));
    }
    const block = this.#blocks[copy >>> blockShift] as Float64Array;
    const place = firstSlot & chunkMask;
    let to = (copy & (pagesPerBlock - 1)) * fieldsPerPage;
    let from = place << numbersShift;
    let flags = (place << wordsShift) + flagsWord;
    for (let i = 0; i < accountsPerPage; i++) {
      for (let number = 0; number < flagsField; number++) {
        const value = numbers[from + number] as number;
        block[to + number] = value;
        if (Number.isNaN(value)) this.#copyWide((firstSlot + i) * balanceKinds + number);
      }
      block[to + flagsField] = words[flags] as number;
      to += fieldsPerAccount;
      from += 1 << numbersShift;
      flags += 1 << wordsShift;
    }
  }

  #copyWide(cell: number): void {
    this.#wide.set(cell, present(this.#wideOfStore.get(cell), 'a wide balance has a value'));
  }
}

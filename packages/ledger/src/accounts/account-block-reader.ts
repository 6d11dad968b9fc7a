import { isMaxUint128, isZeroUint128, readUint128 } from '../numbers/uint128.ts';
import {
  accountsPerBlock,
  blockHeadBytes,
  blockVersion,
  changingColumns,
  flagsColumn,
  forEachFixedColumn,
  lastTransferColumn,
  wideBytes,
} from './account-block.ts';
import {
  balanceKinds,
  chunkMask,
  detailsPerAccount,
  firstWide,
  flagsWord,
  idWord,
  lastTransferNumber,
  numbersShift,
  timestampDetail,
  wordsShift,
} from './account-chunk.ts';
import type { AccountStore } from './account-store.ts';
import { readLaneColumn, readUint32 } from './lane-column.ts';

const twoTo32 = 2 ** 32;

/** Throws what its owner throws for a snapshot that is not right. */
export type FailSnapshot = (reason: string, offset: number) => never;

/**
 * Fills a new, empty store with the blocks of a snapshot. When a block is refused, the store is
 * good for nothing any more.
 *
 * @see account-block.ts for the layout
 */
export class AccountBlockReader {
  readonly #store: AccountStore;
  readonly #fail: FailSnapshot;
  readonly #changing = new Uint32Array(changingColumns * accountsPerBlock);
  readonly #wideLanes = new Uint32Array(4);

  /** @param fail given the reason and the offset in the block; must throw */
  constructor(store: AccountStore, fail: FailSnapshot) {
    this.#store = store;
    this.#fail = fail;
  }

  /** @param bytes one whole block, the next in order; copied from */
  block(bytes: Uint8Array): void {
    if (bytes.length < blockHeadBytes) this.#fail('it ends too early', bytes.length);
    if (bytes[0] !== blockVersion) {
      this.#fail(`a block has version ${bytes[0]}, and ${blockVersion} is read here`, 0);
    }
    const firstSlot = readUint32(bytes, 1);
    const count = (bytes[5] as number) | ((bytes[6] as number) << 8);
    if (firstSlot !== this.#store.count) this.#fail('blocks of accounts are out of order', 1);
    if (firstSlot % accountsPerBlock !== 0) this.#fail('accounts follow a block not full', 1);
    if (count < 1 || count > accountsPerBlock) this.#fail(`a block has ${count} accounts`, 5);
    let at = blockHeadBytes;
    forEachFixedColumn(this.#store.chunkFor(firstSlot), firstSlot, (lanes, from, stride) => {
      at = readLaneColumn(bytes, at, lanes, from, stride, count, this.#fail);
    });
    for (let column = 0; column < changingColumns; column++) {
      const from = column * accountsPerBlock;
      at = readLaneColumn(bytes, at, this.#changing, from, 1, count, this.#fail);
    }
    for (let i = 0; i < count; i++) this.#append(firstSlot + i, i, at);
    this.#readWide(bytes, at, firstSlot, count);
  }

  #append(slot: number, i: number, offset: number): void {
    const store = this.#store;
    const { numbers, words, details } = store.chunkFor(slot);
    const place = slot & chunkMask;
    const id = (place << wordsShift) + idWord;
    if (isZeroUint128(words, id) || isMaxUint128(words, id)) {
      this.#fail('the id of an account is 0 or 2^128 - 1', offset);
    }
    const number = place << numbersShift;
    for (let kind = 0; kind < balanceKinds; kind++) {
      const value = this.#changingAt(kind * 2, i);
      if (value >= firstWide) this.#fail('a balance is out of range', offset);
      numbers[number + kind] = value;
    }
    const lastTransfer = this.#changingAt(lastTransferColumn, i) - 1;
    if (lastTransfer >= firstWide) this.#fail('the last transfer is out of range', offset);
    numbers[number + lastTransferNumber] = lastTransfer;
    const flags = this.#changing[flagsColumn * accountsPerBlock + i] as number;
    if (flags > 0xffff) this.#fail('the flags of an account are out of range', offset);
    words[(place << wordsShift) + flagsWord] = flags;
    if (slot > 0 && !this.#isLater(slot, details, place)) {
      this.#fail('accounts are not in the order of their creation', offset);
    }
    if (!store.append()) this.#fail('two accounts have one id', offset);
  }

  #changingAt(column: number, i: number): number {
    const at = column * accountsPerBlock + i;
    const low = this.#changing[at] as number;
    return low + (this.#changing[at + accountsPerBlock] as number) * twoTo32;
  }

  #isLater(slot: number, details: Uint32Array, place: number): boolean {
    const before = this.#store.chunkFor(slot - 1).details;
    const at = place * detailsPerAccount + timestampDetail;
    const beforeAt = ((slot - 1) & chunkMask) * detailsPerAccount + timestampDetail;
    const high = details[at + 1] as number;
    const highBefore = before[beforeAt + 1] as number;
    return high === highBefore
      ? (details[at] as number) > (before[beforeAt] as number)
      : high > highBefore;
  }

  #readWide(bytes: Uint8Array, start: number, firstSlot: number, count: number): void {
    if (start + 4 > bytes.length) this.#fail('it ends too early', bytes.length);
    const end = start + 4 + readUint32(bytes, start) * wideBytes;
    if (end !== bytes.length) this.#fail('a block has too few bytes or too many', bytes.length);
    let lastCell = -1;
    for (let at = start + 4; at < end; at += wideBytes) {
      const cell = readUint32(bytes, at);
      if (cell <= lastCell || cell >= count * balanceKinds) {
        this.#fail('wide balances are out of order', at);
      }
      lastCell = cell;
      for (let lane = 0; lane < 4; lane++) {
        this.#wideLanes[lane] = readUint32(bytes, at + 4 + lane * 4);
      }
      const value = readUint128(this.#wideLanes, 0);
      if (value < firstWide) this.#fail('a wide balance is not wide', at);
      const slot = firstSlot + Math.floor(cell / balanceKinds);
      const kind = cell % balanceKinds;
      if (this.#store.balance(slot, kind) !== 0n) this.#fail('a balance is there twice', at);
      this.#store.setBalance(slot, kind, value);
    }
  }
}

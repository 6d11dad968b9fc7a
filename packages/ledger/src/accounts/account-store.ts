import { assert, present } from '@quorate/base';
import type { Account } from '../model/account.ts';
import { readUint128 } from '../numbers/uint128.ts';
import { blockShift, blocksOf } from './account-block.ts';
import {
  type AccountChunk,
  accountsPerChunk,
  BalanceKind,
  balanceKinds,
  chunkMask,
  chunkShift,
  codeDetail,
  detailsPerAccount,
  firstWide,
  flagsWord,
  idWord,
  lastTransferNumber,
  ledgerWord,
  newAccountChunk,
  numbersShift,
  timestampDetail,
  userData32Detail,
  userData64Detail,
  userData128Detail,
  wordsShift,
} from './account-chunk.ts';
import { SpareCopies } from './account-copies.ts';
import { AccountIndex } from './account-index.ts';
import { AccountSnapshot } from './account-snapshot.ts';
import { hashBalances } from './balance-hash.ts';
import { ChangedBlocks } from './changed-blocks.ts';

/**
 * All accounts, by slot (the order of creation, from 0) and by id.
 *
 * The methods are for edges and for what is rare. A hot loop goes to the arrays, whose layout
 * stands with `AccountChunk`:
 *
 *     store.touch(slot);
 *     const { numbers } = store.chunks[slot >>> chunkShift] as AccountChunk;
 *     const at = ((slot & chunkMask) << numbersShift) + BalanceKind.debitsPosted;
 *     const sum = (numbers[at] as number) + amount;
 *     if (sum < firstWide) numbers[at] = sum;
 *     else store.setBalance(slot, kind, store.balance(slot, kind) + BigInt(amount));
 *
 * The comparison fails for NaN too, that is when the balance is wide already. A balance that is
 * wide is written by `setBalance` only, which forgets the wide value when it can.
 */
export class AccountStore {
  readonly #chunks: AccountChunk[] = [];
  /** By id; a hot loop that has the lanes in hand asks it itself. */
  readonly index: AccountIndex;
  /** What checkpoints have to store again. */
  readonly changed = new ChangedBlocks();
  /** The balances from 2^53 on, which are NaN in their chunk, by `slot * 4 + kind`. */
  readonly #wide = new Map<number, bigint>();
  readonly #spareCopies = new SpareCopies();
  #snapshots: readonly AccountSnapshot[] = [];
  #count = 0;

  /** @param hashSeed 32 bits; see AccountIndex. It changes no answer. */
  constructor(hashSeed = 0) {
    this.index = new AccountIndex(this.#chunks, hashSeed);
  }

  /** Accounts; slots are below it. */
  get count(): number {
    return this.#count;
  }

  /** Always the same array; chunks are added at its end and stay. */
  get chunks(): readonly AccountChunk[] {
    return this.#chunks;
  }

  /** Bytes that chunks and index take, snapshots and wide balances not counted. */
  get bytes(): number {
    let bytes = this.index.bytes;
    for (const { words, details } of this.#chunks) {
      bytes += words.buffer.byteLength + details.byteLength;
    }
    return bytes;
  }

  /**
   * @param id four lanes, the low one first, from `at` on
   * @returns the slot of the account, or -1
   */
  find(id: Uint32Array, at: number): number {
    return this.index.find(
      (id[at] as number) | 0,
      (id[at + 1] as number) | 0,
      (id[at + 2] as number) | 0,
      (id[at + 3] as number) | 0,
    );
  }

  /**
   * As `find`, for many, and faster than one by one when there are many accounts.
   *
   * @param ids four lanes each
   * @param slots gets the first `count`; -1: there is no such account
   */
  findMany(ids: Uint32Array, count: number, slots: Int32Array): void {
    this.index.findMany(ids, count, slots);
  }

  /**
   * Opens an account with no balances and no user data.
   *
   * @param id four lanes from `at` on; no account has it
   * @param flags 16 bits, kept as they are: both as the current ones and as those of the creation
   * @param timestampLow with `timestampHigh`, nanoseconds since the Unix epoch
   * @returns its slot, the next in order
   */
  create(
    id: Uint32Array,
    at: number,
    ledger: number,
    code: number,
    flags: number,
    timestampLow: number,
    timestampHigh: number,
  ): number {
    const slot = this.#count;
    const { numbers, words, details } = this.chunkFor(slot);
    const place = slot & chunkMask;
    const number = place << numbersShift;
    for (let kind = 0; kind < balanceKinds; kind++) numbers[number + kind] = 0;
    numbers[number + lastTransferNumber] = -1;
    const word = place << wordsShift;
    words[word + flagsWord] = flags;
    words[word + ledgerWord] = ledger;
    for (let lane = 0; lane < 4; lane++) words[word + idWord + lane] = id[at + lane] as number;
    const detail = place * detailsPerAccount;
    for (let i = 0; i < timestampDetail; i++) details[detail + i] = 0;
    details[detail + timestampDetail] = timestampLow;
    details[detail + timestampDetail + 1] = timestampHigh;
    details[detail + userData32Detail] = 0;
    details[detail + codeDetail] = code | (flags << 16);
    assert(this.append(), 'no other account has the id of a new one');
    return slot;
  }

  /** @param userData128 four lanes from `at128` on; `userData64` two from `at64` on */
  setUserData(
    slot: number,
    userData128: Uint32Array,
    at128: number,
    userData64: Uint32Array,
    at64: number,
    userData32: number,
  ): void {
    const { details } = this.#chunkOf(slot);
    this.changed.add(slot >>> blockShift);
    const detail = (slot & chunkMask) * detailsPerAccount;
    for (let lane = 0; lane < 4; lane++) {
      details[detail + userData128Detail + lane] = userData128[at128 + lane] as number;
    }
    details[detail + userData64Detail] = userData64[at64] as number;
    details[detail + userData64Detail + 1] = userData64[at64 + 1] as number;
    details[detail + userData32Detail] = userData32;
  }

  /** Takes the newest account back, as if it had never been. */
  undoCreate(): void {
    assert(this.#count > 0, 'there is an account to take back');
    const slot = this.#count - 1;
    for (const snapshot of this.#snapshots) {
      assert(snapshot.count <= slot, 'what a snapshot was made of is not taken back');
    }
    // No wide balance stays behind for the next account of this slot.
    for (let kind = 0; kind < balanceKinds; kind++) this.setBalance(slot, kind, 0n);
    this.index.remove(slot);
    this.#count = slot;
  }

  /** @param kind of `BalanceKind` */
  balance(slot: number, kind: number): bigint {
    const value = this.balanceNumber(slot, kind);
    if (!Number.isNaN(value)) return BigInt(value);
    return present(this.#wide.get(slot * balanceKinds + kind), 'a wide balance has a value');
  }

  /** @returns the balance of the kind; NaN when it is 2^53 or more */
  balanceNumber(slot: number, kind: number): number {
    return this.#chunkOf(slot).numbers[((slot & chunkMask) << numbersShift) + kind] as number;
  }

  /**
   * Touches the account, too.
   *
   * @param kind of `BalanceKind`
   * @param value 0 to 2^128 - 1
   */
  setBalance(slot: number, kind: number, value: bigint): void {
    assert(value >= 0n && value >> 128n === 0n, 'a balance is from 0 to 2^128 - 1');
    const { numbers } = this.#chunkOf(slot);
    this.touch(slot);
    const isWide = value >= firstWide;
    numbers[((slot & chunkMask) << numbersShift) + kind] = isWide ? Number.NaN : Number(value);
    if (isWide) this.#wide.set(slot * balanceKinds + kind, value);
    else this.#wide.delete(slot * balanceKinds + kind);
  }

  /** @returns the current flags */
  flags(slot: number): number {
    return this.#chunkOf(slot).words[((slot & chunkMask) << wordsShift) + flagsWord] as number;
  }

  /** Touches the account, too. */
  setFlags(slot: number, flags: number): void {
    this.touch(slot);
    this.#chunkOf(slot).words[((slot & chunkMask) << wordsShift) + flagsWord] = flags;
  }

  /** @returns the flags that the account was created with */
  createdFlags(slot: number): number {
    return (
      (this.#chunkOf(slot).details[
        (slot & chunkMask) * detailsPerAccount + codeDetail
      ] as number) >>> 16
    );
  }

  /** @returns the code of the account */
  code(slot: number): number {
    return (
      (this.#chunkOf(slot).details[(slot & chunkMask) * detailsPerAccount + codeDetail] as number) &
      0xffff
    );
  }

  /** @returns the ledger of the account */
  ledger(slot: number): number {
    return this.#chunkOf(slot).words[((slot & chunkMask) << wordsShift) + ledgerWord] as number;
  }

  /** @returns the position of the newest transfer of the account; -1: it has none */
  lastTransfer(slot: number): number {
    return this.#chunkOf(slot).numbers[
      ((slot & chunkMask) << numbersShift) + lastTransferNumber
    ] as number;
  }

  /** Touches the account, too. */
  setLastTransfer(slot: number, position: number): void {
    this.touch(slot);
    const { numbers } = this.#chunkOf(slot);
    numbers[((slot & chunkMask) << numbersShift) + lastTransferNumber] = position;
  }

  /** @returns the id of the account */
  idAt(slot: number): bigint {
    return readUint128(this.#chunkOf(slot).words, ((slot & chunkMask) << wordsShift) + idWord);
  }

  /** @returns the account as it is now */
  accountAt(slot: number): Account {
    const { details } = this.#chunkOf(slot);
    const detail = (slot & chunkMask) * detailsPerAccount;
    return {
      id: this.idAt(slot),
      debitsPending: this.balance(slot, BalanceKind.debitsPending),
      debitsPosted: this.balance(slot, BalanceKind.debitsPosted),
      creditsPending: this.balance(slot, BalanceKind.creditsPending),
      creditsPosted: this.balance(slot, BalanceKind.creditsPosted),
      userData128: readUint128(details, detail + userData128Detail),
      userData64: readUint64(details, detail + userData64Detail),
      userData32: details[detail + userData32Detail] as number,
      ledger: this.ledger(slot),
      code: this.code(slot),
      flags: this.flags(slot),
      timestamp: readUint64(details, detail + timestampDetail),
    };
  }

  /**
   * Has to be called before balances, flags or the last transfer of an account are written in its
   * chunk, so that open snapshots keep what was there and the next checkpoint stores it again.
   */
  touch(slot: number): void {
    this.preserve(slot);
    this.changed.add(slot >>> blockShift);
  }

  /**
   * What `touch` does for snapshots: for a hot loop, which tells `changed` of many slots at a time.
   * Next to nothing when none is open.
   */
  preserve(slot: number): void {
    if (this.#snapshots.length !== 0) this.#preserve(slot);
  }

  /**
   * @param isNeeded 1 for each block that will be read, and 0 for the others, which are not copied;
   *   kept and changed. Left out: all of them
   * @returns the accounts as they are now, whatever is written later; to be closed
   */
  openSnapshot(isNeeded = new Uint8Array(blocksOf(this.#count)).fill(1)): AccountSnapshot {
    const snapshot = new AccountSnapshot(
      { chunks: this.#chunks, count: this.#count, wide: this.#wide },
      isNeeded,
      this.#spareCopies,
      (closed) => {
        this.#snapshots = this.#snapshots.filter((open) => open !== closed);
      },
    );
    this.#snapshots = [...this.#snapshots, snapshot];
    return snapshot;
  }

  /**
   * What replicas compare: balances, flags and last transfers of the accounts from `fromSlot` up
   * to, not including, `toSlot`.
   *
   * @returns 32 bits, unsigned
   */
  hashWindow(fromSlot: number, toSlot: number): number {
    assert(fromSlot >= 0 && toSlot <= this.#count, 'the accounts of the window are there');
    return hashBalances(this.#chunks, this.#wide, fromSlot, toSlot);
  }

  /** For restoring: the chunk that a slot belongs to, which may be the next to be added. */
  chunkFor(slot: number): AccountChunk {
    const at = slot >>> chunkShift;
    if (at === this.#chunks.length) {
      this.#chunks.push(newAccountChunk());
      this.changed.grow(blocksOf(this.#chunks.length * accountsPerChunk));
    }
    return present(this.#chunks[at], 'slots are given out in order');
  }

  /**
   * For restoring: makes an account of what was written to the next slot, through `chunkFor`.
   *
   * @returns whether it did; false: an account with that id is there already
   */
  append(): boolean {
    if (!this.index.insert(this.#count)) return false;
    this.changed.add(this.#count++ >>> blockShift);
    return true;
  }

  #chunkOf(slot: number): AccountChunk {
    assert(slot >= 0 && slot < this.#count, 'the slot is that of an account');
    return this.#chunks[slot >>> chunkShift] as AccountChunk;
  }

  #preserve(slot: number): void {
    const snapshots = this.#snapshots;
    for (let i = 0; i < snapshots.length; i++) (snapshots[i] as AccountSnapshot).preserve(slot);
  }
}

function readUint64(lanes: Uint32Array, at: number): bigint {
  return BigInt(lanes[at] as number) | (BigInt(lanes[at + 1] as number) << 32n);
}

import { present } from '@quorate/base';
import type { AccountBalance } from '../model/account.ts';
import type { PartPlace, PartStore } from '../parts/part-store.ts';
import { Shelf } from '../parts/shelf.ts';
import { BalanceSpines } from './balance-spines.ts';
import {
  chunkRecords,
  decodeHistory,
  encodeHistory,
  HistoryChunk,
  type HistoryRecord,
  historyRecordOf,
  storedJump,
  storedOrdinal,
} from './history-chunk.ts';

/** Of records in memory, when there is a disk for the others: about a million. */
const usualLoadedBytes = 64 * 1024 * 1024;

/** The balances that one record takes in; what a store of accounts can say of one of them. */
export interface BalanceSource {
  balanceNumber(slot: number, kind: number): number;
  balance(slot: number, kind: number): bigint;
}

/** The balances of accounts with `history` after each change; records only ever come at the end. */
export class BalanceHistory {
  /** Full ones, which never change. */
  readonly #full: Shelf<HistoryChunk>;
  /** Those after them. */
  #open: HistoryChunk[] = [];
  /** The newest record of an account. */
  readonly #newest = new Map<number, number>();
  readonly #spines = new BalanceSpines();
  #count = 0;

  /**
   * @param parts null: all stay in memory
   * @param mostLoadedBytes of records in memory, when there is a disk for the others
   */
  constructor(parts: PartStore | null = null, mostLoadedBytes = usualLoadedBytes) {
    this.#full = new Shelf({ parts, load: decodeHistory, mostLoadedBytes });
  }

  get count(): number {
    return this.#count;
  }

  add(slot: number, micros: number, nanos: number, source: BalanceSource): void {
    const at = this.#append(slot, micros, nanos);
    const { balances, wide } = this.#chunkOf(at);
    const place = (at % chunkRecords) * 4;
    for (let kind = 0; kind < 4; kind++) {
      const balance = source.balanceNumber(slot, kind);
      balances[place + kind] = balance;
      if (Number.isNaN(balance)) wide.set(place + kind, source.balance(slot, kind));
    }
  }

  restore({ slot, micros, nanos, balances: given }: HistoryRecord): void {
    const at = this.#append(slot, micros, nanos);
    this.#spines.settle();
    const { balances, wide } = this.#chunkOf(at);
    const place = (at % chunkRecords) * 4;
    given.forEach((balance, kind) => {
      const isWide = balance > BigInt(Number.MAX_SAFE_INTEGER);
      balances[place + kind] = isWide ? Number.NaN : Number(balance);
      if (isWide) wide.set(place + kind, balance);
    });
  }

  /** Between batches: puts away what is full. */
  settle(): void {
    this.#spines.settle();
    while (this.#count >= (this.#full.count + 1) * chunkRecords) {
      const [first, ...rest] = this.#open;
      const chunk = present(first, 'what was recorded is in a chunk');
      this.#full.add(chunk, encodeHistory(chunk));
      this.#open = rest;
    }
  }

  /** Full chunks, in order. */
  get full(): Pick<Shelf<HistoryChunk>, 'count' | 'placeOf' | 'files' | 'reads'> {
    return this.#full;
  }

  /** The newest records of accounts that have any, by slot. */
  get newest(): ReadonlyMap<number, number> {
    return this.#newest;
  }

  /** A full chunk that is stored, the next in order; `restoreNewest` says what it is the end of. */
  restoreStored(place: PartPlace): void {
    this.#full.addStored(place);
    this.#count += chunkRecords;
  }

  restoreNewest(slot: number, record: number): void {
    this.#newest.set(slot, record);
  }

  /** Forgets the records from `count` on. */
  truncate(count: number): void {
    while (this.#count > count) {
      const at = --this.#count;
      const { slots, links, wide } = this.#chunkOf(at);
      const row = at % chunkRecords;
      const before = links[row] as number;
      const slot = slots[row] as number;
      this.#spines.removeNewest(slot, at);
      if (before < 0) this.#newest.delete(slot);
      else this.#newest.set(slot, before);
      for (let kind = 0; kind < 4; kind++) wide.delete(row * 4 + kind);
    }
  }

  /** @returns the newest record of an account; -1: it has none */
  newestOf(slot: number): number {
    return this.#newest.get(slot) ?? -1;
  }

  /** @returns the record of the same account before this one; -1: it was the first */
  before(record: number): number {
    return this.#chunkOf(record).links[record % chunkRecords] as number;
  }

  /** @returns how many records the account has before this one */
  ordinalOf(record: number): number {
    return this.#chunkOf(record).ordinals[record % chunkRecords] as number;
  }

  /** @returns the record with the ordinal, of the account of `record`, which is not before it */
  atOrdinal(record: number, ordinal: number): number {
    let at = record;
    while (this.ordinalOf(at) > ordinal) {
      const jump = this.#jumpOf(at);
      at = this.ordinalOf(jump) >= ordinal ? jump : this.before(at);
    }
    return at;
  }

  /** @returns of `record` and those before it of its account the newest until then; -1: none */
  newestUntil(record: number, timestamp: bigint): number {
    let at = record;
    while (at >= 0 && this.timestampAt(at) > timestamp) {
      const jump = this.#jumpOf(at);
      at = jump !== at && this.timestampAt(jump) > timestamp ? jump : this.before(at);
    }
    return at;
  }

  /** @returns of `record` and those before it of its account the newest below `limit`; -1: none */
  newestBefore(record: number, limit: number): number {
    let at = record;
    while (at >= limit) {
      const jump = this.#jumpOf(at);
      at = jump !== at && jump >= limit ? jump : this.before(at);
    }
    return at;
  }

  /** @returns records in so many full chunks */
  recordsIn(chunks: number): number {
    return chunks * chunkRecords;
  }

  timestampAt(record: number): bigint {
    const { micros, nanos } = this.#chunkOf(record);
    const row = record % chunkRecords;
    return BigInt(micros[row] as number) * 1000n + BigInt(nanos[row] as number);
  }

  recordAt(record: number): HistoryRecord {
    return historyRecordOf(this.#chunkOf(record), record % chunkRecords);
  }

  balanceAt(record: number): AccountBalance {
    const [debitsPending = 0n, debitsPosted = 0n, creditsPending = 0n, creditsPosted = 0n] =
      this.recordAt(record).balances;
    const timestamp = this.timestampAt(record);
    return { debitsPending, debitsPosted, creditsPending, creditsPosted, timestamp };
  }

  #jumpOf(record: number): number {
    return this.#chunkOf(record).jumps[record % chunkRecords] as number;
  }

  /**
   * As `ordinalOf`, of one record of its chunk, which may be on the disk: after a start that is so
   * of each account that has records, and chunks as a whole would be much to read.
   */
  #loneOrdinalOf(record: number): number {
    const chunk = Math.floor(record / chunkRecords);
    if (!this.#isOnDisk(chunk)) return this.ordinalOf(record);
    return storedOrdinal(record % chunkRecords, (from, length) =>
      this.#full.bytesOf(chunk, from, length),
    );
  }

  #loneJumpOf(record: number): number {
    const chunk = Math.floor(record / chunkRecords);
    if (!this.#isOnDisk(chunk)) return this.#jumpOf(record);
    return storedJump(record % chunkRecords, (from, length) =>
      this.#full.bytesOf(chunk, from, length),
    );
  }

  #isOnDisk(chunk: number): boolean {
    return chunk < this.#full.count && !this.#full.isLoaded(chunk);
  }

  #chunkOf(record: number): HistoryChunk {
    const chunk = Math.floor(record / chunkRecords);
    const { count } = this.#full;
    return chunk < count ? this.#full.at(chunk) : (this.#open[chunk - count] as HistoryChunk);
  }

  #append(slot: number, micros: number, nanos: number): number {
    const at = this.#count++;
    const isFull = Math.floor(at / chunkRecords) === this.#full.count + this.#open.length;
    if (isFull) this.#open.push(new HistoryChunk());
    const chunk = this.#chunkOf(at);
    const row = at % chunkRecords;
    chunk.slots[row] = slot;
    const before = this.newestOf(slot);
    const spines = this.#spines;
    chunk.links[row] = before;
    if (before < 0) {
      spines.begin(slot, at);
      chunk.jumps[row] = at;
    } else {
      if (!spines.has(slot)) spines.set(slot, before, this.#loneOrdinalOf(before));
      chunk.jumps[row] = spines.add(slot, at, (record) => this.#loneJumpOf(record));
    }
    chunk.ordinals[row] = spines.ordinalOf(slot);
    chunk.micros[row] = micros;
    chunk.nanos[row] = nanos;
    this.#newest.set(slot, at);
    return at;
  }
}

import { present } from '@quorate/base';
import { PartLane, type PartPlace, type PartStore } from './part-store.ts';

/**
 * Of chunks of transfers in memory, when there is a disk for the others: some ten to thirty million
 * transfers.
 */
export const usualLoadedBytes = 256 * 1024 * 1024;

export interface ShelfOptions<Item> {
  /** Null: everything stays in memory. */
  readonly parts: PartStore | null;
  /** @throws LedgerError when the bytes are nothing of the kind */
  readonly load: (bytes: Uint8Array) => Item;
  /** Of all items in memory, when there are parts. */
  readonly mostLoadedBytes: number;
}

/**
 * Things that never change, in the order in which they came. With parts, those that nobody has
 * looked at for long are on the disk only.
 */
export class Shelf<Item> {
  readonly #options: ShelfOptions<Item>;
  readonly #items: (Item | null)[] = [];
  readonly #places: (PartPlace | null)[] = [];
  /** Of each item: looked at since the hand came by. */
  #isUsed = new Uint8Array(64);
  #hand = 0;
  #loadedBytes = 0;
  #loadedCount = 0;
  #reads = 0;
  /** Items of which all bytes were what they should be. */
  readonly #checked = new Set<number>();
  readonly #files = new Set<number>();

  constructor(options: ShelfOptions<Item>) {
    this.#options = options;
  }

  get count(): number {
    return this.#items.length;
  }

  /** Numbers of the files that its items are in. */
  get files(): ReadonlySet<number> {
    return this.#files;
  }

  /** @param bytes what the item is read from again */
  add(item: Item, bytes: Uint8Array): void {
    const { parts } = this.#options;
    const place = parts?.add(PartLane.history, bytes) ?? null;
    this.#append(item, place);
  }

  /** An item that is in the parts already. */
  addStored(place: PartPlace): void {
    this.#append(null, place);
  }

  /** @throws LedgerError LEDGER_PART_DAMAGED */
  at(number: number): Item {
    this.#isUsed[number] = 1;
    return this.#items[number] ?? this.#load(number);
  }

  /** How often an item was read. */
  get reads(): number {
    return this.#reads;
  }

  /** Whether `at` need not read. */
  isLoaded(number: number): boolean {
    return this.#items[number] !== null;
  }

  /** Whether all are in memory. */
  get areAllLoaded(): boolean {
    return this.#loadedCount === this.#items.length;
  }

  /**
   * As `at`, for who wants little of it: where it has to be read, no other one goes for it.
   *
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  glanceAt(number: number): Item {
    return this.#items[number] ?? this.#read(number);
  }

  /**
   * For who wants a few bytes of what an item is read from, and has many such items. The first time
   * all of them are checked.
   *
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  bytesOf(number: number, from: number, length: number): Uint8Array {
    const parts = present(this.#options.parts, 'what is stored has a store');
    const place = this.#storedAt(number);
    if (this.#checked.has(number)) return parts.readSome(place, from, length);
    const bytes = parts.read(place);
    this.#checked.add(number);
    return bytes.subarray(from, from + length);
  }

  /** @returns where the item is stored; null: it is in memory only */
  placeOf(number: number): PartPlace | null {
    return this.#places[number] ?? null;
  }

  #append(item: Item | null, place: PartPlace | null): void {
    const number = this.#items.length;
    this.#items.push(item);
    this.#places.push(place);
    if (place !== null) this.#files.add(place.file);
    if (number === this.#isUsed.length) {
      const grown = new Uint8Array(number * 2);
      grown.set(this.#isUsed);
      this.#isUsed = grown;
    }
    this.#isUsed[number] = 1;
    if (item !== null) this.#loadedCount++;
    if (item !== null && place !== null) this.#took(place.length, number);
  }

  #load(number: number): Item {
    const item = this.#read(number);
    this.#items[number] = item;
    this.#loadedCount++;
    this.#took(this.#storedAt(number).length, number);
    return item;
  }

  #read(number: number): Item {
    this.#reads++;
    const { parts, load } = this.#options;
    const item = load(present(parts, 'what is stored has a store').read(this.#storedAt(number)));
    this.#checked.add(number);
    return item;
  }

  #storedAt(number: number): PartPlace {
    return present(this.#places[number], 'what is not in memory is stored');
  }

  /** Makes room, sparing the newest and what was looked at since the hand came by (CLOCK). */
  #took(bytes: number, newest: number): void {
    this.#loadedBytes += bytes;
    let looks = this.#items.length * 2;
    while (this.#loadedBytes > this.#options.mostLoadedBytes && looks-- > 0) {
      const at = this.#hand;
      this.#hand = (at + 1) % this.#items.length;
      const place = this.#places[at];
      if (this.#items[at] === null || place === null || place === undefined || at === newest)
        continue;
      if (this.#isUsed[at] === 1) {
        this.#isUsed[at] = 0;
        continue;
      }
      this.#items[at] = null;
      this.#loadedCount--;
      this.#loadedBytes -= place.length;
    }
  }
}

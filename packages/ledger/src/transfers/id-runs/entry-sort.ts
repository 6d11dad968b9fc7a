import { isBelow } from './id-order.ts';
import { entryWords } from './id-segment.ts';

const digitValues = 256;
/** Digits, the lowest is 0, of an id: bytes. */
const digits = 16;
/** So many digits tell nearly all ids apart. They make a key: what is sorted by at a time. */
const keyDigits = 4;
/** Nor do fewer ids need all of them: */
const fewIds = 65_536;
const keyDigitsOfFew = 3;
/** An entry is written in the time in which so many are looked at or moved once. */
const stepsPerUnit = 16;

type Stage = 'compare' | 'gather' | 'place' | 'neighbours' | 'done';

/** Entries in an order, each beside its key. */
interface Keyed {
  readonly entries: Uint32Array;
  /** Signed, which is nothing to the digits. */
  readonly keys: Int32Array;
}

/** Memory for sorts, one after the other. */
export class SortSpace {
  #size = 0;
  #orders: readonly [Keyed, Keyed] = [keyed(0), keyed(0)];

  /** @returns room for `count` entries each, with what is left of other sorts */
  orders(count: number): readonly [Keyed, Keyed] {
    if (this.#size < count) {
      this.#size = count;
      this.#orders = [keyed(count), keyed(count)];
    }
    return this.#orders;
  }
}

/**
 * Sorts entries, a little at a time: by a key of the highest digits in which their ids differ, the
 * lowest of those first; then by comparing neighbours. Ids that are chosen so that the latter takes
 * long are sorted by all their digits, some at a time.
 */
export class EntrySort {
  /** Entries of six words each. */
  readonly #words: Int32Array;
  readonly #begin: number;
  readonly #count: number;
  /** How often each value of a digit occurs, then where it goes next: of each digit of the key. */
  readonly #places = new Uint32Array(keyDigits * digitValues);
  /** Bits in which not all ids are the same. */
  readonly #differing = new Int32Array(4);
  #from: Keyed;
  #to: Keyed;
  #stage: Stage = 'compare';
  /** Those that are not sorted by yet, the next ones first. */
  #digits: number[] = [];
  /** Of the key at hand, those that are in it, and how many of them are done. */
  #keyDigits: number[] = [];
  #placed = 0;
  /** What is done of the stage. */
  #at = 0;
  /** How often ids may still change places as neighbours. */
  #moves: number;

  /**
   * @param words entries of six words each, those from `begin` up to, not including, `end`
   * @param space nobody else needs what is in it
   */
  constructor(words: Int32Array, begin: number, end: number, space: SortSpace) {
    const count = end - begin;
    this.#words = words;
    this.#begin = begin;
    this.#count = count;
    [this.#from, this.#to] = space.orders(count);
    this.#moves = count;
  }

  get isDone(): boolean {
    return this.#stage === 'done';
  }

  /** Whether it sorts by all digits. */
  get isSlow(): boolean {
    return this.#moves === Number.POSITIVE_INFINITY;
  }

  /** When it is done: entries by id; each is a number from `begin` on. */
  get order(): Uint32Array {
    return this.#from.entries;
  }

  /** @returns what it has cost, in entries that are written */
  step(budget: number): number {
    const count = this.#count;
    const from = this.#at;
    const to = Math.min(count, from + Math.ceil(budget * stepsPerUnit));
    this.#at = to;
    if (this.#stage === 'compare') this.#compare(from, to);
    else if (this.#stage === 'gather') this.#gather(from, to);
    else if (this.#stage === 'place') this.#place(from, to);
    else this.#compareNeighbours(from, to);
    if (this.#at === count) this.#nextStage();
    return (to - from) / stepsPerUnit;
  }

  #nextStage(): void {
    this.#at = 0;
    switch (this.#stage) {
      case 'compare':
        this.#digits = this.#differingDigits().slice(
          this.#count > fewIds ? -keyDigits : -keyDigitsOfFew,
        );
        this.#nextKey();
        break;
      case 'gather':
        this.#sumUp();
        this.#stage = 'place';
        break;
      case 'place':
        [this.#from, this.#to] = [this.#to, this.#from];
        this.#placed++;
        if (this.#placed === this.#keyDigits.length) this.#nextKey();
        break;
      default:
        this.#stage = 'done';
    }
  }

  #nextKey(): void {
    this.#keyDigits = this.#digits.splice(0, keyDigits);
    this.#placed = 0;
    this.#places.fill(0);
    this.#stage = this.#keyDigits.length > 0 ? 'gather' : 'neighbours';
  }

  /** Makes of how often values occur where the first of each goes. */
  #sumUp(): void {
    const places = this.#places;
    for (let digit = 0; digit < keyDigits; digit++) {
      let sum = 0;
      for (let at = digit * digitValues; at < (digit + 1) * digitValues; at++) {
        const ids = places[at] as number;
        places[at] = sum;
        sum += ids;
      }
    }
  }

  #differingDigits(): number[] {
    const found: number[] = [];
    for (let digit = 0; digit < digits; digit++)
      if (digitOf(this.#differing[digit >> 2] as number, digit) !== 0) found.push(digit);
    return found;
  }

  #compare(from: number, to: number): void {
    const { entries } = this.#from;
    const words = this.#words;
    const begin = this.#begin;
    const differing = this.#differing;
    const [f0 = 0, f1 = 0, f2 = 0, f3 = 0] = words.subarray(
      begin * entryWords,
      begin * entryWords + 4,
    );
    let [d0 = 0, d1 = 0, d2 = 0, d3 = 0] = differing;
    for (let at = (begin + from) * entryWords; at < (begin + to) * entryWords; at += entryWords) {
      d0 |= (words[at] as number) ^ f0;
      d1 |= (words[at + 1] as number) ^ f1;
      d2 |= (words[at + 2] as number) ^ f2;
      d3 |= (words[at + 3] as number) ^ f3;
    }
    differing[0] = d0;
    differing[1] = d1;
    differing[2] = d2;
    differing[3] = d3;
    for (let entry = from; entry < to; entry++) entries[entry] = begin + entry;
  }

  /** Puts the digits of each id side by side as its key, and counts their values. */
  #gather(from: number, to: number): void {
    const words = this.#words;
    const { entries, keys } = this.#from;
    const places = this.#places;
    const [d0 = 0, d1 = 0, d2 = 0, d3 = 0] = this.#keyDigits;
    // What is in no digit of the key must not make keys differ.
    const inKey = -1 >>> (32 - this.#keyDigits.length * 8);
    for (let at = from; at < to; at++) {
      const lane = (entries[at] as number) * entryWords;
      const v0 = digitOf(words[lane + (d0 >> 2)] as number, d0);
      const v1 = digitOf(words[lane + (d1 >> 2)] as number, d1);
      const v2 = digitOf(words[lane + (d2 >> 2)] as number, d2);
      const v3 = digitOf(words[lane + (d3 >> 2)] as number, d3);
      keys[at] = (v0 | (v1 << 8) | (v2 << 16) | (v3 << 24)) & inKey;
      places[v0] = (places[v0] as number) + 1;
      places[digitValues + v1] = (places[digitValues + v1] as number) + 1;
      places[2 * digitValues + v2] = (places[2 * digitValues + v2] as number) + 1;
      places[3 * digitValues + v3] = (places[3 * digitValues + v3] as number) + 1;
    }
  }

  #place(from: number, to: number): void {
    const { entries, keys } = this.#from;
    const { entries: toEntries, keys: toKeys } = this.#to;
    const digit = this.#placed;
    const places = this.#places.subarray(digit * digitValues, (digit + 1) * digitValues);
    for (let at = from; at < to; at++) {
      const key = keys[at] as number;
      const value = digitOf(key, digit);
      const place = places[value] as number;
      places[value] = place + 1;
      toEntries[place] = entries[at] as number;
      toKeys[place] = key;
    }
  }

  #compareNeighbours(from: number, to: number): void {
    const { entries, keys } = this.#from;
    for (let at = Math.max(1, from); at < to; at++) {
      const key = keys[at];
      // The usual case, in which no id is looked at. Those with one key move among themselves.
      if (keys[at - 1] !== key) continue;
      const entry = entries[at] as number;
      let place = at;
      while (
        place > 0 &&
        keys[place - 1] === key &&
        this.#isBelow(entry, entries[place - 1] as number)
      ) {
        entries[place] = entries[place - 1] as number;
        place--;
      }
      entries[place] = entry;
      this.#moves -= at - place;
      if (this.#moves >= 0) continue;
      this.#moves = Number.POSITIVE_INFINITY;
      this.#digits = this.#differingDigits();
      this.#nextKey();
      this.#at = 0;
      return;
    }
  }

  #isBelow(first: number, second: number): boolean {
    return isBelow(this.#words, first * entryWords, this.#words, second * entryWords);
  }
}

function keyed(count: number): Keyed {
  return { entries: new Uint32Array(count), keys: new Int32Array(count) };
}

/** @returns the byte of a number, or of the lane in which a digit is */
function digitOf(lane: number, digit: number): number {
  return (lane >>> ((digit & 3) * 8)) & (digitValues - 1);
}

import type { StrayChunk, StrayIds } from '../stray-ids.ts';
import { isBelow } from './id-order.ts';

const digitValues = 256;
/** Digits, the lowest is 0, of an id: bytes. */
const digits = 16;
/** So many digits tell nearly all ids apart. They make a key: what is sorted by at a time. */
const keyDigits = 4;
/** An entry is written in the time in which so many are looked at or moved once. */
const stepsPerUnit = 16;

type Stage = 'compare' | 'gather' | 'place' | 'neighbours' | 'done';

/** Entries in an order, each beside its key. */
interface Keyed {
  readonly entries: Uint32Array;
  /** Signed, which is nothing to the digits. */
  readonly keys: Int32Array;
}

/**
 * Sorts the ids of a table that grows no more, a little at a time: by a key of the highest digits
 * in which they differ, the lowest of those first; then by comparing neighbours. Ids that are
 * chosen so that the latter takes long are sorted by all their digits, some at a time.
 */
export class TableSort {
  readonly #table: StrayIds;
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

  constructor(table: StrayIds) {
    this.#table = table;
    this.#from = keyed(table.count);
    this.#to = keyed(table.count);
    this.#moves = table.count;
  }

  get isDone(): boolean {
    return this.#stage === 'done';
  }

  /** Whether it sorts by all digits. */
  get isSlow(): boolean {
    return this.#moves === Number.POSITIVE_INFINITY;
  }

  /** When it is done: entries of the table by id. */
  get order(): Uint32Array {
    return this.#from.entries;
  }

  /** @returns what it has cost, in entries that are written */
  step(budget: number): number {
    const { count } = this.#table;
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
        this.#digits = this.#differingDigits().slice(-keyDigits);
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
    const differing = this.#differing;
    const { lanes: first } = this.#table.chunks[0] as StrayChunk;
    this.#table.forEach(from, to, (lanes, at) => {
      for (let lane = 0; lane < 4; lane++) {
        const bits = (lanes[at + lane] as number) ^ (first[lane] as number);
        differing[lane] = (differing[lane] as number) | bits;
      }
    });
    for (let entry = from; entry < to; entry++) entries[entry] = entry;
  }

  /** Puts the digits of each id side by side as its key, and counts their values. */
  #gather(from: number, to: number): void {
    const { chunks } = this.#table;
    const { entries, keys } = this.#from;
    const places = this.#places;
    const [d0 = 0, d1 = 0, d2 = 0, d3 = 0] = this.#keyDigits;
    for (let at = from; at < to; at++) {
      const entry = entries[at] as number;
      const { lanes } = chunks[entry >>> 16] as StrayChunk;
      const lane = (entry & 0xffff) * 4;
      const v0 = digitOf(lanes[lane + (d0 >> 2)] as number, d0);
      const v1 = digitOf(lanes[lane + (d1 >> 2)] as number, d1);
      const v2 = digitOf(lanes[lane + (d2 >> 2)] as number, d2);
      const v3 = digitOf(lanes[lane + (d3 >> 2)] as number, d3);
      keys[at] = v0 | (v1 << 8) | (v2 << 16) | (v3 << 24);
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
    const { lanes: a } = this.#table.chunks[first >>> 16] as StrayChunk;
    const { lanes: b } = this.#table.chunks[second >>> 16] as StrayChunk;
    return isBelow(a, (first & 0xffff) * 4, b, (second & 0xffff) * 4);
  }
}

function keyed(count: number): Keyed {
  return { entries: new Uint32Array(count), keys: new Int32Array(count) };
}

/** @returns the byte of a number, or of the lane in which a digit is */
function digitOf(lane: number, digit: number): number {
  return (lane >>> ((digit & 3) * 8)) & (digitValues - 1);
}

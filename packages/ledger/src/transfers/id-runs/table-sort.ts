import type { StrayChunk, StrayIds } from '../stray-ids.ts';
import { isBelow } from './id-order.ts';

const digitValues = 256;
/** Digits, the lowest is 0, of an id: bytes. */
const digits = 16;
/** So many digits tell nearly all ids apart. */
const firstDigits = 4;
/** An entry is written in the time in which so many are looked at or moved once. */
const stepsPerUnit = 16;

/**
 * Sorts the ids of a table that grows no more, a little at a time: by the highest digits in which
 * they differ, the lowest of those first; then by comparing neighbours. Ids that are chosen so that
 * the latter takes long are sorted by all their digits.
 */
export class TableSort {
  readonly #table: StrayIds;
  readonly #counts = new Uint32Array(digitValues);
  /** Bits in which not all ids are the same. */
  readonly #differing = new Int32Array(4);
  #from: Uint32Array;
  #to: Uint32Array;
  #stage: 'compare' | 'count' | 'place' | 'neighbours' | 'done' = 'compare';
  /** Those that are sorted by, the next one first. */
  #digits: number[] = [];
  /** What is done of the stage. */
  #at = 0;
  /** How often ids may still change places as neighbours. */
  #moves: number;

  constructor(table: StrayIds) {
    this.#table = table;
    this.#from = new Uint32Array(table.count);
    this.#to = new Uint32Array(table.count);
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
    return this.#from;
  }

  /** @returns what it has cost, in entries that are written */
  step(budget: number): number {
    const { count } = this.#table;
    const from = this.#at;
    const to = Math.min(count, from + Math.ceil(budget * stepsPerUnit));
    this.#at = to;
    if (this.#stage === 'compare') this.#compare(from, to);
    else if (this.#stage === 'count') this.#count(from, to);
    else if (this.#stage === 'place') this.#place(from, to);
    else this.#compareNeighbours(from, to);
    if (this.#at === count) this.#nextStage();
    return (to - from) / stepsPerUnit;
  }

  #nextStage(): void {
    this.#at = 0;
    if (this.#stage === 'compare') this.#digits = this.#differingDigits().slice(-firstDigits);
    if (this.#stage === 'count') {
      this.#stage = 'place';
      let sum = 0;
      for (let value = 0; value < digitValues; value++) {
        const ids = this.#counts[value] as number;
        this.#counts[value] = sum;
        sum += ids;
      }
      return;
    }
    if (this.#stage === 'place') {
      [this.#from, this.#to] = [this.#to, this.#from];
      this.#digits.shift();
    }
    if (this.#stage === 'neighbours') this.#stage = 'done';
    else this.#stage = this.#digits.length > 0 ? 'count' : 'neighbours';
    this.#counts.fill(0);
  }

  #differingDigits(): number[] {
    const found: number[] = [];
    for (let digit = 0; digit < digits; digit++)
      if (digitOf(this.#differing[digit >> 2] as number, digit) !== 0) found.push(digit);
    return found;
  }

  #compare(from: number, to: number): void {
    const order = this.#from;
    const differing = this.#differing;
    const { lanes: first } = this.#table.chunks[0] as StrayChunk;
    this.#table.forEach(from, to, (lanes, at) => {
      for (let lane = 0; lane < 4; lane++) {
        const bits = (lanes[at + lane] as number) ^ (first[lane] as number);
        differing[lane] = (differing[lane] as number) | bits;
      }
    });
    for (let entry = from; entry < to; entry++) order[entry] = entry;
  }

  #count(from: number, to: number): void {
    const counts = this.#counts;
    const { chunks } = this.#table;
    const digit = this.#digits[0] as number;
    for (let entry = from; entry < to; entry++) {
      const { lanes } = chunks[entry >>> 16] as StrayChunk;
      const value = digitOf(lanes[(entry & 0xffff) * 4 + (digit >> 2)] as number, digit);
      counts[value] = (counts[value] as number) + 1;
    }
  }

  #place(from: number, to: number): void {
    const { chunks } = this.#table;
    const source = this.#from;
    const target = this.#to;
    const counts = this.#counts;
    const digit = this.#digits[0] as number;
    for (let at = from; at < to; at++) {
      const entry = source[at] as number;
      const { lanes } = chunks[entry >>> 16] as StrayChunk;
      const value = digitOf(lanes[(entry & 0xffff) * 4 + (digit >> 2)] as number, digit);
      const place = counts[value] as number;
      counts[value] = place + 1;
      target[place] = entry;
    }
  }

  #compareNeighbours(from: number, to: number): void {
    const order = this.#from;
    for (let at = Math.max(1, from); at < to; at++) {
      const entry = order[at] as number;
      let place = at;
      while (place > 0 && this.#isBelow(entry, order[place - 1] as number)) {
        order[place] = order[place - 1] as number;
        place--;
      }
      order[place] = entry;
      this.#moves -= at - place;
      if (this.#moves >= 0) continue;
      this.#moves = Number.POSITIVE_INFINITY;
      this.#digits = this.#differingDigits();
      this.#stage = 'count';
      this.#at = 0;
      this.#counts.fill(0);
      return;
    }
  }

  #isBelow(first: number, second: number): boolean {
    const { lanes: a } = this.#table.chunks[first >>> 16] as StrayChunk;
    const { lanes: b } = this.#table.chunks[second >>> 16] as StrayChunk;
    return isBelow(a, (first & 0xffff) * 4, b, (second & 0xffff) * 4);
  }
}

function digitOf(lane: number, digit: number): number {
  return (lane >>> ((digit & 3) * 8)) & (digitValues - 1);
}

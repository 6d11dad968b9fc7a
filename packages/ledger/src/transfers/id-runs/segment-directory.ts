import { compareIds, idKey } from './id-order.ts';
import type { IdSegment } from './id-segment.ts';

const placesPerSegment = 8;

/**
 * Finds the segment of a run in which an id has to be. Ids are mostly spread evenly from the first
 * to the last, so that a guess is nearly right; where they are not, it takes a few steps more.
 */
export class SegmentDirectory {
  /** The first id of each segment. */
  readonly #firsts: Int32Array;
  /** Of each place, the last segment that begins in a place before it; -1: none does. */
  readonly #before: Int32Array;
  readonly #least: number;
  readonly #scale: number;

  constructor(segments: readonly IdSegment[]) {
    const { length } = segments;
    const firsts = new Int32Array(length * 4);
    for (const [at, { fences }] of segments.entries()) firsts.set(fences.subarray(0, 4), at * 4);
    this.#firsts = firsts;
    const places = length * placesPerSegment;
    const end = firsts.length;
    this.#least = idKey(firsts[2] as number, firsts[3] as number);
    const range = idKey(firsts[end - 2] as number, firsts[end - 1] as number) - this.#least;
    this.#scale = range === 0 ? 0 : places / range;
    this.#before = new Int32Array(places + 1).fill(-1);
    for (let at = 0; at < length; at++) {
      const place = this.#placeOf(firsts[at * 4 + 2] as number, firsts[at * 4 + 3] as number);
      this.#before[place + 1] = at;
    }
    for (let place = 1; place <= places; place++)
      if (this.#before[place] === -1) this.#before[place] = this.#before[place - 1] as number;
  }

  /** @returns the last segment that begins at or below the id; -1: none does */
  find(l0: number, l1: number, l2: number, l3: number): number {
    const place = this.#placeOf(l2, l3);
    let from = this.#before[place] as number;
    let to = this.#before[place + 1] as number;
    while (from < to) {
      const middle = (from + to + 1) >> 1;
      if (compareIds(this.#firsts, middle * 4, l0, l1, l2, l3) > 0) to = middle - 1;
      else from = middle;
    }
    return from;
  }

  /** Never less for a greater id: each step rounds that way. */
  #placeOf(l2: number, l3: number): number {
    const place = (idKey(l2, l3) - this.#least) * this.#scale;
    if (place <= 0) return 0;
    const last = this.#before.length - 2;
    return place >= last ? last : place | 0;
  }
}

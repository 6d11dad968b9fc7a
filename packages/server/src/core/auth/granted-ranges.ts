import { compareBytes } from '@quorate/base';
import type { KeyRange } from '@quorate/kv';

interface Interval {
  readonly start: Uint8Array;
  /** Exclusive; null: no end. */
  readonly end: Uint8Array | null;
}

/** The keys that a user may read, or write. Looks up in logarithmic time. */
export class GrantedRanges {
  /** Sorted; none overlaps or touches the next. */
  readonly #merged: readonly Interval[];

  /** @param ranges may overlap; what is granted together is one range, wherever it came from */
  constructor(ranges: readonly KeyRange[]) {
    this.#merged = merge(ranges.map(intervalOf));
  }

  coversKey(key: Uint8Array): boolean {
    const interval = this.#lastFrom(key);
    return interval !== undefined && isBefore(key, interval.end);
  }

  /** Whether the whole range lies inside one granted range. */
  covers(range: KeyRange): boolean {
    if (range.rangeEnd.length === 0) return this.coversKey(range.key);
    const interval = this.#lastFrom(range.key);
    if (interval === undefined || !isBefore(range.key, interval.end)) return false;
    return compareEnds(endOf(range), interval.end) <= 0;
  }

  /** The last interval that starts at `key` or before it. */
  #lastFrom(key: Uint8Array): Interval | undefined {
    const merged = this.#merged;
    let low = 0;
    let high = merged.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes((merged[middle] as Interval).start, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return merged[low - 1];
  }
}

/**
 * Whether a range can be granted: it has a key, and an end that is behind it. Without a key it
 * would begin before all keys, and there is a way to say that.
 */
export function isGrantable({ key, rangeEnd }: KeyRange): boolean {
  if (key.length === 0) return false;
  if (rangeEnd.length === 0 || isOpenEnd(rangeEnd)) return true;
  return compareBytes(key, rangeEnd) < 0;
}

function merge(intervals: Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const interval of intervals.sort((a, b) => compareBytes(a.start, b.start))) {
    const last = merged.at(-1);
    if (last === undefined || !isAtMost(interval.start, last.end)) merged.push(interval);
    else if (compareEnds(interval.end, last.end) > 0) {
      merged[merged.length - 1] = { start: last.start, end: interval.end };
    }
  }
  return merged;
}

function intervalOf(range: KeyRange): Interval {
  const { key, rangeEnd } = range;
  if (rangeEnd.length > 0) return { start: key, end: endOf(range) };
  const successor = new Uint8Array(key.length + 1);
  successor.set(key);
  return { start: key, end: successor };
}

function endOf({ rangeEnd }: KeyRange): Uint8Array | null {
  return isOpenEnd(rangeEnd) ? null : rangeEnd;
}

function isOpenEnd(rangeEnd: Uint8Array): boolean {
  return rangeEnd.length === 1 && rangeEnd[0] === 0;
}

function isBefore(key: Uint8Array, end: Uint8Array | null): boolean {
  return end === null || compareBytes(key, end) < 0;
}

function isAtMost(key: Uint8Array, end: Uint8Array | null): boolean {
  return end === null || compareBytes(key, end) <= 0;
}

function compareEnds(a: Uint8Array | null, b: Uint8Array | null): number {
  if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0);
  return compareBytes(a, b);
}

import { compareBytes } from '@quorate/base';
import type { KeyRange } from './model.ts';

/** A half-open interval of keys. */
export interface KeyInterval {
  readonly start: Uint8Array;
  /** Exclusive; null: no end. */
  readonly end: Uint8Array | null;
}

/** `rangeEnd` empty: the one key, as the interval up to its immediate successor. */
export function keyInterval(range: KeyRange): KeyInterval {
  const { key, rangeEnd } = range;
  if (rangeEnd.length === 0) {
    const successor = new Uint8Array(key.length + 1);
    successor.set(key);
    return { start: key, end: successor };
  }
  return { start: key, end: rangeEnd.length === 1 && rangeEnd[0] === 0 ? null : rangeEnd };
}

export function isSingleKey(range: KeyRange): boolean {
  return range.rangeEnd.length === 0;
}

export function isEmptyInterval(interval: KeyInterval): boolean {
  return interval.end !== null && compareBytes(interval.start, interval.end) >= 0;
}

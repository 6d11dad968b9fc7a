import { compareBytes } from '@quorate/base';
import type { Interval } from './interval-tree.ts';

/** One key, in which case `end` is not looked at, or an interval of keys. */
export interface Watched extends Interval {
  readonly isSingle: boolean;
}

const firstKey = new Uint8Array(1);

/** An empty `key` is the first key there can be; a `rangeEnd` of one zero byte is no end. */
export function watchedOf(key: Uint8Array, rangeEnd: Uint8Array): Watched {
  // Not slice(): of a Buffer that is a view, and would keep the whole message alive.
  const start = key.length === 0 ? firstKey : new Uint8Array(key);
  if (rangeEnd.length === 0) return { start, end: null, isSingle: true };
  if (rangeEnd.length === 1 && rangeEnd[0] === 0) return { start, end: null, isSingle: false };
  return { start, end: new Uint8Array(rangeEnd), isSingle: false };
}

export function isEmpty({ start, end }: Watched): boolean {
  return end !== null && compareBytes(start, end) >= 0;
}

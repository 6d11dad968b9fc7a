/**
 * Ids are ordered as unsigned numbers. They stand in arrays of words, four lanes each and the low
 * one first, `stride` words from one to the next.
 */
export function compareIds(
  words: Int32Array,
  at: number,
  l0: number,
  l1: number,
  l2: number,
  l3: number,
): number {
  const w3 = words[at + 3] as number;
  if (w3 !== l3) return w3 >>> 0 < l3 >>> 0 ? -1 : 1;
  const w2 = words[at + 2] as number;
  if (w2 !== l2) return w2 >>> 0 < l2 >>> 0 ? -1 : 1;
  const w1 = words[at + 1] as number;
  if (w1 !== l1) return w1 >>> 0 < l1 >>> 0 ? -1 : 1;
  const w0 = words[at] as number;
  if (w0 !== l0) return w0 >>> 0 < l0 >>> 0 ? -1 : 1;
  return 0;
}

/** @returns which of `count` sorted ids is the last one not above the given one; -1: none */
export function lastNotAbove(
  words: Int32Array,
  stride: number,
  count: number,
  l0: number,
  l1: number,
  l2: number,
  l3: number,
): number {
  let from = -1;
  let to = count - 1;
  while (from < to) {
    const middle = (from + to + 1) >> 1;
    if (compareIds(words, middle * stride, l0, l1, l2, l3) > 0) to = middle - 1;
    else from = middle;
  }
  return from;
}

/** Whether one id is below another. */
export function isBelow(
  first: Int32Array,
  firstAt: number,
  second: Int32Array,
  secondAt: number,
): boolean {
  // Most ids differ here, so that the others are rarely read.
  const w3 = first[firstAt + 3] as number;
  const l3 = second[secondAt + 3] as number;
  if (w3 !== l3) return w3 >>> 0 < l3 >>> 0;
  const l0 = second[secondAt] as number;
  const l1 = second[secondAt + 1] as number;
  const l2 = second[secondAt + 2] as number;
  return compareIds(first, firstAt, l0, l1, l2, l3) < 0;
}

/** @returns the upper half of an id, rounded: never less for a greater id */
export function idKey(l2: number, l3: number): number {
  return (l3 >>> 0) * 2 ** 32 + (l2 >>> 0);
}

import { concatBytes } from '@quorate/base';

/**
 * Makes an input smaller while it still shows the same: cuts stretches out, long ones first, then
 * sets bytes to zero.
 *
 * @param shows whether the candidate does what the input did
 * @param maxAttempts how often `shows` is asked, at most
 */
export function shrink(
  input: Uint8Array,
  shows: (candidate: Uint8Array) => boolean,
  maxAttempts = 3000,
): Uint8Array {
  let best = input;
  let attempts = 0;
  const attempt = (candidate: Uint8Array): boolean => {
    if (attempts >= maxAttempts) return false;
    attempts++;
    if (!shows(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let size = best.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= best.length && attempts < maxAttempts; ) {
      const shorter = concatBytes([best.subarray(0, at), best.subarray(at + size)]);
      if (!attempt(shorter)) at += size;
    }
  }
  for (let at = 0; at < best.length && attempts < maxAttempts; at++) {
    if (best[at] === 0) continue;
    const plainer = best.slice();
    plainer[at] = 0;
    attempt(plainer);
  }
  return best;
}

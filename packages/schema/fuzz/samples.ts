import type { Prng } from '@quorate/base';
import fc from 'fast-check';

/**
 * A generator that picks from values drawn once: a draw of its own for each input would take a
 * hundred times as long as the decoder that is tested, and the mutations make the variety.
 */
export function samplesOf<T>(arbitrary: fc.Arbitrary<T>, encode: (value: T) => Uint8Array) {
  let samples: readonly Uint8Array[] | null = null;
  return (prng: Prng): Uint8Array => {
    samples ??= fc.sample(arbitrary, { seed: 1, numRuns: 150 }).map(encode);
    return prng.pick(samples).slice();
  };
}

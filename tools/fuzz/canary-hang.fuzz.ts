import type { Fuzzer } from './fuzzer.ts';

/** A decoder that never returns from what its generator never makes. */
export const fuzzer: Fuzzer = {
  about: 'a planted endless loop that must be found',
  maxBytes: 8,
  generate: (prng) => Uint8Array.of(prng.below(100)),
  run: (input) => {
    for (let at = 0; at < input.length; ) {
      // Planted: steps on the spot.
      at += (input[at] ?? 0) > 200 ? 0 : 1;
    }
    return { accepted: true, behaviour: 'read' };
  },
  isRefusal: () => false,
  isCanary: true,
};

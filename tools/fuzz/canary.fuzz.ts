import type { Prng } from '@quorate/base';
import type { Fuzzer } from './fuzzer.ts';

/*
 * The check of the checker: a decoder with planted bugs, all of which must be found. Its format is
 * a byte that counts, then so many items of one byte each, then a checksum byte.
 */

class CanaryError extends Error {
  override readonly name = 'CanaryError';
}

function sumOf(items: Uint8Array): number {
  let sum = 0;
  for (const item of items) sum = (sum + item) & 0xff;
  return sum;
}

function decode(input: Uint8Array): number[] {
  const count = input[0];
  if (count === undefined) throw new CanaryError('empty');
  // Planted: one announced item too many is not noticed, and reads past the end.
  if (count > input.length) throw new CanaryError('too short');
  const items = input.subarray(1, 1 + count);
  if (input[1 + count] !== sumOf(items)) {
    if (input[1 + count] === undefined) throw new RangeError('read past the end');
    throw new CanaryError('wrong checksum');
  }
  if (input.length > 2 + count) throw new CanaryError('too long');
  return [...items];
}

function encode(items: readonly number[]): Uint8Array {
  // Planted: this item is written as another, so that a checksum once mended lets it through.
  const written = items.map((item) => (item === 0xa7 ? 0xa8 : item));
  return seal(Uint8Array.from([items.length, ...written, 0]));
}

function seal(input: Uint8Array): Uint8Array {
  const count = Math.min(input[0] ?? 0, Math.max(0, input.length - 2));
  if (input.length >= 2) input[1 + count] = sumOf(input.subarray(1, 1 + count));
  return input;
}

function run(input: Uint8Array) {
  const items = decode(input);
  const again = decode(encode(items));
  if (items.join() !== again.join()) throw new Error('decodes to something else');
  return { accepted: true, behaviour: items.length === 0 ? 'none' : 'some' };
}

export const fuzzer: Fuzzer = {
  about: 'planted bugs that must be found',
  maxBytes: 64,
  generate: (prng: Prng) => encode(Array.from({ length: prng.below(12) }, () => prng.below(0xa0))),
  run,
  isRefusal: (error) => error instanceof CanaryError,
  seal,
  isCanary: true,
};

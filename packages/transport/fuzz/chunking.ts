import { Prng } from '@quorate/base';

/**
 * Cuts a stream as a network might. The cuts follow from the bytes alone, so that an input shows
 * the same each time.
 */
export function cutStream(stream: Uint8Array): Uint8Array[] {
  let seed = stream.length;
  for (const byte of stream) seed = (Math.imul(seed, 31) + byte) >>> 0;
  const prng = new Prng(seed);
  const longest = prng.pick([1, 3, 8, 60, 1000]);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < stream.length; ) {
    const end = Math.min(stream.length, at + prng.between(0, longest));
    chunks.push(stream.slice(at, end));
    at = end;
  }
  return chunks;
}

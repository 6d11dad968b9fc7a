import assert from 'node:assert/strict';
import { equalBytes, type Prng } from '@quorate/base';
import { zstdCodec } from '../src/computation.ts';

/* An input is the announced size of the content as u16 little-endian, then the block. */

const maxContentBytes = 4096;

function run(input: Uint8Array) {
  const maxBytes = ((input[0] ?? 0) + (input[1] ?? 0) * 256) % (maxContentBytes + 1);
  let content: Uint8Array;
  try {
    content = zstdCodec.decompress(input.slice(2), maxBytes);
  } catch (error) {
    // The port says that it throws; what, is the business of the library behind it.
    assert.ok(error instanceof Error, 'something was thrown that is no error');
    const { message } = error;
    return { accepted: false, behaviour: 'code' in error ? String(error.code) : message };
  }
  assert.ok(content.length <= maxBytes, 'more came out than was allowed');
  const again = zstdCodec.decompress(zstdCodec.compress(content), Math.max(1, content.length));
  assert.ok(equalBytes(again, content), 'a block does not survive a round trip');
  return { accepted: true, behaviour: content.length === 0 ? 'nothing' : 'something' };
}

function generate(prng: Prng): Uint8Array {
  const content = new Uint8Array(prng.below(2000)).fill(prng.below(256));
  for (let left = prng.below(20); left > 0; left--) {
    if (content.length > 0) content[prng.below(content.length)] = prng.below(256);
  }
  const size = Math.max(1, content.length);
  return Uint8Array.from([size & 255, size >> 8, ...zstdCodec.compress(content)]);
}

export const fuzzer = {
  about: 'a compressed block of a snapshot file',
  maxBytes: 4096,
  generate,
  run,
  isRefusal: () => false,
};

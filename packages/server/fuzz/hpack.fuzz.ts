import assert from 'node:assert/strict';
import type { Prng } from '@quorate/base';
import type { HeaderField } from '../src/rpc/http2/hpack/header-field.ts';
import { HpackDecoder } from '../src/rpc/http2/hpack/hpack-decoder.ts';
import { block } from '../test/rpc/http2/frames.ts';

const tableBytes = 300;
/** Of the static table. */
const longestKnown = 27;

/* An input is a byte that says where the first of two header blocks ends, then both. */
function run(input: Uint8Array) {
  const decoder = new HpackDecoder(tableBytes);
  const bytes = Buffer.from(input.slice(1));
  const cut = Math.min(input[0] ?? 0, bytes.length);
  // No code of Huffman has fewer than five bits.
  const longest = longestKnown + bytes.length * 1.6;
  let count = 0;
  let last = '';
  const field = ({ name, value, key, bytes: size }: HeaderField) => {
    assert.equal(size, name.length + value.length + 32);
    assert.ok(name.length <= longest && value.length <= longest, 'more than the bytes can say');
    count++;
    last = String(key);
  };
  const isValid =
    decoder.decode(bytes.subarray(0, cut), { field }) &&
    decoder.decode(bytes.subarray(cut), { field });
  assert.ok(count <= bytes.length, 'more fields than bytes');
  return { accepted: isValid, behaviour: `${Math.min(count, 4)} fields, kind ${last}` };
}

const names = [':path', ':method', 'content-type', 'grpc-timeout', 'a'];

function generate(prng: Prng): Uint8Array {
  const blocks = [0, 1].map(() => {
    const parts = Array.from({ length: prng.below(4) }, () => {
      const literal = block([[prng.pick(names), 'v'.repeat(prng.below(9))]]);
      // Kept in the table, never to be kept, or not kept.
      literal[0] = prng.pick([0x40, 0x10, 0]);
      return prng.chance(0.4) ? Buffer.of(0x80 | prng.between(1, 61)) : literal;
    });
    return Buffer.concat([Buffer.of(0x20 | prng.below(20)), ...parts]);
  });
  return Uint8Array.from([blocks[0]?.length ?? 0, ...Buffer.concat(blocks)]);
}

export const fuzzer = {
  about: 'HPACK: two header blocks of one connection',
  maxBytes: 1024,
  generate,
  run,
  isRefusal: () => false,
};

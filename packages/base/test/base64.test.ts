import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBase64, toBase64 } from '@quorate/base';
import fc from 'fast-check';

test('base64 is what Buffer makes, and is read back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = toBase64(bytes);
      assert.equal(text, Buffer.from(bytes).toString('base64'));
      assert.deepEqual(fromBase64(text), bytes);
    }),
    { numRuns: 500 },
  );
});

test('what is no base64 is refused where it begins', () => {
  const cases: [string, number][] = [
    ['a', 1],
    ['ab', 2],
    ['abc', 3],
    ['-_==', 0],
    ['ab=c', 2],
    ['====', 0],
    ['YQ=', 3],
    ['YQ==YQ==', 2],
  ];
  for (const [text, at] of cases) assert.equal(fromBase64(text), at, text);
  assert.deepEqual(fromBase64(''), new Uint8Array(0));
});

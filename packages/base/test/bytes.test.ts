import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareBytes, concatBytes, equalBytes, toHex } from '../src/index.ts';

const bytes = fc.uint8Array({ maxLength: 8 });

describe('the order of bytes', () => {
  it('is the one Node has for buffers', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(a, b));
        assert.equal(equalBytes(a, b), Buffer.compare(a, b) === 0);
      }),
    );
  });

  it('takes bytes as unsigned, and a beginning as smaller', () => {
    assert.ok(compareBytes(Uint8Array.of(0x7f), Uint8Array.of(0x80)) < 0);
    assert.ok(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0)) < 0);
    assert.equal(compareBytes(new Uint8Array(0), new Uint8Array(0)), 0);
  });
});

describe('joining bytes', () => {
  it('keeps all of them in order, in an array of its own', () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 5 }), (chunks) => {
        const joined = concatBytes(chunks);
        assert.deepEqual(
          [...joined],
          chunks.flatMap((chunk) => [...chunk]),
        );
        for (const chunk of chunks) assert.notEqual(joined.buffer, chunk.buffer);
      }),
    );
  });
});

describe('bytes as hex digits', () => {
  it('are two digits each, in lower case', () => {
    assert.equal(toHex(Uint8Array.of(0, 10, 255)), '000aff');
    fc.assert(
      fc.property(bytes, (content) => {
        assert.equal(toHex(content), Buffer.from(content).toString('hex'));
      }),
    );
  });
});

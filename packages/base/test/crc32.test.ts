import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { portableChecksum } from '../src/index.ts';

const bytes = fc.uint8Array({ maxLength: 300 });

describe('the portable CRC-32', () => {
  it('has the check value of the catalogue', () => {
    const digits = new TextEncoder().encode('123456789');
    assert.equal(portableChecksum.crc32(digits, 0), 0xcbf4_3926);
    assert.equal(portableChecksum.crc32(new Uint8Array(0), 0), 0);
  });

  it("equals zlib's, with any seed", () => {
    const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(bytes, seed, (content, from) => {
        assert.equal(portableChecksum.crc32(content, from), crc32(content, from));
      }),
    );
  });

  it('over parts is that over the whole', () => {
    fc.assert(
      fc.property(bytes, bytes, (first, second) => {
        const whole = new Uint8Array([...first, ...second]);
        const parts = portableChecksum.crc32(second, portableChecksum.crc32(first, 0));
        assert.equal(parts, portableChecksum.crc32(whole, 0));
      }),
    );
  });

  it('looks at a view, not at what is around it', () => {
    const around = Uint8Array.of(9, 1, 2, 3, 9);
    assert.equal(
      portableChecksum.crc32(around.subarray(1, 4), 0),
      portableChecksum.crc32(Uint8Array.of(1, 2, 3), 0),
    );
  });

  it('tells any single flipped bit', () => {
    const content = Uint8Array.from({ length: 64 }, (_, i) => i * 7);
    const right = portableChecksum.crc32(content, 0);
    for (let bit = 0; bit < content.length * 8; bit++) {
      const damaged = content.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.notEqual(portableChecksum.crc32(damaged, 0), right);
    }
  });
});

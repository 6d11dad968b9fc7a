import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portableChecksum } from '@quorate/base';
import fc from 'fast-check';
import { checksum, systemCrypto, zstdCodec } from '../src/computation.ts';

test('the checksum equals the portable one, whole or in parts', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, cut) => {
    const whole = checksum.crc32(bytes, 0);
    assert.equal(whole, portableChecksum.crc32(bytes, 0));
    const head = checksum.crc32(bytes.subarray(0, cut), 0);
    assert.equal(checksum.crc32(bytes.subarray(cut), head), whole);
  });
  fc.assert(property);
  assert.equal(checksum.crc32(new TextEncoder().encode('123456789'), 0), 0xcbf43926);
});

test('what zstd packs it unpacks', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
    const packed = zstdCodec.compress(bytes);
    assert.deepEqual(new Uint8Array(zstdCodec.decompress(packed, bytes.length)), bytes);
  });
  fc.assert(property);
});

test('a block that is damaged, cut, followed by more, or too large is refused', () => {
  const packed = zstdCodec.compress(new Uint8Array(10_000).fill(7));
  assert.throws(() => zstdCodec.decompress(packed, 9_999));
  assert.throws(() => zstdCodec.decompress(packed, 0));
  assert.throws(() => zstdCodec.decompress(packed.subarray(0, packed.length - 1), 10_000));
  assert.throws(() => zstdCodec.decompress(Buffer.concat([packed, packed]), 20_000));
  assert.throws(() => zstdCodec.decompress(new Uint8Array(0), 10));
  assert.throws(() => zstdCodec.decompress(Uint8Array.of(1, 2, 3, 4, 5, 6), 10));
});

test('sha256 and random bytes are what they say', () => {
  const hasher = systemCrypto.sha256();
  hasher.update(new TextEncoder().encode('a'));
  hasher.update(new TextEncoder().encode('bc'));
  const digest = hasher.digest();
  assert.equal(
    Buffer.from(digest).toString('hex'),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
  assert.equal(systemCrypto.randomBytes(16).length, 16);
  assert.notDeepEqual(systemCrypto.randomBytes(16), systemCrypto.randomBytes(16));
});

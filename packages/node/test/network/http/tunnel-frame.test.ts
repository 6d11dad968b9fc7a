import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeFrame,
  encodeFrame,
  headBytes,
  reasonBytes,
  reasonOf,
} from '../../../src/network/http/tunnel-frame.ts';

const safe = fc.maxSafeNat();
const frames = fc.record({
  kind: fc.constantFrom('open', 'send', 'poll', 'close', 'opened', 'bytes', 'closed', 'refused'),
  holdMs: fc.nat(2 ** 32 - 1),
  number: safe,
  offset: safe.map((offset) => Math.floor(offset / 2)),
  acknowledged: safe,
  token: fc.stringMatching(/^[0-9a-f]{32}$/),
});

test('a frame is read as it was written, and no part of one is read at all', () => {
  fc.assert(
    fc.property(frames, fc.uint8Array({ maxLength: 40 }), fc.nat(), (frame, data, cut) => {
      const bytes = encodeFrame(frame, [data.subarray(0, 3), data.subarray(3)]);
      const read = decodeFrame(bytes);
      assert.ok(typeof read !== 'string');
      assert.deepEqual({ ...read, data: Uint8Array.from(read.data) }, { ...frame, data });
      assert.equal(typeof decodeFrame(bytes.subarray(0, cut % bytes.length)), 'string');
      assert.equal(typeof decodeFrame(Buffer.concat([bytes, Buffer.alloc(1)])), 'string');
    }),
  );
});

test('bytes that are no frame are refused with a word on why, whatever they are', () => {
  const wrong = (edit: (bytes: Buffer) => unknown): string => {
    const bytes = encodeFrame({ kind: 'send', number: 1 });
    edit(bytes);
    const read = decodeFrame(bytes);
    return typeof read === 'string' ? read : 'accepted';
  };
  assert.match(
    wrong((bytes) => bytes.write('HTTP')),
    /does not begin/,
  );
  assert.match(
    wrong((bytes) => bytes.writeUInt8(9, 4)),
    /kind 9 is unknown/,
  );
  assert.match(
    wrong((bytes) => bytes.writeUInt8(1, 5)),
    /reserved/,
  );
  assert.match(
    wrong((bytes) => bytes.writeUInt8(1, 7)),
    /reserved/,
  );
  assert.match(
    wrong((bytes) => bytes.writeUInt32LE(1, 12)),
    /announces 1 bytes/,
  );
  for (const at of [16, 24, 32]) {
    assert.match(
      wrong((bytes) => bytes.fill(0xff, at, at + 8)),
      /exceeds 2\^53/,
    );
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: headBytes + 9 }), (bytes) => {
      assert.equal(typeof decodeFrame(Buffer.from(bytes)), 'string');
    }),
  );
});

test('a reason is cut and made printable', () => {
  const said = (text: string): string => {
    const read = decodeFrame(encodeFrame({ kind: 'closed', number: 1 }, [reasonBytes(text)]));
    assert.ok(typeof read !== 'string');
    return reasonOf(read);
  };
  assert.equal(said('closed: é'), 'closed: é');
  assert.equal(said(' a\u001b[31m\r\nb\u2028c '), 'a [31m b c');
  assert.ok(said('x'.repeat(9000)).length <= 300);
});

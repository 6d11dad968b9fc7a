import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portableChecksum } from '@quorate/base';
import fc from 'fast-check';
import { type FrameFault, FrameParser } from '../src/frame-parser.ts';

function frame(payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload.length, true);
  view.setUint32(4, portableChecksum.crc32(payload, 0), true);
  bytes.set(payload, 8);
  return bytes;
}

function parse(chunks: readonly Uint8Array[]): {
  payloads: Uint8Array[];
  fault: FrameFault | null;
} {
  const parser = new FrameParser(portableChecksum, 1000);
  const payloads: Uint8Array[] = [];
  let fault: FrameFault | null = null;
  for (const chunk of chunks) {
    // The chunk is lent: what is kept of it must have been copied.
    const lent = Uint8Array.from(chunk);
    fault ??= parser.push(lent, (payload) => payloads.push(payload) > 0);
    lent.fill(0xdd);
  }
  return { payloads, fault };
}

const three = [Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(9)];
const stream = Uint8Array.from(three.flatMap((payload) => [...frame(payload)]));

test('frames come out whole wherever the stream is torn', () => {
  for (let first = 0; first <= stream.length; first++) {
    for (let second = first; second <= stream.length; second++) {
      const cuts = [stream.slice(0, first), stream.slice(first, second), stream.slice(second)];
      const { payloads, fault } = parse(cuts);
      assert.equal(fault, null);
      assert.deepEqual(payloads, three);
    }
  }
  const bytewise = [...stream].map((byte) => Uint8Array.of(byte));
  assert.deepEqual(parse(bytewise).payloads, three);
});

test('a payload keeps little but itself alive, and is never written again', () => {
  const sizes = [...Array.from({ length: 200 }, (_, i) => i), 300, 1000];
  const sent = sizes.map((size, i) => new Uint8Array(size).fill(i));
  const { payloads } = parse([Uint8Array.from(sent.flatMap((payload) => [...frame(payload)]))]);
  assert.deepEqual(payloads, sent);
  for (const payload of payloads) {
    const kept = payload.buffer.byteLength;
    if (payload.length <= 128) assert.ok(kept <= 2048);
    else assert.equal(kept, payload.length);
  }
});

test('a flipped bit anywhere ends the stream without delivering what it touched', () => {
  for (let bit = 0; bit < stream.length * 8; bit++) {
    const damaged = Uint8Array.from(stream);
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
    const { payloads } = parse([damaged]);
    assert.ok(payloads.length < 3, `bit ${bit} went unnoticed`);
    for (const [at, payload] of payloads.entries()) assert.deepEqual(payload, three[at]);
  }
});

test('a fault says where its frame begins and why', () => {
  const damaged = Uint8Array.from(stream);
  damaged[stream.length - 1] = 7;
  const crc = parse([damaged]).fault;
  assert.deepEqual(crc, { offset: 19, reason: 'the CRC of a frame does not match' });
  const long = new Uint8Array(8);
  new DataView(long.buffer).setUint32(0, 1001, true);
  const { fault } = parse([frame(Uint8Array.of(5)), long]);
  assert.deepEqual(fault, {
    offset: 9,
    reason: 'a frame of 1001 bytes exceeds the limit of 1000',
  });
});

test('an empty frame with a CRC is not a ping', () => {
  assert.match(parse([Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0)]).fault?.reason ?? '', /CRC/);
});

test('after the taker has had enough nothing more is given', () => {
  const parser = new FrameParser(portableChecksum, 1000);
  let taken = 0;
  parser.push(stream, () => {
    taken += 1;
    return false;
  });
  assert.equal(taken, 1);
});

test('random bytes never do more than end the stream', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (chunks) => {
      for (const payload of parse(chunks).payloads) assert.ok(payload.length <= 1000);
    }),
  );
});

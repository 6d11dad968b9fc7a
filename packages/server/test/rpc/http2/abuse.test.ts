import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, Flag, FrameType } from '../../../src/rpc/http2/protocol.ts';
import {
  block,
  call,
  data,
  frame,
  headers,
  message,
  settings,
  uint32,
  withField,
} from './frames.ts';
import { Rig } from './rig.ts';

const hold = withField(':path', '/test.Service/Hold');
const both = withField(':path', '/test.Service/Both');
const large = withField(':path', '/test.Service/Large');
const calm = ErrorCode.enhanceYourCalm;
const ping = frame(FrameType.ping, 0, 0, Buffer.from('12345678'));

function held(stream: number): Buffer {
  return Buffer.concat([headers(stream, hold), data(stream, message(Buffer.of(1)), 1)]);
}

function reset(stream: number): Buffer {
  return frame(FrameType.rstStream, 0, stream, uint32(ErrorCode.cancel));
}

test('rapid reset: calls that still run count as open, though their client has let them go', () => {
  const rig = Rig.open({ maxConcurrentStreams: 3 });
  for (const id of [1, 3, 5]) rig.push(held(id), reset(id));
  rig.push(held(7));
  assert.deepEqual(rig.log.resets(7), [ErrorCode.refusedStream]);
  for (const { done } of rig.held) done(null, Buffer.of(1));
  rig.push(call(9));
  assert.equal(rig.log.status(9), '0');
  assert.equal(rig.connection.abandonedCalls, 0);
});

test('rapid reset: more than a burst of resets ends the connection', () => {
  const rig = Rig.open({ resetBurst: 10, resetsPerSecond: 1 });
  for (let at = 0; at < 10; at++) rig.push(headers(2 * at + 1, both), reset(2 * at + 1));
  assert.equal(rig.log.goAway(), null);
  rig.push(headers(21, both), reset(21));
  assert.equal(rig.log.goAway()?.code, calm);
});

test('rapid reset: large answers that are let go before they are taken cost as much', () => {
  const rig = Rig.open({ resetBurst: 10, resetsPerSecond: 1 });
  for (let id = 1; id <= 21; id += 2) {
    rig.push(headers(id, large), data(id, message(Buffer.of(1)), 1), reset(id));
  }
  assert.equal(rig.log.goAway()?.code, calm);
});

test('resets are allowed again as time passes', () => {
  const rig = Rig.open({ resetBurst: 2, resetsPerSecond: 1 });
  for (let at = 0; at < 20; at++) {
    rig.nowMs = at * 1001;
    rig.push(headers(2 * at + 1, both), reset(2 * at + 1));
  }
  assert.equal(rig.log.goAway(), null);
});

test('a call that was sent something may be let go, and so may one that has ended, once', () => {
  const rig = Rig.open({ resetBurst: 10, resetsPerSecond: 1 });
  let id = 1;
  for (; id < 200; id += 2) {
    rig.push(headers(id, both));
    rig.streams.at(-1)?.send(Buffer.of(1));
    rig.push(reset(id));
  }
  for (; id < 400; id += 2) rig.push(call(id), reset(id));
  assert.equal(rig.log.goAway(), null);
  for (let again = 0; again < 111; again++) rig.push(reset(1));
  assert.equal(rig.log.goAway()?.code, calm);
});

test('making the server reset streams costs as much as resetting them', () => {
  const rig = Rig.open({ resetBurst: 10, resetsPerSecond: 1 });
  for (let id = 1; id <= 21; id += 2) {
    rig.push(headers(id, both), frame(FrameType.windowUpdate, 0, id, uint32(0)));
  }
  assert.equal(rig.log.goAway()?.code, calm);
  const malformed = Rig.open({ resetBurst: 10, resetsPerSecond: 1 });
  for (let id = 1; id <= 21; id += 2) malformed.push(headers(id, withField(':path', null)));
  assert.equal(malformed.log.goAway()?.code, calm);
});

test('more streams than allowed are refused, one by one', () => {
  const rig = Rig.open({ maxConcurrentStreams: 2 });
  for (const id of [1, 3, 5]) rig.push(held(id));
  assert.deepEqual(rig.log.resets(5), [ErrorCode.refusedStream]);
  rig.held[0]?.done(null, Buffer.of(1));
  rig.push(call(7));
  assert.equal(rig.log.status(7), '0');
});

test('CONTINUATION flood: by bytes and by frames', () => {
  const bytes = Rig.open();
  bytes.push(frame(FrameType.headers, 0, 1, Buffer.alloc(16_384)));
  for (let at = 0; at < 4; at++) {
    bytes.push(frame(FrameType.continuation, 0, 1, Buffer.alloc(16_384)));
  }
  assert.equal(bytes.log.goAway()?.code, calm);
  const empty = Rig.open();
  empty.push(frame(FrameType.headers, 0, 1, Buffer.alloc(0)));
  for (let at = 0; at < 33; at++) empty.push(frame(FrameType.continuation, 0, 1, Buffer.alloc(0)));
  assert.equal(empty.log.goAway()?.code, calm);
});

test('header lists that are small on the wire and large in memory are refused', () => {
  const rig = Rig.open();
  const taught = Buffer.concat([
    Buffer.of(0x40, 1),
    Buffer.from('a'),
    Buffer.of(0x7f, 0xa1, 0x1e),
    Buffer.alloc(4000, 'b'),
  ]);
  const bomb = Buffer.concat([taught, Buffer.alloc(8000, 0xbe)]);
  const flags = Flag.endHeaders | Flag.endStream;
  const fields = block(hold);
  rig.push(frame(FrameType.headers, flags, 1, Buffer.concat([fields, bomb])));
  const [answer] = rig.log.of('headers', 1);
  assert.equal(answer?.fields[':status'], '431');
  assert.equal(rig.log.status(1), '8 header list too large');
  rig.push(call(3));
  assert.equal(rig.log.status(3), '0');
});

const idle: Readonly<Record<string, Buffer>> = {
  SETTINGS: settings(),
  'acknowledged SETTINGS': frame(FrameType.settings, Flag.ack, 0, Buffer.alloc(0)),
  PRIORITY: frame(FrameType.priority, 0, 3, Buffer.alloc(5)),
  'DATA without bytes': data(1, Buffer.alloc(0)),
  'DATA of padding alone': data(1, Buffer.alloc(20, 19), Flag.padded),
  'answers to no PING': frame(FrameType.ping, Flag.ack, 0, Buffer.alloc(8)),
  GOAWAY: frame(FrameType.goAway, 0, 0, uint32(0, 0)),
  'unknown frames': frame(0x77, 0, 0, Buffer.alloc(0)),
};

for (const [what, one] of Object.entries(idle)) {
  test(`a flood of ${what} ends the connection, at once and not before`, () => {
    const rig = Rig.open({ idleFrameBurst: 100, idleFramesPerSecond: 10 });
    rig.push(headers(1, both));
    for (let at = 0; at < 99; at++) rig.push(one);
    assert.equal(rig.log.goAway(), null);
    for (let at = 0; at < 2; at++) rig.push(one);
    assert.equal(rig.log.goAway()?.code, calm);
  });
}

test('WINDOW_UPDATE may come with answers, but not without end for nothing', () => {
  const rig = Rig.open();
  const update = frame(FrameType.windowUpdate, 0, 0, uint32(1));
  for (let at = 0; at < 10_000; at++) rig.push(update);
  for (let id = 1; id < 1001; id += 2) rig.push(call(id), update, update);
  assert.equal(rig.log.goAway(), null);
  for (let at = 0; at < 5000; at++) rig.push(update);
  assert.equal(rig.log.goAway()?.code, calm);
});

test('pings are answered; the third that comes too early ends the connection', () => {
  const rig = Rig.open();
  rig.push(headers(1, both));
  for (const nowMs of [0, 5000, 10_000, 10_001, 10_002]) {
    rig.nowMs = nowMs;
    rig.push(ping);
  }
  assert.equal(rig.log.of('ping').length, 5);
  assert.deepEqual(rig.log.of('ping')[0]?.payload, Buffer.from('12345678'));
  rig.nowMs = 10_003;
  rig.push(ping);
  assert.deepEqual(rig.log.goAway(), { code: calm, lastStream: 1, reason: 'too_many_pings' });
});

test('without a call under way a client may hardly ping; after an answer it may once', () => {
  const rig = Rig.open();
  for (const nowMs of [0, 60_000, 120_000]) {
    rig.nowMs = nowMs;
    rig.push(ping);
  }
  rig.push(call(1), ping);
  assert.equal(rig.log.goAway(), null, 'the strikes are forgotten');
  for (const nowMs of [180_000, 240_000, 300_000]) {
    rig.nowMs = nowMs;
    rig.push(ping);
  }
  assert.equal(rig.log.goAway()?.reason, 'too_many_pings');
});

test('a silent client is pinged after two hours and cut 20 s later, unless it answers', () => {
  const hours2 = 2 * 60 * 60 * 1000;
  const rig = Rig.open();
  rig.tick(hours2 - 1);
  assert.equal(rig.log.of('ping').length, 0);
  rig.tick(hours2);
  assert.equal(rig.log.of('ping').length, 1);
  rig.push(frame(FrameType.ping, Flag.ack, 0, Buffer.alloc(8)));
  rig.tick(hours2 + 30_000);
  assert.equal(rig.log.goAway(), null);
  rig.tick(2 * hours2);
  rig.tick(2 * hours2 + 20_000);
  assert.equal(rig.log.goAway()?.reason, 'ping timeout');
});

test('a client that never begins is cut', () => {
  const rig = new Rig();
  rig.tick(9999);
  assert.equal(rig.connection.isOver, false);
  rig.tick(10_000);
  assert.equal(rig.log.goAway()?.code, ErrorCode.settingsTimeout);
});

test('a client that takes no answers is given no more calls, and is cut in the end', () => {
  const rig = Rig.open({ maxPendingBytes: 100_000, stallTimeoutMs: 5000 });
  const ask = (id: number) => rig.push(headers(id, large), data(id, message(Buffer.of(1)), 1));
  rig.push(headers(1, both));
  for (const id of [3, 5, 7, 9]) ask(id);
  assert.equal(rig.connection.isOverloaded, false, 'a stream counts for a quarter at most');
  rig.streams[0]?.send(Buffer.alloc(10));
  for (const nowMs of [0, 1000, 2000]) rig.tick(nowMs);
  ask(13);
  assert.equal(rig.log.status(13), '8 etcdserver: too many requests');
  rig.tick(4999);
  assert.equal(rig.log.goAway(), null);
  rig.tick(5000);
  assert.equal(rig.log.goAway()?.reason, 'answers are not read');
  assert.deepEqual(rig.heard, ['closed']);
});

test('while a client takes its answers, however many wait, it is given more calls', () => {
  const rig = Rig.open({ maxPendingBytes: 100_000, stallTimeoutMs: 5000 });
  const ask = (id: number) => rig.push(headers(id, large), data(id, message(Buffer.of(1)), 1));
  for (const id of [1, 3, 5, 7, 9, 11]) ask(id);
  assert.equal(rig.connection.isOverloaded, true);
  for (let second = 0; second < 30; second++) {
    rig.push(frame(FrameType.windowUpdate, 0, 0, uint32(1000)));
    rig.tick(1000 * second);
    rig.push(headers(13 + 2 * second, hold), data(13 + 2 * second, message(Buffer.of(1)), 1));
  }
  assert.equal(rig.held.length, 30);
  assert.equal(rig.log.goAway(), null);
});

test('a stream whose answers are not taken cannot ask for more', () => {
  const rig = Rig.open({ maxPendingBytes: 200_000, streamPendingBytes: 1000 });
  rig.push(headers(1, both));
  assert.equal(rig.streams[0]?.send(Buffer.alloc(400_000)), false);
  rig.push(data(1, message(Buffer.of(1))));
  assert.deepEqual(rig.log.resets(1), [calm]);
  assert.deepEqual(rig.heard, ['closed']);
  assert.equal(rig.connection.isOverloaded, false);
});

test('a stream that waits behind the large answers of others may ask for more', () => {
  const rig = Rig.open({ maxPendingBytes: 100_000, streamPendingBytes: 1000 });
  const ask = (id: number) => rig.push(headers(id, large), data(id, message(Buffer.of(1)), 1));
  rig.push(headers(1, both));
  for (const id of [3, 5, 7, 9, 11, 13]) ask(id);
  assert.equal(rig.connection.isOverloaded, true);
  assert.equal(rig.streams[0]?.send(Buffer.alloc(5000)), false);
  rig.push(data(1, message(Buffer.from('more'))));
  assert.deepEqual(rig.log.resets(1), []);
  assert.deepEqual(rig.heard, ['message more']);
  for (const nowMs of [0, 1000, 2000]) rig.tick(nowMs);
  rig.push(data(1, message(Buffer.from('more'))));
  assert.deepEqual(rig.log.resets(1), [calm]);
});

test('messages that never end take only so much memory together', () => {
  const rig = Rig.open({ maxPartialBytes: 10_000 });
  const part = message(Buffer.alloc(2_000_000)).subarray(0, 3000);
  for (const id of [1, 3, 5, 7]) rig.push(headers(id, both), data(id, part));
  assert.equal(rig.log.status(7), '8 etcdserver: too many requests');
  assert.equal(rig.log.status(5), null);
  for (const id of [1, 3, 5]) rig.push(reset(id));
  assert.equal(rig.connection.partialBytes, 0);
});

test('a message that is announced costs nothing before it comes', () => {
  const rig = Rig.open();
  for (let id = 1; id < 200; id += 2) {
    rig.push(headers(id, both), data(id, Buffer.of(0, 0, 31, 0, 0, 1)));
  }
  assert.ok(rig.connection.partialBytes <= 100 * 1024);
});

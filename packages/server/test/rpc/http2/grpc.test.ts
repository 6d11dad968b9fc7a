import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StatusCode } from '../../../src/core/rpc-error.ts';
import { percentEncode } from '../../../src/rpc/http2/call-status.ts';
import { Deadlines } from '../../../src/rpc/http2/grpc/deadlines.ts';
import { readGrpcTimeout } from '../../../src/rpc/http2/grpc/grpc-timeout.ts';
import { MessageReader } from '../../../src/rpc/http2/grpc/message-reader.ts';
import { ErrorCode, Flag } from '../../../src/rpc/http2/protocol.ts';
import { call, data, headers, message, withField } from './frames.ts';
import { Rig } from './rig.ts';

const hold = withField(':path', '/test.Service/Hold');
const both = withField(':path', '/test.Service/Both');
const limit = 2 * 1024 * 1024;

test('what is no call of gRPC is refused, with a status of HTTP as well', () => {
  const cases = [
    [withField(':method', 'GET'), '405', '13'],
    [withField('content-type', 'text/plain'), '415', '3'],
    [withField('content-type', 'application/grpcx'), '415', '3'],
    [withField('content-type', null), '415', '3'],
    [withField('grpc-timeout', '5'), '400', '13'],
    [withField('grpc-timeout', '123456789S'), '400', '13'],
  ] as const;
  const rig = Rig.open();
  for (const [at, [fields, http, grpc]] of cases.entries()) {
    rig.push(headers(2 * at + 1, fields, Flag.endStream));
    const [answer] = rig.log.of('headers', 2 * at + 1);
    assert.deepEqual([answer?.fields[':status'], answer?.fields['grpc-status']], [http, grpc]);
  }
  for (const [at, type] of ['application/grpc+proto', 'application/grpc;x'].entries()) {
    const stream = 2 * at + 101;
    rig.push(headers(stream, withField('content-type', type)), data(stream, message(key), 1));
    assert.equal(rig.log.status(stream), '0');
  }
});

const key = Buffer.of(1);

test('methods that do not exist are refused in the known words', () => {
  const rig = Rig.open();
  const words = {
    '/test.Service/Nothing': 'unknown method Nothing for service test.Service',
    '/other.Service/Nothing': 'unknown service other.Service',
    '/nothing': 'malformed method name: "/nothing"',
  };
  for (const [at, [path, text]] of Object.entries(words).entries()) {
    rig.push(headers(2 * at + 1, withField(':path', path)));
    assert.equal(rig.log.status(2 * at + 1), `12 ${text}`);
    assert.deepEqual(rig.log.resets(2 * at + 1), [ErrorCode.noError], 'its request is not wanted');
  }
});

test('compression is refused', () => {
  const rig = Rig.open();
  rig.push(headers(1, withField('grpc-encoding', 'gzip')));
  assert.equal(
    rig.log.status(1),
    '12 grpc: Decompressor is not installed for grpc-encoding "gzip"',
  );
  rig.push(headers(3, withField('grpc-encoding', 'identity')), data(3, message(key), 1));
  assert.equal(rig.log.status(3), '0');
  rig.push(headers(5), data(5, message(key, 1), 1));
  assert.equal(rig.log.status(5), '13 grpc: compressed flag set with identity or empty encoding');
  rig.push(headers(7), data(7, message(key, 2), 1));
  assert.equal(rig.log.status(7), '13 grpc: received unexpected payload format 2');
});

test('a message beyond the limit is refused as soon as it is announced', () => {
  const rig = Rig.open();
  rig.push(headers(1), data(1, Buffer.from(message(Buffer.alloc(limit + 1)).subarray(0, 100))));
  const text = `8 grpc: received message larger than max (${limit + 1} vs. ${limit})`;
  assert.equal(rig.log.status(1), text);
  assert.deepEqual(rig.log.resets(1), [ErrorCode.noError]);
  rig.push(headers(3, hold));
  const large = message(Buffer.alloc(limit, 3));
  for (let at = 0; at < large.length; at += 16_384) {
    const piece = large.subarray(at, at + 16_384);
    rig.push(data(3, piece, at + 16_384 >= large.length ? Flag.endStream : 0));
  }
  assert.deepEqual(rig.held[0]?.request, Buffer.alloc(limit, 3));
  assert.equal(rig.connection.partialBytes, 0);
});

test('a unary call has exactly one message', () => {
  const rig = Rig.open();
  rig.push(headers(1, hold, Flag.endStream));
  assert.equal(rig.log.status(1), '13 no request message');
  rig.push(headers(3, hold), data(3, Buffer.concat([message(key), message(key)]), 1));
  assert.equal(rig.log.status(3), '13 more than one request message');
  rig.push(headers(5, hold), data(5, message(Buffer.alloc(9)).subarray(0, 7), Flag.endStream));
  assert.equal(rig.log.status(5), '13 unexpected EOF');
  assert.equal(rig.held.length, 0);
});

test('an error goes out alone; its text survives, whatever is in it', () => {
  const rig = Rig.open();
  rig.push(headers(1, hold), data(1, message(key), 1));
  const error = { code: StatusCode.notFound, message: 'a %\nü' };
  rig.held[0]?.done(error, null);
  rig.collect();
  assert.deepEqual(rig.log.of('headers', 1)[0]?.fields, {
    ':status': '200',
    'content-type': 'application/grpc',
    'grpc-status': '5',
    'grpc-message': 'a %25%0A%C3%BC',
  });
  assert.equal(decodeURIComponent(percentEncode('a %\nü — €')), 'a %\nü — €');
  assert.ok(percentEncode('x'.repeat(100_000)).length < 5000);
});

test('a deadline is answered when it has passed; what comes later is let go', () => {
  const rig = Rig.open();
  rig.push(headers(1, [...hold, ['grpc-timeout', '100m']]), data(1, message(key), 1));
  rig.push(headers(3, [...both, ['grpc-timeout', '1S']]));
  rig.push(headers(5, [...hold, ['grpc-timeout', '100m']]), data(5, message(key), 1));
  rig.held[1]?.done(null, key);
  rig.collect();
  assert.equal(rig.log.status(5), '0');
  rig.tick(90);
  assert.equal(rig.log.status(1), null);
  rig.tick(110);
  assert.equal(rig.log.status(1), '4 etcdserver: context deadline exceeded');
  assert.equal(rig.connection.abandonedCalls, 1);
  rig.held[0]?.done(null, key);
  rig.collect();
  assert.equal(rig.connection.abandonedCalls, 0);
  assert.equal(rig.log.of('headers', 1).length, 1);
  rig.tick(1100);
  assert.equal(rig.log.status(3), '4 etcdserver: context deadline exceeded');
  assert.deepEqual(rig.heard, ['closed']);
  assert.ok(rig.deadlines.isEmpty);
});

test('timeouts are read in all units', () => {
  const known = { '2H': 7_200_000, '3M': 180_000, '4S': 4000, '5m': 5, '6000u': 6, '7000000n': 7 };
  for (const [text, ms] of Object.entries(known)) {
    assert.ok(Math.abs((readGrpcTimeout(text) ?? 0) - ms) < 1e-6, text);
  }
  for (const text of ['', 'S', '1', '1s', '-1S', '1.5S', '123456789S', '1SS']) {
    assert.equal(readGrpcTimeout(text), null, text);
  }
});

test('deadlines come in their slot, never early, never for what was removed', () => {
  const step = fc.oneof(
    fc.nat(300).map((timeoutMs) => ({ kind: 'add' as const, timeoutMs })),
    fc.nat(9).map((which) => ({ kind: 'remove' as const, which })),
    fc.nat(200).map((ms) => ({ kind: 'pass' as const, ms })),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const deadlines = new Deadlines(10);
      const open = new Map<number, { atMs: number; deadline: ReturnType<Deadlines['add']> }>();
      let nowMs = 12_345;
      for (const [id, one] of steps.entries()) {
        if (one.kind === 'add') {
          const atMs = nowMs + one.timeoutMs;
          const expired = () => {
            assert.ok(nowMs >= atMs, 'early');
            assert.ok(open.delete(id), 'twice, or after it was removed');
          };
          open.set(id, { atMs, deadline: deadlines.add({ expired }, nowMs, one.timeoutMs) });
        } else if (one.kind === 'remove') {
          const [id, found] = [...open][one.which] ?? [];
          if (found !== undefined) deadlines.remove(found.deadline);
          open.delete(id ?? -1);
        } else {
          nowMs += one.ms;
          deadlines.expire(nowMs);
          for (const { atMs } of open.values()) assert.ok(atMs > nowMs - 20, 'late');
        }
        assert.equal(deadlines.isEmpty, open.size === 0);
      }
    }),
  );
});

test('messages are the same however the stream of them is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1 }),
      (messages, lengths) => {
        const sent = Buffer.concat(messages.map((one) => message(one)));
        const reader = new MessageReader(3000);
        const taken: Buffer[] = [];
        for (let at = 0, turn = 0; at < sent.length; turn++) {
          const piece = sent.subarray(at, at + (lengths[turn % lengths.length] as number));
          assert.equal(
            reader.push(piece, (one) => taken.push(one)),
            null,
          );
          at += piece.length;
        }
        assert.deepEqual(
          taken.map((one) => new Uint8Array(one)),
          messages,
        );
        assert.equal(reader.isInside, false);
        assert.equal(reader.partialBytes, 0);
      },
    ),
  );
});

test('a call of streams: messages both ways, half-close, end', () => {
  const rig = Rig.open();
  rig.push(headers(1, both), data(1, Buffer.concat([message(Buffer.from('a')), message(key)])));
  const [one] = rig.streams;
  assert.equal(one?.send(Buffer.from('x')), true);
  rig.push(data(1, message(Buffer.from('b'))), data(1, Buffer.alloc(0), Flag.endStream));
  one?.send(Buffer.alloc(0));
  one?.end(null);
  one?.end(null);
  one?.send(Buffer.from('late'));
  rig.collect();
  assert.deepEqual(rig.heard, ['message a', 'message \x01', 'message b', 'halfClosed']);
  const sent = Buffer.concat([message(Buffer.from('x')), message(Buffer.alloc(0))]);
  assert.deepEqual(rig.log.body(1), sent);
  assert.equal(rig.log.status(1), '0');
  assert.deepEqual(rig.log.resets(1), []);
});

test('send asks to wait beyond a bound, and drained comes once all is sent', () => {
  const rig = Rig.open();
  rig.push(headers(1, both));
  const [one] = rig.streams;
  assert.equal(one?.send(Buffer.alloc(100_000)), true);
  assert.equal(one?.send(Buffer.alloc(100_000)), false);
  one?.end({ code: StatusCode.unavailable, message: 'late' });
  rig.push(headers(3, both));
  const other = rig.streams[1];
  assert.equal(other?.send(Buffer.alloc(70_000)), false);
  assert.deepEqual(rig.heard, []);
  const opened = [0, 1, 3].map((id) => {
    return Buffer.concat([Buffer.of(0, 0, 4, 8, 0, 0, 0, 0, id), Buffer.of(0, 15, 0, 0)]);
  });
  rig.push(...opened);
  assert.equal(rig.log.body(1).length, 200_010);
  assert.equal(rig.log.status(1), '14 late');
  assert.deepEqual(rig.heard, ['drained']);
  other?.end(null);
});

test('a unary call whose client has gone is not answered', () => {
  const rig = Rig.open();
  rig.push(headers(1, hold), data(1, message(key), 1));
  rig.connection.closed();
  assert.equal(rig.connection.abandonedCalls, 1);
  rig.held[0]?.done(null, key);
  assert.equal(rig.connection.abandonedCalls, 0);
  rig.push(call(3));
  assert.deepEqual(rig.log.frames, []);
});

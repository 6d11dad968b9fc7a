// Long because: half of it is one table of what a client must not send.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ErrorCode, Flag, FrameType, Setting } from '../../../src/rpc/http2/protocol.ts';
import {
  block,
  call,
  data,
  frame,
  headers,
  message,
  opening,
  requestFields,
  settings,
  uint32,
  withField,
} from './frames.ts';
import { Rig } from './rig.ts';

const large = '/test.Service/Large';
const both = '/test.Service/Both';
const answerOfLarge = 100_005;

test('a connection begins with settings and a wide window, and acknowledges settings', () => {
  const rig = new Rig();
  assert.deepEqual(
    rig.log.frames.map(({ type, stream }) => [type, stream]),
    [
      ['settings', 0],
      ['windowUpdate', 0],
    ],
  );
  rig.push(opening);
  const ack = rig.log.frames.at(-1);
  assert.deepEqual([ack?.type, ack?.flags, ack?.payload.length], ['settings', Flag.ack, 0]);
});

test('a unary call is answered with header fields, one message, trailers', () => {
  const rig = Rig.open();
  rig.push(call(1, Buffer.from('hello')));
  const [first, body, last] = rig.log.frames;
  assert.deepEqual(first?.fields, { ':status': '200', 'content-type': 'application/grpc' });
  assert.deepEqual(body?.payload, message(Buffer.from('hello')));
  assert.deepEqual([last?.fields, last?.flags], [{ 'grpc-status': '0' }, 5]);
  assert.equal(rig.log.frames.length, 3);
});

const fatal: Readonly<Record<string, readonly [sent: Buffer, code: number]>> = {
  'DATA on stream 0': [data(0, Buffer.of(1)), ErrorCode.protocolError],
  'DATA on an idle stream': [data(5, Buffer.of(1)), ErrorCode.protocolError],
  'DATA with more padding than payload': [
    Buffer.concat([headers(1), data(1, Buffer.of(9, 1), Flag.padded)]),
    ErrorCode.protocolError,
  ],
  'HEADERS on stream 0': [headers(0), ErrorCode.protocolError],
  'HEADERS on a stream of the server': [headers(2), ErrorCode.protocolError],
  'HEADERS with more padding than payload': [
    frame(FrameType.headers, Flag.endHeaders | Flag.padded, 1, Buffer.of(1)),
    ErrorCode.protocolError,
  ],
  'HEADERS too short for its priority': [
    frame(FrameType.headers, Flag.endHeaders | Flag.priority, 1, Buffer.of(1)),
    ErrorCode.frameSizeError,
  ],
  'a malformed header block': [
    frame(FrameType.headers, Flag.endHeaders, 1, Buffer.of(0x80)),
    ErrorCode.compressionError,
  ],
  'another frame within a header block': [
    Buffer.concat([frame(FrameType.headers, 0, 1, Buffer.of(0x83)), data(1, Buffer.of(1))]),
    ErrorCode.protocolError,
  ],
  'CONTINUATION of another stream': [
    Buffer.concat([
      frame(FrameType.headers, 0, 1, Buffer.of(0x83)),
      frame(FrameType.continuation, Flag.endHeaders, 3, Buffer.of(0x86)),
    ]),
    ErrorCode.protocolError,
  ],
  'CONTINUATION without HEADERS': [
    frame(FrameType.continuation, Flag.endHeaders, 1, Buffer.of(0x83)),
    ErrorCode.protocolError,
  ],
  'PRIORITY without a stream': [
    frame(FrameType.priority, 0, 0, Buffer.alloc(5)),
    ErrorCode.protocolError,
  ],
  'PRIORITY of another length': [
    frame(FrameType.priority, 0, 1, Buffer.alloc(4)),
    ErrorCode.frameSizeError,
  ],
  'RST_STREAM of another length': [
    frame(FrameType.rstStream, 0, 1, Buffer.alloc(3)),
    ErrorCode.frameSizeError,
  ],
  'RST_STREAM on an idle stream': [
    frame(FrameType.rstStream, 0, 7, uint32(8)),
    ErrorCode.protocolError,
  ],
  'SETTINGS on a stream': [
    frame(FrameType.settings, 0, 1, Buffer.alloc(0)),
    ErrorCode.protocolError,
  ],
  'SETTINGS of another length': [
    frame(FrameType.settings, 0, 0, Buffer.alloc(7)),
    ErrorCode.frameSizeError,
  ],
  'SETTINGS that acknowledge and say something': [
    frame(FrameType.settings, Flag.ack, 0, Buffer.alloc(6)),
    ErrorCode.frameSizeError,
  ],
  'ENABLE_PUSH that is no boolean': [settings([Setting.enablePush, 2]), ErrorCode.protocolError],
  'INITIAL_WINDOW_SIZE beyond 2^31-1': [
    settings([Setting.initialWindowSize, 2 ** 31]),
    ErrorCode.flowControlError,
  ],
  'MAX_FRAME_SIZE below its least': [
    settings([Setting.maxFrameSize, 16_383]),
    ErrorCode.protocolError,
  ],
  PUSH_PROMISE: [frame(FrameType.pushPromise, 0, 1, Buffer.alloc(4)), ErrorCode.protocolError],
  'PING on a stream': [frame(FrameType.ping, 0, 1, Buffer.alloc(8)), ErrorCode.protocolError],
  'PING of another length': [
    frame(FrameType.ping, 0, 0, Buffer.alloc(7)),
    ErrorCode.frameSizeError,
  ],
  'GOAWAY on a stream': [frame(FrameType.goAway, 0, 1, Buffer.alloc(8)), ErrorCode.protocolError],
  'WINDOW_UPDATE of another length': [
    frame(FrameType.windowUpdate, 0, 0, Buffer.alloc(5)),
    ErrorCode.frameSizeError,
  ],
  'WINDOW_UPDATE of nothing': [
    frame(FrameType.windowUpdate, 0, 0, uint32(0)),
    ErrorCode.protocolError,
  ],
  'WINDOW_UPDATE on an idle stream': [
    frame(FrameType.windowUpdate, 0, 3, uint32(1)),
    ErrorCode.protocolError,
  ],
  'a connection window beyond 2^31-1': [
    frame(FrameType.windowUpdate, 0, 0, uint32(2 ** 31 - 1)),
    ErrorCode.flowControlError,
  ],
  'a frame that is too large': [
    frame(FrameType.data, 0, 1, Buffer.alloc(16_385)),
    ErrorCode.frameSizeError,
  ],
};

for (const [what, [sent, code]] of Object.entries(fatal)) {
  test(`${what} ends the connection`, () => {
    const rig = Rig.open();
    rig.push(sent);
    assert.equal(rig.log.goAway()?.code, code, rig.log.goAway()?.reason);
    assert.ok(rig.connection.isOver);
    const { length } = rig.log.frames;
    rig.push(call(9));
    assert.equal(rig.log.frames.length, length, 'nothing follows GOAWAY');
  });
}

test('what is no HTTP/2, or does not begin with SETTINGS, is refused', () => {
  for (const sent of [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.concat([opening.subarray(0, 24), frame(FrameType.ping, 0, 0, Buffer.alloc(8))]),
    Buffer.concat([opening.subarray(0, 24), frame(FrameType.settings, 1, 0, Buffer.alloc(0))]),
  ]) {
    const rig = new Rig();
    rig.push(sent);
    assert.equal(rig.log.goAway()?.code, ErrorCode.protocolError);
  }
});

const malformed: Readonly<Record<string, ReturnType<typeof withField>>> = {
  'no method': withField(':method', null),
  'no path': withField(':path', null),
  'an empty path': withField(':path', ''),
  'no scheme': withField(':scheme', null),
  'a pseudo-header field twice': [[':method', 'POST'], ...requestFields],
  'a pseudo-header field that no request has': withField(':status', '200'),
  'a pseudo-header field behind others': [['a', 'b'], ...requestFields],
  'a name in capitals': withField('Content-Type', 'application/grpc'),
  'a name with a space': withField('a b', 'c'),
  'an empty name': withField('', 'c'),
  'a line break in a value': withField('a', 'b\r\nc: d'),
  'a field of HTTP/1.1': withField('connection', 'close'),
  'transfer-encoding': withField('transfer-encoding', 'chunked'),
  'te but for trailers': withField('te', 'gzip'),
};

for (const [what, fields] of Object.entries(malformed)) {
  test(`a request with ${what} is reset, and the connection goes on`, () => {
    const rig = Rig.open();
    rig.push(headers(1, fields, Flag.endStream), call(3));
    assert.deepEqual(rig.log.resets(1), [ErrorCode.protocolError]);
    assert.equal(rig.log.status(3), '0');
  });
}

test('any :authority will do, and none as well', () => {
  const rig = Rig.open();
  for (const [at, authority] of ['http://127.0.0.1:2379', '', null].entries()) {
    const stream = 2 * at + 1;
    rig.push(headers(stream, withField(':authority', authority)));
    rig.push(data(stream, message(Buffer.of(1)), Flag.endStream));
    assert.equal(rig.log.status(stream), '0');
  }
});

test('padding, priority and continuations are understood', () => {
  const rig = Rig.open();
  const fields = block(requestFields);
  const padded = Buffer.concat([Buffer.of(3), Buffer.alloc(5), fields.subarray(0, 10)]);
  rig.push(
    frame(
      FrameType.headers,
      Flag.padded | Flag.priority,
      1,
      Buffer.concat([padded, Buffer.alloc(3)]),
    ),
    frame(FrameType.continuation, 0, 1, fields.subarray(10, 30)),
    frame(FrameType.continuation, Flag.endHeaders, 1, fields.subarray(30)),
    data(1, Buffer.concat([Buffer.of(2), message(Buffer.of(5)), Buffer.alloc(2)]), 9),
    frame(FrameType.priority, 0, 9, Buffer.alloc(5)),
    frame(0xfa, 0xff, 77, Buffer.from('unknown')),
  );
  assert.equal(rig.log.status(1), '0');
  assert.deepEqual(rig.log.body(1), message(Buffer.of(5)));
});

test('trailers of a client end its request', () => {
  const rig = Rig.open();
  rig.push(headers(1), data(1, message(Buffer.of(5))));
  rig.push(headers(1, [['a', 'b']], Flag.endStream));
  assert.equal(rig.log.status(1), '0');
  rig.push(headers(3), headers(3, [['a', 'b']]), headers(5), headers(5, requestFields, 1));
  assert.deepEqual(rig.log.resets(3), [ErrorCode.protocolError]);
  assert.deepEqual(rig.log.resets(5), [ErrorCode.protocolError]);
});

test('frames behind the end of a request are errors of its stream', () => {
  const rig = Rig.open();
  const held = withField(':path', '/test.Service/Hold');
  rig.push(headers(1, held), data(1, message(Buffer.of(1)), Flag.endStream));
  rig.push(data(1, Buffer.of(1)));
  assert.deepEqual(rig.log.resets(1), [ErrorCode.streamClosed]);
  rig.push(headers(3, held), data(3, message(Buffer.of(1)), Flag.endStream));
  rig.push(headers(3, [['a', 'b']], Flag.endStream));
  assert.deepEqual(rig.log.resets(3), [ErrorCode.streamClosed]);
  assert.equal(rig.log.goAway(), null);
});

test('answers wait for the windows of the client, and for no other stream', () => {
  const rig = Rig.open();
  rig.push(headers(1, withField(':path', large)), data(1, message(Buffer.of(1)), Flag.endStream));
  assert.equal(rig.log.body(1).length, 65_535);
  rig.push(frame(FrameType.windowUpdate, 0, 0, uint32(1_000_000)));
  assert.equal(rig.log.body(1).length, 65_535, 'its own window is used up');
  rig.push(call(3));
  assert.equal(rig.log.status(3), '0');
  rig.push(frame(FrameType.windowUpdate, 0, 1, uint32(10)));
  assert.equal(rig.log.body(1).length, 65_545);
  assert.equal(rig.log.status(1), null);
  rig.push(settings([Setting.initialWindowSize, 200_000]));
  assert.equal(rig.log.body(1).length, answerOfLarge);
  assert.equal(rig.log.status(1), '0');
});

test('a window that a setting made negative has to be filled first', () => {
  const rig = Rig.open();
  rig.push(headers(1, withField(':path', large)), data(1, message(Buffer.of(1)), Flag.endStream));
  rig.push(frame(FrameType.windowUpdate, 0, 0, uint32(1_000_000)));
  rig.push(settings([Setting.initialWindowSize, 65_000]));
  rig.push(frame(FrameType.windowUpdate, 0, 1, uint32(535)));
  assert.equal(rig.log.body(1).length, 65_535);
  rig.push(frame(FrameType.windowUpdate, 0, 1, uint32(1)));
  assert.equal(rig.log.body(1).length, 65_536);
});

test('streams have turns when a connection window opens', () => {
  const rig = Rig.open();
  rig.push(settings([Setting.initialWindowSize, 1_000_000]));
  for (const id of [1, 3]) {
    rig.push(headers(id, withField(':path', large)), data(id, message(Buffer.of(1)), 1));
  }
  rig.log.frames.length = 0;
  rig.push(frame(FrameType.windowUpdate, 0, 0, uint32(16_384 * 4)));
  assert.deepEqual(
    rig.log.of('data').map(({ stream }) => stream),
    [1, 3, 1, 3],
  );
});

test('answers wait while the network takes nothing', () => {
  const rig = Rig.open({ maxUnsentBytes: 1000 });
  rig.push(headers(1, withField(':path', both)));
  rig.stuckBytes = 1000;
  rig.streams[0]?.send(Buffer.alloc(500));
  rig.collect();
  assert.equal(rig.log.body(1).length, 0);
  rig.stuckBytes = 0;
  rig.connection.drained();
  rig.collect();
  assert.equal(rig.log.body(1).length, 505);
});

test('windows that a client grows too far are errors of stream or connection', () => {
  const rig = Rig.open();
  rig.push(headers(1), frame(FrameType.windowUpdate, 0, 1, uint32(2 ** 31 - 1)));
  assert.deepEqual(rig.log.resets(1), [ErrorCode.flowControlError]);
  rig.push(headers(3), frame(FrameType.windowUpdate, 0, 3, uint32(0)));
  assert.deepEqual(rig.log.resets(3), [ErrorCode.protocolError]);
  rig.push(headers(5), frame(FrameType.windowUpdate, 0, 5, uint32(2 ** 31 - 1 - 65_535)));
  assert.equal(rig.log.goAway(), null);
  rig.push(settings([Setting.initialWindowSize, 65_536]));
  assert.equal(rig.log.goAway()?.code, ErrorCode.flowControlError);
});

test('a client is given new windows as its messages are taken', () => {
  const rig = Rig.open({ streamWindowBytes: 40_000, connectionWindowBytes: 100_000 });
  rig.push(headers(1, withField(':path', both)));
  const piece = message(Buffer.alloc(9995));
  for (let sent = 0; sent < 100; sent++) rig.push(data(1, piece));
  assert.equal(rig.heard.length, 100);
  const given = (stream: number) =>
    rig.log.of('windowUpdate', stream).reduce((sum, one) => sum + one.payload.readUInt32BE(0), 0);
  assert.ok(given(1) >= 1_000_000 - 40_000);
  assert.ok(given(0) >= 1_000_000 - 100_000);
});

test('a client that sends beyond a window is refused', () => {
  const rig = Rig.open({ streamWindowBytes: 1000, connectionWindowBytes: 100_000 });
  rig.push(headers(1, withField(':path', both)), data(1, Buffer.alloc(1001)));
  assert.deepEqual(rig.log.resets(1), [ErrorCode.flowControlError]);
  const other = Rig.open({ connectionWindowBytes: 1000 });
  other.push(headers(1, withField(':path', both)), data(1, Buffer.alloc(1001)));
  assert.equal(other.log.goAway()?.code, ErrorCode.flowControlError);
});

test('RST_STREAM cancels a call; what comes for it later is let go', () => {
  const rig = Rig.open();
  rig.push(headers(1, withField(':path', both)));
  rig.push(frame(FrameType.rstStream, 0, 1, uint32(ErrorCode.cancel)));
  assert.deepEqual(rig.heard, ['closed']);
  rig.push(data(1, message(Buffer.of(1))), headers(1, [['a', 'b']], 1));
  rig.push(frame(FrameType.windowUpdate, 0, 1, uint32(5)));
  rig.streams[0]?.send(Buffer.of(1));
  rig.streams[0]?.end(null);
  rig.collect();
  assert.deepEqual(rig.log.frames, []);
});

test('GOAWAY: calls under way go on, new ones are not taken, then it is over', () => {
  const rig = Rig.open();
  rig.push(headers(1, withField(':path', both)));
  rig.connection.goAway();
  rig.collect();
  assert.deepEqual(rig.log.goAway(), { code: 0, lastStream: 1, reason: '' });
  rig.push(call(3), frame(FrameType.windowUpdate, 0, 3, uint32(1)));
  assert.deepEqual(rig.log.of('headers', 3), []);
  assert.equal(rig.connection.isOver, false);
  rig.push(data(1, message(Buffer.from('a')), Flag.endStream));
  rig.streams[0]?.end(null);
  rig.collect();
  assert.equal(rig.log.status(1), '0');
  assert.deepEqual(rig.heard, ['message a', 'halfClosed']);
  assert.ok(rig.connection.isOver);
});

test('a client that goes away itself gets its answers', () => {
  const rig = Rig.open();
  rig.push(frame(FrameType.goAway, 0, 0, uint32(0, 0)), call(1));
  assert.equal(rig.log.status(1), '0');
});

const validPart = fc.oneof(
  fc.uint8Array({ maxLength: 400 }).map((bytes) => (id: number) => call(id, bytes)),
  fc.constant((id: number) => headers(id, withField(':path', both))),
  fc.constant((id: number) => headers(id, withField(':method', null))),
  fc.nat(70_000).map((bytes) => (id: number) => {
    const sent = [headers(id, withField(':path', both)), data(id, message(Buffer.from('m')))];
    return Buffer.concat([...sent, frame(FrameType.windowUpdate, 0, id, uint32(bytes))]);
  }),
  fc.constant((id: number) => {
    return Buffer.concat([headers(id), frame(FrameType.rstStream, 0, id, uint32(8))]);
  }),
  fc.uint8Array({ maxLength: 30 }).map((noise) => () => Buffer.from(noise)),
);

test('where a stream of bytes is cut makes no difference', () => {
  fc.assert(
    fc.property(
      fc.array(validPart, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 }),
      (parts, lengths) => {
        const sent = Buffer.concat([opening, ...parts.map((part, at) => part(2 * at + 1))]);
        const whole = new Rig();
        whole.push(sent);
        const cut = new Rig();
        for (let at = 0, turn = 0; at < sent.length; turn++) {
          const length = lengths[turn % lengths.length] as number;
          const chunk = Buffer.from(sent.subarray(at, at + length));
          cut.push(chunk);
          at += length;
        }
        assert.deepEqual(cut.log.frames, whole.log.frames);
        assert.deepEqual(cut.heard, whole.heard);
      },
    ),
    { numRuns: 60 },
  );
});

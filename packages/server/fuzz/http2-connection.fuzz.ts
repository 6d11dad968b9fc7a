import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { Prng } from '@quorate/base';
import { Flag, FrameType, Setting } from '../src/rpc/http2/protocol.ts';
import {
  block,
  data,
  frame,
  headers,
  message,
  opening,
  type SentFrame,
  settings,
  uint32,
  withField,
} from '../test/rpc/http2/frames.ts';
import { Rig } from '../test/rpc/http2/rig.ts';

const limits = {
  maxConcurrentStreams: 5,
  streamWindowBytes: 3000,
  maxMessageBytes: 1500,
  maxHeaderListBytes: 600,
  maxHeaderBlockBytes: 500,
  maxContinuations: 3,
  maxPartialBytes: 3000,
  maxPendingBytes: 150_000,
  streamPendingBytes: 1000,
  resetBurst: 8,
  idleFrameBurst: 10,
};

interface Seen {
  readonly frames: readonly SentFrame[];
  readonly heard: readonly string[];
  readonly isOver: boolean;
}

/** Serves the bytes, with a client that closes at the end. */
function serve(input: Uint8Array, longest: number): Seen {
  const rig = new Rig(limits);
  const prng = new Prng(longest);
  for (let at = 0; at < input.length; ) {
    const end = Math.min(input.length, at + prng.between(1, longest));
    rig.push(Buffer.from(input.slice(at, end)));
    at = end;
  }
  for (const { done } of rig.held) done(null, Buffer.of(1));
  for (const call of rig.streams) call.send(Buffer.alloc(3));
  rig.collect();
  const isOver = rig.connection.isOver;
  rig.connection.closed();
  for (const call of rig.streams) call.end(null);
  assert.equal(rig.connection.abandonedCalls, 0, 'a call is counted that is over');
  assert.equal(rig.connection.partialBytes, 0, 'a part of a message is counted that is gone');
  const { answers, requests, calls } = rig.shares;
  assert.deepEqual([answers.amount, requests.amount, calls.amount], [0, 0, 0]);
  assert.equal(rig.connection.isOverloaded, false, 'an answer is counted that is gone');
  return { frames: rig.log.frames, heard: rig.heard, isOver };
}

/** What the server sends is in order, whatever it was sent: no stream goes on behind its end. */
function check({ frames, isOver }: Seen): void {
  const ended = new Set<number>();
  for (const [at, { type, flags, stream, payload }] of frames.entries()) {
    if (type === 'goAway') assert.ok(at === frames.length - 1 && isOver, 'frames behind GOAWAY');
    if (type === 'headers' || type === 'data') {
      assert.ok(!ended.has(stream), `${type} behind the end of stream ${stream}`);
      assert.equal(stream & 1, 1, 'a stream that no client has');
      if ((flags & Flag.endStream) !== 0) ended.add(stream);
    }
    if (type === 'rstStream') ended.add(stream);
    assert.ok(payload.length <= 16_384, 'a frame that is too large');
  }
  if (isOver) assert.equal(frames.at(-1)?.type, 'goAway', 'it ended without a word');
}

function run(input: Uint8Array) {
  const whole = serve(input, input.length + 1);
  check(whole);
  for (const longest of [1, 7, 50]) {
    const cut = serve(input, longest);
    assert.ok(isDeepStrictEqual(cut, whole), 'the same bytes in other pieces do something else');
  }
  const last = whole.frames.at(-1);
  if (whole.isOver && last !== undefined) {
    return { accepted: false, behaviour: last.payload.toString('latin1', 8) };
  }
  const types = [...new Set(whole.frames.map(({ type }) => type))].sort();
  return { accepted: true, behaviour: types.join(' ') };
}

const paths = ['Unary', 'Large', 'Hold', 'Both', 'Nothing'].map((name) => `/test.Service/${name}`);

/** One thing that a client does on a stream of its own. */
function part(prng: Prng, id: number): Buffer {
  const fields = withField(':path', prng.pick(paths));
  const body = message(Buffer.alloc(prng.below(200), prng.below(256)));
  const open = headers(id, fields);
  switch (prng.below(7)) {
    case 0:
      return Buffer.concat([open, frame(FrameType.rstStream, 0, id, uint32(8))]);
    case 1:
      return Buffer.concat([open, data(id, body.subarray(0, prng.below(body.length)), 1)]);
    case 2: {
      const bytes = block(fields);
      const [first, rest] = [bytes.subarray(0, 20), bytes.subarray(20)];
      return Buffer.concat([
        frame(FrameType.headers, 0, id, first),
        frame(FrameType.continuation, Flag.endHeaders, id, rest),
        data(id, body, 1),
      ]);
    }
    case 3:
      return Buffer.concat([open, data(id, body), headers(id, [['a', 'b']], Flag.endStream)]);
    case 4:
      return Buffer.concat([
        settings([Setting.initialWindowSize, prng.below(100_000)]),
        frame(FrameType.windowUpdate, 0, 0, uint32(prng.between(1, 100_000))),
      ]);
    default:
      return Buffer.concat([open, data(id, body, prng.below(2))]);
  }
}

/** Gives every frame the length that is there, so that damage gets past the first frame. */
function seal(input: Uint8Array): Uint8Array {
  opening.copy(input, 0, 0, 24);
  for (let at = 24; at + 9 <= input.length; ) {
    const length = (((input[at] as number) << 16) | ((input[at + 1] as number) << 8)) >>> 0;
    const wanted = length + (input[at + 2] as number);
    const fits = Math.min(wanted, input.length - at - 9);
    input.set([fits >>> 16, (fits >>> 8) & 255, fits & 255], at);
    at += 9 + fits;
  }
  return input;
}

export const fuzzer = {
  about: 'a whole HTTP/2 connection of a client, with gRPC on it',
  maxBytes: 4096,
  generate: (prng: Prng): Uint8Array => {
    const parts = Array.from({ length: prng.below(5) }, (_, at) => part(prng, 2 * at + 1));
    return new Uint8Array(Buffer.concat([opening, ...parts]));
  },
  run,
  isRefusal: () => false,
  seal,
  words: [settings(), Buffer.from([0, 0, 0, 1, 5]), Buffer.from('grpc-timeout')],
  allocation: { fixedBytes: 32 << 20, perInputByte: 16_384 },
};

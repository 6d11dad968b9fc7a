import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteReader, portableChecksum } from '@quorate/base';
import { decodePeerMessage, EncodedEntries, type PeerMessage } from '@quorate/schema';
import { FrameParser } from '../src/frame-parser.ts';
import { SendQueue } from '../src/send-queue.ts';
import { forward, heartbeat } from './support/messages.ts';

function queue(
  limits: {
    maxFrameBytes?: number;
    flushFrameBytes?: number;
    maxBytes?: number;
    maxMessages?: number;
  } = {},
): SendQueue {
  const defaults = {
    maxFrameBytes: 5000,
    flushFrameBytes: 1000,
    maxBytes: 20_000,
    maxMessages: 100,
  };
  return new SendQueue({ ...defaults, ...limits }, portableChecksum, new EncodedEntries());
}

/** The messages of each frame, by the parser. */
function parsed(frames: readonly Uint8Array[]): PeerMessage[][] {
  return frames.map((frame) => {
    const messages: PeerMessage[] = [];
    const fault = new FrameParser(portableChecksum, 5000).push(frame, (payload) => {
      const reader = new ByteReader(payload);
      while (!reader.atEnd) messages.push(decodePeerMessage(reader.bytes()).message);
      return true;
    });
    assert.equal(fault, null);
    return messages;
  });
}

test('messages that wait together leave in one frame, in order', () => {
  const waiting = queue();
  const sent = [heartbeat(1, 2, 1), forward(1, 2, 7, 300), heartbeat(1, 2, 2)];
  for (const message of sent) assert.equal(waiting.push(1, message, 0), 'queued');
  assert.equal(waiting.messages, 3);
  const frames = waiting.take();
  assert.deepEqual(parsed(frames), [sent]);
  assert.equal(waiting.messages + waiting.bytes, 0);
  assert.deepEqual(waiting.take(), []);
});

test('a frame that has grown long enough is followed by another', () => {
  const waiting = queue();
  const sent = [1, 2, 3, 4, 5].map((n) => forward(1, 2, n, 700));
  for (const message of sent) assert.equal(waiting.push(1, message, 0), 'queued');
  const frames = parsed(waiting.take());
  assert.deepEqual(
    frames.map((messages) => messages.length),
    [2, 2, 1],
  );
  assert.deepEqual(frames.flat(), sent);
});

test('no frame exceeds the limit, and a message that would is refused', () => {
  const waiting = queue();
  assert.equal(waiting.push(1, forward(1, 2, 1, 900), 0), 'queued');
  assert.equal(waiting.push(1, forward(1, 2, 2, 4900), 0), 'queued');
  assert.equal(waiting.push(1, forward(1, 2, 3, 5000), 0), 'tooLong');
  assert.equal(waiting.push(1, heartbeat(1, 2, 4), 0), 'queued');
  const frames = waiting.take();
  for (const frame of frames) assert.ok(frame.length <= 5008);
  assert.equal(parsed(frames).flat().length, 3);
});

test("beyond so many bytes, the network's own included, the newest is dropped", () => {
  const waiting = queue({ maxBytes: 2000 });
  assert.equal(waiting.push(1, forward(1, 2, 1, 900), 0), 'queued');
  assert.equal(waiting.push(1, forward(1, 2, 2, 900), 500), 'full');
  assert.equal(waiting.push(1, forward(1, 2, 2, 900), 0), 'queued');
  assert.equal(waiting.push(1, heartbeat(1, 2, 3), 300), 'full');
  assert.equal(parsed(waiting.take()).flat().length, 2);
  assert.equal(waiting.push(1, forward(1, 2, 4, 3000), 0), 'queued', 'alone it may pass');
});

test('beyond so many messages the newest is dropped', () => {
  const waiting = queue({ maxMessages: 2 });
  assert.equal(waiting.push(1, heartbeat(1, 2, 1), 0), 'queued');
  assert.equal(waiting.push(1, heartbeat(1, 2, 2), 0), 'queued');
  assert.equal(waiting.push(1, heartbeat(1, 2, 3), 0), 'full');
  waiting.clear();
  assert.equal(waiting.messages + waiting.bytes, 0);
  assert.equal(waiting.push(1, heartbeat(1, 2, 3), 0), 'queued');
});

test('frames that were taken stay as they are, of whatever size', () => {
  const waiting = queue();
  const sent = Array.from({ length: 60 }, (_, n) => forward(1, 2, n + 1, (n * 97) % 4800));
  const frames = sent.map((message) => {
    assert.equal(waiting.push(1, message, 0), 'queued');
    return waiting.take();
  });
  assert.deepEqual(parsed(frames.flat()).flat(), sent);
});

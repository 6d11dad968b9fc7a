import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portableChecksum } from '@quorate/base';
import { EncodedEntries, type PeerMessage } from '@quorate/schema';
import { encodeHandshake, type Lane } from '../src/handshake.ts';
import { SendQueue } from '../src/send-queue.ts';
import { heartbeat, rounds } from './support/messages.ts';
import { clusterId, Rig, type RigNode, type Stranger } from './support/rig.ts';

const limits = { maxFrameBytes: 100_000, flushFrameBytes: 50_000, maxBytes: 1e6, maxMessages: 100 };

function frame(...messages: PeerMessage[]): Uint8Array {
  const queue = new SendQueue(limits, portableChecksum, new EncodedEntries());
  for (const message of messages) queue.push(1, message, 0);
  return queue.take()[0] ?? new Uint8Array(0);
}

function rawFrame(payload: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload.length, true);
  view.setUint32(4, portableChecksum.crc32(Uint8Array.from(payload), 0), true);
  bytes.set(payload, 8);
  return bytes;
}

/** Node 1 in a cluster of 1 and 2, where 2 is played by hand. */
function setUp(): { rig: Rig; node: RigNode; greet: (lane?: Lane) => Stranger } {
  const rig = new Rig({ limits: { maxFrameBytes: 100_000 } });
  const node = rig.node(1, [1, 2]);
  rig.until(() => node.started !== undefined);
  const greet = (lane: Lane = 0): Stranger => {
    const stranger = rig.stranger(1, 2);
    const ids = { clusterId, from: 2, to: 1, incarnation: 1 };
    const versions = { minVersion: 1, maxVersion: 1, refusal: 0, version: 0 };
    stranger.write(encodeHandshake({ ...versions, ...ids, lane }, portableChecksum));
    rig.until(() => stranger.bytes.length === 52);
    return stranger;
  };
  return { rig, node, greet };
}

function brokenLine(node: RigNode): Readonly<Record<string, unknown>> | undefined {
  return node.logged.find(({ event }) => event === 'peer connection broken')?.fields;
}

test('a frame torn at any byte, with the rest never to come, delivers nothing of it', () => {
  const bytes = frame(heartbeat(2, 1, 2), heartbeat(2, 1, 3));
  for (let length = 0; length < bytes.length; length++) {
    const { rig, node, greet } = setUp();
    const stranger = greet();
    stranger.write(frame(heartbeat(2, 1, 1)));
    rig.run(100);
    stranger.write(bytes.subarray(0, length));
    rig.run(100);
    stranger.connection?.close('gone');
    rig.run(100);
    assert.deepEqual(rounds(node.received), [1]);
    assert.equal(brokenLine(node), undefined, 'a connection that ends is no fault');
  }
});

test('a frame torn at any byte arrives whole once the rest is there', () => {
  const { rig, node, greet } = setUp();
  const stranger = greet();
  const bytes = frame(heartbeat(2, 1, 2), heartbeat(2, 1, 3));
  for (let length = 0; length <= bytes.length; length++) {
    stranger.write(bytes.subarray(0, length));
    rig.run(100);
    stranger.write(bytes.subarray(length));
    rig.run(100);
    assert.deepEqual(rounds(node.received), [2, 3]);
    node.received.length = 0;
  }
});

test('a broken CRC ends the connection: peer, offset and reason are logged', () => {
  const { rig, node, greet } = setUp();
  const stranger = greet();
  const good = frame(heartbeat(2, 1, 1));
  const bad = frame(heartbeat(2, 1, 2));
  bad[10] = (bad[10] ?? 0) ^ 4;
  stranger.write(good, bad, frame(heartbeat(2, 1, 3)));
  rig.run(100);
  assert.deepEqual(rounds(node.received), [1]);
  assert.notEqual(stranger.closedBecause, null);
  const line = brokenLine(node);
  assert.deepEqual([line?.['peer'], line?.['offset']], [2, good.length]);
  assert.match(String(line?.['reason']), /CRC/);
});

test('a frame beyond the limit ends the connection before anything is allocated for it', () => {
  const { rig, node, greet } = setUp();
  const stranger = greet();
  stranger.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0));
  rig.run(100);
  assert.notEqual(stranger.closedBecause, null);
  assert.match(String(brokenLine(node)?.['reason']), /4294967295 bytes exceeds the limit/);
});

test('a malformed message in a good frame ends the connection, after those before it', () => {
  const { rig, node, greet } = setUp();
  for (const garbage of [[3, 0xff, 0xff, 0xff], [200], [0], [2, 8, 1]]) {
    const stranger = greet();
    const good = [...frame(heartbeat(2, 1, 1)).subarray(8)];
    stranger.write(rawFrame([...good, ...garbage, ...good]));
    rig.run(100);
    assert.deepEqual(rounds(node.received), [1]);
    assert.notEqual(stranger.closedBecause, null, `${garbage}`);
    node.received.length = 0;
  }
  assert.match(String(brokenLine(node)?.['reason']), /malformed/);
});

test('a message that claims another sender or receiver ends the connection', () => {
  const { rig, node, greet } = setUp();
  for (const message of [heartbeat(3, 1, 1), heartbeat(2, 3, 1)]) {
    const stranger = greet();
    stranger.write(frame(message));
    rig.run(100);
    assert.deepEqual(node.received, []);
    assert.notEqual(stranger.closedBecause, null);
  }
  assert.match(String(brokenLine(node)?.['reason']), /from 3 to 1 came from 2 to 1/);
});

test('a newer connection replaces the older of its lane, which is not listened to any more', () => {
  const { rig, node, greet } = setUp();
  const older = greet();
  const bulk = greet(1);
  const newer = greet();
  older.write(frame(heartbeat(2, 1, 1)));
  newer.write(frame(heartbeat(2, 1, 2)));
  bulk.write(frame(heartbeat(2, 1, 3)));
  rig.run(100);
  assert.deepEqual(
    rounds(node.received).sort((a, b) => a - b),
    [2, 3],
  );
  assert.notEqual(older.closedBecause, null);
  assert.equal(newer.closedBecause ?? bulk.closedBecause, null);
});

test('frames may follow the greeting at once', () => {
  const { rig, node } = setUp();
  const stranger = rig.stranger(1, 2);
  const ids = { clusterId, from: 2, to: 1, incarnation: 1, lane: 0 };
  const versions = { minVersion: 1, maxVersion: 1, refusal: 0, version: 0 };
  const greeting = encodeHandshake({ ...versions, ...ids }, portableChecksum);
  stranger.write(greeting, frame(heartbeat(2, 1, 9)));
  rig.run(100);
  assert.deepEqual(rounds(node.received), [9]);
});

test('each ping is answered, and one who never reads the answers cannot make them pile up', () => {
  const { rig, greet } = setUp();
  const stranger = greet();
  stranger.write(new Uint8Array(8 * 3));
  rig.run(100);
  assert.deepEqual(stranger.bytes.slice(52), [...new Uint8Array(24)]);
  rig.network.partition(1, 2, { oneWay: true });
  stranger.write(new Uint8Array(8 * 100_000));
  rig.run(1000);
  rig.network.heal();
  rig.run(1000);
  assert.ok(stranger.bytes.length < 52 + 24 + 262_144 + 8192, `${stranger.bytes.length}`);
});

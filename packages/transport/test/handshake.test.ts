import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portableChecksum } from '@quorate/base';
import { encodeHandshake, type Handshake, HandshakeReader } from '../src/handshake.ts';
import { clusterId, Rig } from './support/rig.ts';

const greeting: Handshake = {
  minVersion: 1,
  maxVersion: 1,
  lane: 0,
  refusal: 0,
  version: 0,
  clusterId,
  from: 2,
  to: 1,
  incarnation: 1,
};

function encode(changes: Partial<Handshake>): Uint8Array {
  return encodeHandshake({ ...greeting, ...changes }, portableChecksum);
}

function decode(bytes: Uint8Array): HandshakeReader['result'] {
  const reader = new HandshakeReader(portableChecksum);
  reader.push(bytes);
  return reader.result;
}

/** What node 1 answers to a stranger that writes these bytes, and what it logs. */
function knock(bytes: Uint8Array): { answer: HandshakeReader['result']; reasons: unknown[] } {
  const rig = new Rig();
  const node = rig.node(1, [1, 2]);
  rig.until(() => node.started !== undefined);
  const stranger = rig.stranger(1);
  stranger.write(bytes);
  rig.run(500);
  assert.deepEqual(node.received, []);
  const refusals = node.logged.filter(({ event }) => event === 'peer connection refused');
  const answer = decode(Uint8Array.from(stranger.bytes));
  rig.run(5000);
  assert.ok(stranger.bytes.length <= 52, 'one answer and no more');
  return { answer, reasons: refusals.map(({ fields }) => fields['reason']) };
}

function refusalOf(answer: HandshakeReader['result']): number {
  assert.ok(typeof answer === 'object' && answer !== null, 'an answer came');
  return answer.refusal;
}

test('a handshake comes back as it was written, ids up to 2^53 - 1', () => {
  const large = { from: 2 ** 53 - 1, to: 2 ** 32 + 5, incarnation: 2 ** 40 + 1, lane: 1 };
  const versions = { minVersion: 3, maxVersion: 60_000, version: 700, refusal: 4 };
  const handshake = { ...greeting, ...large, ...versions, clusterId: 'fedcba9876543210' };
  assert.deepEqual(decode(encode(handshake)), handshake);
});

test('a flipped bit anywhere in a handshake is noticed', () => {
  const bytes = encode({});
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = Uint8Array.from(bytes);
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.equal(decode(damaged), bit < 64 ? 'wrongMagic' : 'damagedHandshake');
  }
});

test('a greeting of our cluster is accepted, with the version both speak', () => {
  const { answer, reasons } = knock(encode({ maxVersion: 9 }));
  assert.deepEqual(reasons, []);
  assert.ok(typeof answer === 'object' && answer !== null);
  assert.equal(answer.refusal, 0);
  assert.equal(answer.version, 1);
  assert.deepEqual([answer.from, answer.to, answer.clusterId], [1, 2, clusterId]);
});

test('wrongMagic: another protocol is cut off at its first wrong byte, without an answer', () => {
  const rig = new Rig();
  const node = rig.node(1, [1, 2]);
  rig.until(() => node.started !== undefined);
  const stranger = rig.stranger(1);
  stranger.write(new TextEncoder().encode('GET / HTTP/1.1\r\n'));
  rig.until(() => stranger.closedBecause !== null, 500);
  assert.deepEqual(stranger.bytes, []);
  assert.equal(node.logged.at(-1)?.fields['reason'], 'wrongMagic');
});

test('damagedHandshake: a broken CRC is refused', () => {
  const bytes = encode({});
  bytes[30] = 0xff;
  const { answer, reasons } = knock(bytes);
  assert.deepEqual(reasons, ['damagedHandshake']);
  assert.equal(refusalOf(answer), 1);
});

const refusals: [string, number, Partial<Handshake>][] = [
  ['noCommonVersion', 2, { minVersion: 2, maxVersion: 5 }],
  ['noCommonVersion', 2, { minVersion: 0, maxVersion: 0 }],
  ['foreignCluster', 3, { clusterId: '0123456789abcdee' }],
  ['wrongAddressee', 4, { to: 3 }],
  ['ownId', 5, { from: 1 }],
  ['unknownPeer', 6, { from: 3 }],
  ['unknownLane', 7, { lane: 2 }],
];
for (const [name, number, changes] of refusals) {
  test(`${name}: a greeting with ${JSON.stringify(changes)} is refused by name`, () => {
    const { answer, reasons } = knock(encode(changes));
    assert.deepEqual(reasons, [name]);
    assert.equal(refusalOf(answer), number);
  });
}

test('a stranger that says nothing is cut off in time', () => {
  const rig = new Rig();
  const node = rig.node(1, [1, 2]);
  rig.until(() => node.started !== undefined);
  const stranger = rig.stranger(1);
  stranger.write(encode({}).subarray(0, 51));
  rig.run(2900);
  assert.equal(stranger.closedBecause, null);
  rig.run(200);
  assert.notEqual(stranger.closedBecause, null);
  assert.equal(node.logged.at(-1)?.fields['reason'], 'handshake timeout');
});

test('only so many strangers may wait for their handshake', () => {
  const rig = new Rig({ limits: { maxPendingConnections: 3 } });
  const node = rig.node(1, [1, 2]);
  rig.until(() => node.started !== undefined);
  const strangers = [1, 2, 3, 4, 5].map(() => rig.stranger(1));
  rig.run(100);
  const closed = strangers.map(({ closedBecause }) => closedBecause !== null);
  assert.deepEqual(closed, [false, false, false, true, true]);
});

test('a refused node logs why and tries again, ever more slowly', () => {
  const rig = new Rig();
  const one = rig.node(1, [1, 2]);
  const two = rig.node(2, [1, 2], { clusterId: 'aaaaaaaaaaaaaaaa' });
  rig.run(30_000);
  assert.equal(one.links.isConnected(2) || two.links.isConnected(1), false);
  const downs = two.logged.filter(({ event }) => event === 'peer link down');
  assert.equal(downs[0]?.fields['reason'], 'handshake: foreignCluster');
  const isLogged = { remote: downs[0]?.fields['remote'], advice: downs[0]?.fields['advice'] };
  assert.match(String(isLogged.remote), /:\d+$/);
  assert.match(String(isLogged.advice), /of another cluster: see that the address is right/);
  const refused = two.logged.find(({ event }) => event === 'peer connection refused');
  assert.match(String(refused?.fields['advice']), /with the same peers and cluster name/);
  assert.ok(downs.length <= 5, 'the log is not flooded');
  assert.ok(Number(downs.at(-1)?.fields['omittedSince']) > 1);
  assert.ok(Number(downs.at(-1)?.fields['retryInMs']) >= 1500);
});

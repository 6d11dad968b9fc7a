import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heartbeat } from './support/messages.ts';
import { Rig, type RigNode } from './support/rig.ts';

function isHeard(rig: Rig, from: RigNode, to: RigNode): boolean {
  const before = to.received.length;
  from.links.send(to.id, 1, heartbeat(from.id, to.id, 1));
  from.links.flush();
  rig.run(100);
  return to.received.length > before;
}

test('a peer that is told of later is dialled, accepted and heard', () => {
  const rig = new Rig();
  const one = rig.node(1, [1]);
  const two = rig.node(2, [1, 2]);
  rig.run(300);
  assert.equal(one.links.isConnected(2), false);
  const { host, port } = rig.addressOf(2);
  one.links.setPeer(2, `${host}:${port}`);
  rig.run(3000);
  assert.deepEqual([one.links.isConnected(2), two.links.isConnected(1)], [true, true]);
  assert.ok(isHeard(rig, one, two));
  assert.ok(isHeard(rig, two, one));
});

test('one that is a peer no more is neither heard nor reached', () => {
  const rig = new Rig();
  const one = rig.node(1, [1, 2]);
  const two = rig.node(2, [1, 2]);
  rig.run(500);
  one.links.setPeer(2, null);
  assert.equal(one.changes.at(-1), '-2');
  assert.equal(one.links.isConnected(2), false);
  assert.equal(one.links.send(2, 1, heartbeat(1, 2, 1)), false);
  assert.equal(isHeard(rig, two, one), false);
  rig.run(3000);
  assert.equal(isHeard(rig, two, one), false);
});

test('an address that is none is passed over, with a word in the log', () => {
  const rig = new Rig();
  const one = rig.node(1, [1]);
  rig.run(100);
  for (const address of ['', 'host', 'host:0', 'host:65536', 'a b:1', '[::1]', 'host:1:2']) {
    one.links.setPeer(2, address);
  }
  assert.equal(one.links.isConnected(2), false);
  const ignored = one.logged.filter(({ event }) => event === 'address of a peer ignored');
  assert.equal(ignored.length, 7);
});

test('who connects says which incarnation it is, before its first message', () => {
  const rig = new Rig();
  const one = rig.node(1, [1, 2]);
  rig.node(2, [1, 2], { incarnation: 77 });
  const seen: string[] = [];
  const { push } = one.greetings;
  one.greetings.push = (...greetings) => {
    for (const { peer, incarnation } of greetings) seen.push(`${peer} is ${incarnation}`);
    return push.apply(one.greetings, greetings);
  };
  rig.run(500);
  assert.equal(seen[0], '2 is 77');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransportError } from '@quorate/transport';
import { chunk, forward, heartbeat, rounds } from './support/messages.ts';
import { Rig } from './support/rig.ts';

test('messages arrive in order, between every two nodes', () => {
  const rig = new Rig();
  const nodes = rig.cluster(3);
  for (const { id, links } of nodes) {
    for (const to of [1, 2, 3]) {
      for (let round = 1; round <= 50; round++) {
        assert.equal(links.send(to, 5, heartbeat(id, to, round)), to !== id);
        if (round % 7 === 0) links.flush();
      }
    }
    links.flush();
  }
  rig.run(200);
  for (const { received } of nodes) {
    assert.equal(received.length, 100);
    for (const from of new Set(received.map((one) => one.from))) {
      const expected = Array.from({ length: 50 }, (_, at) => at + 1);
      assert.deepEqual(rounds(received.filter((one) => one.from === from)), expected);
    }
    assert.ok(received.every(({ group, from, message }) => group === 5 && message.from === from));
  }
  assert.equal(nodes[0]?.metric('sent_messages_total', 2), 50);
  assert.equal(nodes[1]?.metric('received_messages_total', 1), 50);
});

test('nothing leaves before flush', () => {
  const rig = new Rig();
  const [one, two] = rig.cluster(2);
  one?.links.send(2, 1, heartbeat(1, 2, 1));
  rig.run(50);
  assert.deepEqual(two?.received, []);
  one?.links.flush();
  rig.run(50);
  assert.equal(two?.received.length, 1);
});

test('entry data does not change under its reader when later chunks arrive', () => {
  const rig = new Rig();
  const [one, two] = rig.cluster(2);
  for (let request = 1; request <= 40; request++) {
    one?.links.send(2, 1, forward(1, 2, request, 300));
    one?.links.flush();
  }
  rig.run(500);
  assert.equal(two?.received.length, 40);
  for (const { message } of two?.received ?? []) {
    assert.ok(message.type === 'Forward');
    assert.ok(message.commands[0]?.every((byte) => byte === message.request));
  }
});

test('a peer that starts later is reached, and both sides hear of it once', () => {
  const rig = new Rig();
  const one = rig.node(1, [1, 2]);
  rig.run(10_000);
  assert.equal(one.started, null);
  assert.equal(one.links.isConnected(2), false);
  assert.equal(one.links.send(2, 1, heartbeat(1, 2, 1)), false, 'no link, no message');
  assert.equal(one.metric('dropped_messages_total', 2), 1);
  const two = rig.node(2, [1, 2]);
  rig.until(() => one.links.isConnected(2) && two.links.isConnected(1), 3100);
  assert.deepEqual([one.changes, two.changes], [['+2'], ['+1']]);
  assert.equal(one.metric('connected', 2), 1);
});

test('after a reset the link comes back, and what was under way is lost but not torn', () => {
  const rig = new Rig({ conditions: { minLatencyMs: 5, maxLatencyMs: 10 } });
  const [one, two] = rig.cluster(2);
  assert.ok(one && two);
  for (let round = 1; round <= 10; round++) {
    one.links.send(2, 1, heartbeat(1, 2, round));
    one.links.flush();
  }
  rig.network.breakConnection(1, 2);
  rig.until(() => one.changes.length >= 3 && two.changes.length >= 3);
  assert.deepEqual(one.changes, ['+2', '-2', '+2']);
  const before = rounds(two.received);
  assert.deepEqual(
    before,
    Array.from({ length: before.length }, (_, at) => at + 1),
    'a prefix',
  );
  one.links.send(2, 1, heartbeat(1, 2, 77));
  one.links.flush();
  rig.run(100);
  assert.equal(rounds(two.received).at(-1), 77);
  assert.ok(one.metric('reconnects_total', 2) >= 1);
});

test('a partition that breaks connections heals into new ones, within the longest pause', () => {
  const rig = new Rig();
  const [one, two] = rig.cluster(2);
  assert.ok(one && two);
  rig.network.partition(1, 2, { mode: 'break' });
  rig.until(() => !one.links.isConnected(2) && !two.links.isConnected(1), 1000);
  rig.run(60_000);
  assert.equal(one.links.isConnected(2), false);
  rig.network.heal();
  rig.until(() => one.links.isConnected(2) && two.links.isConnected(1), 7000);
});

test('a peer that was away for long is dialled as soon as it has dialled itself', () => {
  const rig = new Rig();
  const one = rig.node(1, [1, 2]);
  // Long enough for pauses of 3 s: by chance the next attempt would be up to that far away.
  for (let seed = 0; seed < 5; seed++) {
    rig.run(20_000 + seed * 700);
    assert.equal(one.links.isConnected(2), false);
    const two = rig.node(2, [1, 2]);
    rig.until(() => two.links.isConnected(1), 500);
    rig.until(() => one.links.isConnected(2), 150);
    two.links.close();
    rig.until(() => !one.links.isConnected(2));
  }
});

test('a silent partition is noticed by unanswered pings, and a new link made after it', () => {
  const rig = new Rig();
  const [one, two] = rig.cluster(2);
  assert.ok(one && two);
  rig.network.partition(1, 2);
  rig.run(9000);
  assert.equal(one.links.isConnected(2), true, 'a short silence is not the end');
  rig.until(() => !one.links.isConnected(2), 5000);
  const reason = one.logged.findLast(({ event }) => event === 'peer link down')?.fields['reason'];
  assert.match(String(reason), /pings in a row/);
  rig.network.heal(1, 2);
  rig.until(() => one.links.isConnected(2), 7000);
});

test('pings keep an idle link up for ever', () => {
  const rig = new Rig();
  const [one, two] = rig.cluster(2);
  rig.run(600_000);
  assert.deepEqual([one?.changes, two?.changes], [['+2'], ['+1']]);
});

test('a one-way partition takes down the link that needs the way, and answers need it too', () => {
  const rig = new Rig();
  const [one, two] = rig.cluster(2);
  assert.ok(one && two);
  rig.network.partition(1, 2, { oneWay: true });
  two.links.send(1, 1, heartbeat(2, 1, 5));
  two.links.flush();
  rig.run(1000);
  assert.deepEqual(rounds(one.received), [5], 'the other way is open');
  rig.run(20_000);
  assert.equal(one.links.isConnected(2), false);
});

test('a connection attempt that hangs is given up and made anew', () => {
  const rig = new Rig();
  const one = rig.node(1, [1, 2]);
  const two = rig.node(2, [1, 2]);
  rig.network.partition(1, 2);
  rig.run(3050);
  const down = one.logged.find(({ event }) => event === 'peer link down');
  assert.match(String(down?.fields['reason']), /no connection within 3000 ms/);
  rig.run(30_000);
  rig.network.heal();
  rig.until(() => one.links.isConnected(2) && two.links.isConnected(1), 7000);
  rig.run(30_000);
  assert.deepEqual(one.changes, ['+2'], 'attempts given up earlier do no harm when they succeed');
  assert.equal(rig.network.connectionCount(1), 4);
});

test('when the network takes no more, messages wait up to a bound and then are dropped', () => {
  const limits = { controlQueueBytes: 20_000, flushFrameBytes: 2000 };
  const rig = new Rig({ limits, socketBufferBytes: 4000, highWaterBytes: 4000 });
  const [one, two] = rig.cluster(2);
  assert.ok(one && two);
  rig.network.partition(1, 2);
  let accepted = 0;
  for (let request = 1; request <= 100; request++) {
    if (one.links.send(2, 1, forward(1, 2, request, 900))) accepted += 1;
    one.links.flush();
  }
  assert.ok(accepted > 15 && accepted < 30, `${accepted} were accepted`);
  assert.equal(one.metric('dropped_messages_total', 2), 100 - accepted);
  rig.network.heal();
  rig.until(() => two.received.length === accepted, 2000);
  assert.equal(one.links.send(2, 1, heartbeat(1, 2, 1)), true, 'there is room again');
});

test('at most so many messages wait', () => {
  const rig = new Rig({ limits: { controlQueueMessages: 3, bulkQueueMessages: 2 } });
  const [one] = rig.cluster(2);
  const sent = [1, 2, 3, 4].map((round) => one?.links.send(2, 1, heartbeat(1, 2, round)));
  assert.deepEqual(sent, [true, true, true, false]);
  const chunks = [0, 1, 2].map((at) => one?.links.send(2, 1, chunk(1, 2, at, 10)));
  assert.deepEqual(chunks, [true, true, false], 'each lane has its own bound');
});

test('a message longer than a frame is dropped by its sender and harms nothing', () => {
  const rig = new Rig({ limits: { maxFrameBytes: 1000 } });
  const [one, two] = rig.cluster(2);
  assert.equal(one?.links.send(2, 1, forward(1, 2, 1, 1000)), false);
  assert.equal(one?.links.send(2, 1, heartbeat(1, 2, 2)), true);
  one?.links.flush();
  rig.run(100);
  assert.deepEqual(rounds(two?.received ?? []), [2]);
  const dropped = one?.logged.find(({ event }) => event === 'peer message dropped');
  assert.equal(dropped?.fields['reason'], 'tooLong');
});

test('heartbeats do not wait behind the pieces of a snapshot', () => {
  const rig = new Rig({ conditions: { bytesPerMs: 1000, maxLatencyMs: 1 } });
  const [one, two] = rig.cluster(2);
  assert.ok(one && two);
  for (let at = 0; at < 4; at++) one.links.send(2, 1, chunk(1, 2, at, 500_000));
  one.links.send(2, 1, heartbeat(1, 2, 1));
  one.links.flush();
  rig.run(100);
  assert.deepEqual(rounds(two.received), [1]);
  rig.run(10_000);
  const chunks = two.received.flatMap(({ message }) =>
    message.type === 'SnapshotChunk' ? [message.chunk] : [],
  );
  assert.deepEqual(chunks, [0, 1, 2, 3]);
});

test('a crashed peer that comes back is found again, whether or not anyone said goodbye', () => {
  for (const cause of ['process', 'machine'] as const) {
    const rig = new Rig();
    const [one] = rig.cluster(2);
    assert.ok(one);
    rig.network.crash(2, cause);
    if (cause === 'process') rig.until(() => !one.links.isConnected(2), 1000);
    rig.run(1000);
    const again = rig.node(2, [1, 2]);
    rig.until(() => one.changes.length === 3 && again.links.isConnected(1), 20_000);
    one.links.send(2, 1, heartbeat(1, 2, 8));
    one.links.flush();
    rig.run(100);
    assert.deepEqual(rounds(again.received), [8]);
  }
});

test('after close nothing is delivered, sent or reported', () => {
  const rig = new Rig({ conditions: { minLatencyMs: 5, maxLatencyMs: 10 } });
  const [one, two] = rig.cluster(2);
  assert.ok(one && two);
  two.links.send(1, 1, heartbeat(2, 1, 1));
  two.links.flush();
  one.links.close();
  one.links.close();
  assert.equal(one.links.send(2, 1, heartbeat(1, 2, 1)), false);
  assert.equal(one.links.isConnected(2), false);
  rig.run(10_000);
  assert.deepEqual([one.received, one.changes], [[], ['+2']]);
  assert.deepEqual(two.changes, ['+1', '-1']);
  assert.equal(rig.network.connectionCount(1), 0);
});

test('close from inside a message ends the delivery of its frame', () => {
  const rig = new Rig();
  const [one, two] = rig.cluster(2);
  assert.ok(one && two);
  two.onMessage = (received) => {
    two.received.push(received);
    two.links.close();
  };
  for (let round = 1; round <= 5; round++) one.links.send(2, 1, heartbeat(1, 2, round));
  one.links.flush();
  rig.run(1000);
  assert.deepEqual(rounds(two.received), [1]);
});

test('TRANSPORT_ADDRESS_IN_USE: names the address and says what to do', () => {
  const rig = new Rig();
  const one = rig.node(1, [1, 2]);
  rig.run(10);
  const again = rig.node(1, [1, 2]);
  rig.run(10);
  assert.equal(one.started, null);
  const error = again.started;
  assert.ok(error instanceof TransportError);
  assert.equal(error.code, 'TRANSPORT_ADDRESS_IN_USE');
  assert.match(error.message, /node-1:7000 is in use .* choose another port/);
});

test('options that cannot be right are refused by name', () => {
  const rig = new Rig({ limits: { reconnectMinMs: 0 } });
  const invalid = (make: () => unknown, option: RegExp): void => {
    assert.throws(make, (error) => error instanceof TransportError && option.test(error.message));
  };
  invalid(() => rig.node(1, [1, 2]), /limits\.reconnectMinMs/);
  invalid(() => new Rig().node(1, [1, 2], { clusterId: 'ABC' }), /clusterId/);
  invalid(() => new Rig().node(0, [1, 2]), /node id 0/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import type { PeerLinkHandlers, PeerLinks } from '@quorate/raft';
import { faultyPeerLinks, type MessageFaults, Scheduler } from '@quorate/sim';
import { noMessageFaults } from '../../src/network/faulty-peer-links.ts';

/** Links whose other end is the test. */
function rig(faults: MessageFaults): {
  scheduler: Scheduler;
  links: PeerLinks;
  receive: (round: number) => void;
  rounds: number[];
} {
  const scheduler = new Scheduler();
  let handlers: PeerLinkHandlers | null = null;
  const inner: PeerLinks = {
    start: (given, done) => {
      handlers = given;
      done(null);
    },
    send: (to) => to === 2,
    flush: () => undefined,
    isConnected: (peer) => peer === 2,
    setPeer: () => undefined,
    close: () => undefined,
  };
  const links = faultyPeerLinks(inner, {
    prng: new Prng(3),
    schedule: (delayMs, callback) => void scheduler.schedule(delayMs, callback),
    faults,
  });
  const rounds: number[] = [];
  links.start(
    {
      message: (_from, _group, message) => {
        if (message.type === 'HeartbeatResponse') rounds.push(message.round);
      },
      greeted: () => undefined,
      connected: () => undefined,
      disconnected: () => undefined,
    },
    () => undefined,
  );
  const receive = (round: number): void =>
    handlers?.message(2, 1, { type: 'HeartbeatResponse', from: 2, to: 1, term: 1, round, life: 1 });
  return { scheduler, links, receive, rounds };
}

test('messages are dropped, repeated and overtaken, each about as often as asked', () => {
  const faults = { ...noMessageFaults(), drop: 0.1, duplicate: 0.1, delay: 0.1, maxDelayMs: 50 };
  const { scheduler, receive, rounds } = rig(faults);
  for (let round = 0; round < 2000; round++) {
    scheduler.schedule(round, () => receive(round));
  }
  while (scheduler.step(10_000));
  const distinct = new Set(rounds).size;
  const overtaken = rounds.filter((round, at) => round < (rounds[at - 1] ?? 0)).length;
  assert.ok(distinct > 1700 && distinct < 1900, `${distinct} arrived`);
  assert.ok(rounds.length - distinct > 120 && rounds.length - distinct < 240);
  assert.ok(overtaken > 100 && overtaken < 300, `${overtaken} were overtaken`);
});

test('without faults it is as if it were not there, also when they end later', () => {
  const faults = { ...noMessageFaults(), drop: 1, duplicate: 1, delay: 1, maxDelayMs: 50 };
  const { links, receive, rounds } = rig(faults);
  receive(1);
  Object.assign(faults, { drop: 0, duplicate: 0, delay: 0 });
  receive(2);
  assert.deepEqual(rounds, [2]);
  const message = { type: 'TimeoutNow', from: 1, to: 2, term: 1, round: 1, life: 1 } as const;
  assert.deepEqual([links.send(2, 1, message), links.send(3, 1, message)], [true, false]);
  assert.deepEqual([links.isConnected(2), links.isConnected(3)], [true, false]);
});

test('what is delayed is not delivered after close', () => {
  const faults = { ...noMessageFaults(), delay: 1, maxDelayMs: 50 };
  const { scheduler, links, receive, rounds } = rig(faults);
  receive(1);
  links.close();
  while (scheduler.step(1000));
  assert.deepEqual(rounds, []);
});

test('what is repeated late comes at once, and again behind newer ones', () => {
  const { scheduler, receive, rounds } = rig({
    ...noMessageFaults(),
    repeatLate: 1,
    maxDelayMs: 50,
    only: 'HeartbeatResponse',
  });
  for (const round of [1, 2, 3]) receive(round);
  assert.deepEqual(rounds, [1, 2, 3]);
  while (scheduler.step(1000));
  assert.deepEqual(
    rounds.slice(3).sort((a, b) => a - b),
    [1, 2, 3],
  );
});

test('faults of one kind of message spare the others', () => {
  const faults = { ...noMessageFaults(), drop: 1, only: 'AppendEntries' as const };
  const { receive, rounds } = rig(faults);
  receive(1);
  assert.deepEqual(rounds, [1]);
});

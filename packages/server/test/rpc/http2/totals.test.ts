import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedLimit } from '../../../src/limits/shared-limit.ts';
import { ErrorCode } from '../../../src/rpc/http2/protocol.ts';
import { data, headers, message, withField } from './frames.ts';
import { Rig, type SharedLimits } from './rig.ts';

const both = withField(':path', '/test.Service/Both');
const hold = withField(':path', '/test.Service/Hold');
const tooMany = '8 etcdserver: too many requests';
const plenty = 2 ** 30;

function totals(limits: Partial<Record<keyof SharedLimits, number>>): SharedLimits {
  const { answers = plenty, requests = plenty, calls = plenty } = limits;
  const later = (): void => undefined;
  return {
    answers: new SharedLimit(answers, later),
    requests: new SharedLimit(requests, later),
    calls: new SharedLimit(calls),
  };
}

test('answers that wait on many connections of one host: it gets no more calls, others do', () => {
  const shared = totals({ answers: 1_000_000 });
  const attackers = Array.from({ length: 9 }, () => Rig.open({}, shared, 'attacker'));
  for (const rig of attackers) {
    rig.push(headers(1, both));
    rig.streams[0]?.send(Buffer.alloc(150_000));
    rig.collect();
  }
  // A window's worth of each has gone out.
  assert.ok(shared.answers.amount > 750_000 && shared.answers.amount < 1_000_000);
  for (const rig of attackers) {
    rig.push(headers(3), data(3, message(Buffer.of(1)), 1));
    assert.equal(rig.log.status(3), tooMany);
  }
  const victim = Rig.open({}, shared, 'victim');
  victim.push(headers(1), data(1, message(Buffer.of(1)), 1));
  assert.equal(victim.log.status(1), '0');
  for (const rig of attackers) rig.connection.closed();
  victim.connection.closed();
  assert.equal(shared.answers.amount, 0);
});

test('answers that are too much for all cut the connection that has most', () => {
  const shared = totals({ answers: 1_000_000 });
  const [large, small] = [500_000, 300_000].map((bytes) => {
    const rig = Rig.open({}, shared);
    rig.push(headers(1, both));
    rig.streams[0]?.send(Buffer.alloc(bytes));
    rig.streams[0]?.send(Buffer.alloc(bytes));
    return rig;
  });
  shared.answers.relieve();
  assert.deepEqual(large?.cuts, ['answers']);
  assert.deepEqual(small?.cuts, []);
});

test('what is with the socket and not with the system counts as well', () => {
  const shared = totals({ answers: 1_000_000 });
  const rig = Rig.open({}, shared);
  rig.stuckBytes = 700_000;
  rig.connection.countAnswers();
  assert.equal(shared.answers.amount, 700_000);
  rig.stuckBytes = 0;
  rig.connection.drained();
  assert.equal(shared.answers.amount, 0);
});

test('parts of requests over many connections are bounded, and small ones still pass', () => {
  const shared = totals({ requests: 100_000 });
  const part = message(Buffer.alloc(2_000_000)).subarray(0, 10_000);
  const attackers = Array.from({ length: 12 }, () => Rig.open({}, shared, 'attacker'));
  for (const rig of attackers) rig.push(headers(1, both), data(1, part));
  assert.ok(attackers.some(({ log }) => log.status(1) === tooMany));
  assert.ok(shared.requests.amount <= 100_000);
  const victim = Rig.open({}, shared, 'victim');
  victim.push(headers(1), data(1, message(Buffer.alloc(3000)).subarray(0, 2000)));
  assert.equal(victim.log.status(1), null);
  victim.push(data(1, message(Buffer.alloc(3000)).subarray(2000), 1));
  assert.equal(victim.log.status(1), '0');
});

test('a whole message counts until its client says that it is all, and frames that are cut', () => {
  const shared = totals({});
  const rig = Rig.open({ maxPartialBytes: 25_000 }, shared);
  const whole = message(Buffer.alloc(10_000));
  for (const id of [1, 3]) rig.push(headers(id, hold), data(id, whole));
  assert.equal(rig.connection.partialBytes, 20_000);
  assert.equal(shared.requests.amount, 20_000);
  rig.push(headers(5, hold), data(5, whole));
  assert.equal(rig.log.status(5), tooMany);
  for (const id of [1, 3]) rig.push(data(id, Buffer.alloc(0), 1));
  assert.equal(rig.held.length, 2);
  assert.equal(shared.requests.amount, 0);
  rig.push(data(7, Buffer.alloc(5000)).subarray(0, 100));
  assert.equal(shared.requests.amount, 5000);
});

test('calls of all connections are bounded; the first few of each always pass', () => {
  const shared = totals({ calls: 64 });
  const rigs = Array.from({ length: 5 }, () => Rig.open({}, shared));
  for (const rig of rigs) for (let id = 1; id < 80; id += 2) rig.push(headers(id, both));
  const refused = rigs.flatMap(({ log }) => log.of('rstStream'));
  assert.ok(5 * 40 - refused.length <= 64 + 5 * 16);
  for (const { payload, stream } of refused) {
    assert.equal(payload.readUInt32BE(0), ErrorCode.refusedStream);
    assert.ok(stream > 2 * 16);
  }
  for (const rig of rigs) rig.connection.closed();
  assert.equal(shared.calls.amount, 0);
});

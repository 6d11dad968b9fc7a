import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RuntimeError } from '@quorate/runtime';
import { nodeId } from '../in-process-node.ts';
import { string, text } from './called-service.ts';
import { LeaseCalls } from './lease-calls.ts';

const notFound = { code: 5, message: 'etcdserver: requested lease not found' };

test('a grant answers with its id, its time and the revision as it was', async () => {
  const calls = new LeaseCalls();
  const { value } = await calls.grant({ ID: 7n, TTL: 60 });
  assert.deepEqual([value?.ID, value?.TTL, value?.error], [7n, 60, '']);
  assert.equal(value?.header?.revision, 1);
  assert.equal(value?.header?.raftTerm, 7);
});

test('a grant without an id gets a positive one that no lease has', async () => {
  const calls = new LeaseCalls();
  const first = (await calls.grant({ TTL: 60 })).value?.ID ?? 0n;
  const second = (await calls.grant({ TTL: 60 })).value?.ID ?? 0n;
  assert.ok(first > 0n && second > 0n && first !== second);
});

test('a time below one and a half election timeouts is raised, one too large refused', async () => {
  const calls = new LeaseCalls();
  for (const TTL of [0, -5, 1]) assert.equal((await calls.grant({ TTL })).value?.TTL, 2);
  assert.equal((await calls.grant({ TTL: 3 })).value?.TTL, 3);
  assert.equal((await calls.grant({ TTL: 9_000_000_000 })).value?.TTL, 9_000_000_000);
  const { error } = await calls.grant({ TTL: 9_000_000_001 });
  assert.deepEqual(error, { code: 11, message: 'etcdserver: too large lease TTL' });
});

test('an id that is taken is refused, and negative ones are not', async () => {
  const calls = new LeaseCalls();
  assert.equal((await calls.grant({ ID: -3n, TTL: 5 })).value?.ID, -3n);
  const { error } = await calls.grant({ ID: -3n, TTL: 5 });
  assert.deepEqual(error, { code: 9, message: 'etcdserver: lease already exists' });
});

test('a revocation deletes the keys at one revision, then the lease', async () => {
  const calls = new LeaseCalls();
  await calls.grant({ ID: 7n, TTL: 60 });
  for (const key of ['b', 'a', 'c']) await calls.put({ key: text(key), lease: 7n });
  await calls.put({ key: text('c') });
  const { value } = await calls.revoke({ ID: 7n });
  assert.equal(value?.header?.revision, 6);
  const left = await calls.range({ key: text('a'), rangeEnd: text('z') });
  assert.deepEqual(
    left.value?.kvs.map(({ key }) => string(key)),
    ['c'],
  );
  assert.deepEqual((await calls.revoke({ ID: 7n })).error, notFound);
  assert.deepEqual((await calls.put({ key: text('a'), lease: 7n })).error, notFound);
});

test('time to live tells what is left, what was granted, and the keys if asked', async () => {
  const calls = new LeaseCalls();
  await calls.grant({ ID: 7n, TTL: 60 });
  for (const key of ['b', 'a']) await calls.put({ key: text(key), lease: 7n });
  const bare = (await calls.timeToLive({ ID: 7n })).value;
  assert.deepEqual([bare?.ID, bare?.TTL, bare?.grantedTTL, bare?.keys], [7n, 60, 60, []]);
  assert.equal(bare?.header?.revision, 3);
  const { value } = await calls.timeToLive({ ID: 7n, keys: true });
  assert.deepEqual(value?.keys.map(string), ['a', 'b']);
  await calls.time.advance(20_700);
  assert.equal((await calls.timeToLive({ ID: 7n })).value?.TTL, 39);
  assert.equal(calls.group.reads, 3);
});

test('time to live of what is not there is -1 and no error', async () => {
  const { value } = await new LeaseCalls().timeToLive({ ID: 7n, keys: true });
  assert.deepEqual([value?.ID, value?.TTL, value?.grantedTTL, value?.keys], [7n, -1, 0, []]);
});

test('all leases are listed, from a state that is up to date', async () => {
  const calls = new LeaseCalls();
  await calls.grant({ ID: 7n, TTL: 60 });
  await calls.grant({ ID: -1n, TTL: 60 });
  const { value } = await calls.leases();
  assert.deepEqual(value?.leases, [{ ID: 7n }, { ID: -1n }]);
  assert.equal(calls.group.reads, 1);
});

test('renewals that come together are one command, and answered in their order', async () => {
  const calls = new LeaseCalls();
  await calls.grant({ ID: 7n, TTL: 60 });
  await calls.grant({ ID: 8n, TTL: 30 });
  const proposed = calls.group.proposed.length;
  const [one, other] = [calls.keepAlive(), calls.keepAlive()];
  one.ask(7n, 8n, 7n);
  other.ask(99n, 7n);
  await calls.time.advance(4);
  await calls.time.advance(0);
  assert.equal(calls.group.proposed.length, proposed + 1);
  const told = (stream: typeof one) => stream.answers.map(({ ID, TTL }) => [ID, TTL]);
  assert.deepEqual(told(one), [
    [7n, 60],
    [8n, 30],
    [7n, 60],
  ]);
  assert.deepEqual(told(other), [
    [99n, 0],
    [7n, 60],
  ]);
  assert.equal(one.answers[0]?.header?.revision, 1);
  assert.equal(one.ended, undefined);
});

test('more renewals than fit a command are several', async () => {
  const calls = new LeaseCalls();
  const stream = calls.keepAlive();
  for (let id = 1n; id <= 300n; id++) stream.ask(id);
  await calls.time.advance(4);
  await calls.time.advance(0);
  assert.equal(stream.answers.length, 300);
  assert.equal(calls.group.proposed.length, 3);
  for (const command of calls.group.proposed) assert.ok(command.length <= 1000);
});

test('a stream ends after the half-close, once all is answered', async () => {
  const calls = new LeaseCalls();
  await calls.grant({ ID: 7n, TTL: 60 });
  const stream = calls.keepAlive();
  stream.ask(7n);
  stream.halfClose();
  assert.equal(stream.ended, undefined);
  await calls.time.advance(4);
  await calls.time.advance(0);
  assert.equal(stream.answers.length, 1);
  assert.equal(stream.ended, null);
  const idle = calls.keepAlive();
  idle.halfClose();
  assert.equal(idle.ended, null);
});

const passing: readonly RuntimeError[] = [
  new RuntimeError('RUNTIME_NO_LEADER', 'in this test', { retryAfterMs: 1 }) as RuntimeError,
  new RuntimeError('RUNTIME_NOT_LEADER', 'in this test', { leader: 0 }) as RuntimeError,
  new RuntimeError('RUNTIME_PROPOSAL_LOST', 'in this test', { leader: 0 }) as RuntimeError,
  new RuntimeError('RUNTIME_OUTCOME_UNKNOWN', 'in this test', {
    reason: 'linkLost',
  }) as RuntimeError,
];

test('renewals wait while the leader changes, and are proposed again', async () => {
  for (const failure of passing) {
    const calls = new LeaseCalls();
    for (let ID = 1n; ID <= 300n; ID++) await calls.grant({ ID, TTL: 60 });
    calls.group.failure = failure;
    const before = calls.group.proposed.length;
    const stream = calls.keepAlive();
    for (let id = 1n; id <= 300n; id++) stream.ask(id);
    for (let times = 0; times < 24; times++) {
      await calls.time.advance(100);
      stream.ask(7n);
    }
    assert.equal(stream.ended, undefined, failure.code);
    // Three commands each 50 ms, and not one for each that asks.
    assert.ok(calls.group.proposed.length - before < 160);
    calls.group.failure = null;
    await calls.time.advance(60);
    const [first, , third] = stream.answers;
    assert.deepEqual([first?.ID, first?.TTL, third?.ID], [1n, 60, 3n]);
    assert.equal(stream.answers.length, 324);
    assert.equal(stream.answers.at(-1)?.ID, 7n);
  }
});

test('a stream ends with the error of a renewal that fails for too long', async () => {
  const calls = new LeaseCalls();
  calls.group.failure = passing[0] as RuntimeError;
  const stream = calls.keepAlive();
  stream.ask(7n, 8n);
  await calls.time.advance(6990);
  assert.equal(stream.ended, undefined);
  await calls.time.advance(110);
  assert.deepEqual(stream.ended, { code: 14, message: 'etcdserver: no leader' });
  assert.equal(stream.answers.length, 0);
  const proposed = calls.group.proposed.length;
  await calls.time.advance(10_000);
  assert.equal(calls.group.proposed.length, proposed);
});

test('a renewal that cannot go through any more is not repeated', async () => {
  const calls = new LeaseCalls();
  calls.group.failure = new RuntimeError('RUNTIME_STOPPING', 'in this test', {}) as RuntimeError;
  const stream = calls.keepAlive();
  stream.ask(7n);
  await calls.time.advance(4);
  await calls.time.advance(0);
  assert.deepEqual(stream.ended, { code: 14, message: 'etcdserver: server stopped' });
  assert.equal(calls.group.proposed.length, 1);
});

test('what a stream asked for that is over is not proposed again', async () => {
  const calls = new LeaseCalls();
  calls.group.failure = passing[0] as RuntimeError;
  const stream = calls.keepAlive();
  stream.ask(7n);
  await calls.time.advance(4);
  await calls.time.advance(0);
  stream.cancel();
  await calls.time.advance(1000);
  assert.equal(calls.group.proposed.length, 1);
});

test('a message that is none ends the stream', () => {
  const stream = new LeaseCalls().keepAlive();
  stream.raw(Uint8Array.of(0x08));
  assert.deepEqual(stream.ended, { code: 13, message: 'grpc: error unmarshalling request' });
});

test('a client that asks and does not read is ended, one that reads goes on', async () => {
  const calls = new LeaseCalls();
  for (const reads of [true, false]) {
    const stream = calls.keepAlive();
    stream.isFast = false;
    for (let sent = 0; sent < 12_000; sent += 2000) {
      for (let i = 0; i < 2000; i++) stream.ask(7n);
      await calls.time.advance(4);
      await calls.time.advance(0);
      if (reads) stream.drained();
    }
    const ended = { code: 8, message: 'etcdserver: too many requests' };
    assert.deepEqual(stream.ended, reads ? undefined : ended);
  }
});

test('a lease that is not renewed ends with its keys, neither early nor much later', async () => {
  const calls = new LeaseCalls();
  const usual = calls.time.appointments;
  await calls.time.advance(60_000);
  await calls.grant({ ID: 7n, TTL: 2 });
  await calls.put({ key: text('k'), lease: 7n });
  await calls.time.advance(1999);
  assert.deepEqual(await calls.ids(), [7n]);
  await calls.time.advance(600);
  assert.deepEqual(await calls.ids(), []);
  assert.equal((await calls.range({ key: text('k') })).value?.count, 0);
  assert.equal(calls.time.appointments, usual);
});

test('a lease that is renewed lives, and ends after the last renewal', async () => {
  const calls = new LeaseCalls();
  await calls.grant({ ID: 7n, TTL: 2 });
  const stream = calls.keepAlive();
  for (let i = 0; i < 10; i++) {
    stream.ask(7n);
    await calls.time.advance(1500);
  }
  assert.deepEqual(await calls.ids(), [7n]);
  await calls.time.advance(400);
  assert.deepEqual(await calls.ids(), [7n]);
  await calls.time.advance(700);
  assert.deepEqual(await calls.ids(), []);
});

test('only the leader ends leases, and a new one goes on where the time stood', async () => {
  const calls = new LeaseCalls();
  await calls.grant({ ID: 7n, TTL: 20 });
  await calls.time.advance(12_000);
  calls.group.becomeLed(nodeId + 1);
  await calls.time.advance(30_000);
  assert.deepEqual(await calls.ids(), [7n]);
  assert.equal((await calls.timeToLive({ ID: 7n })).value?.TTL, 0);
  calls.group.becomeLed(nodeId);
  await calls.time.advance(1);
  assert.deepEqual(await calls.ids(), []);
});

test('many leases that end together end in parts', async () => {
  const calls = new LeaseCalls();
  for (let id = 1n; id <= 2500n; id++) await calls.grant({ ID: id, TTL: 2 });
  const before = calls.group.proposed.length;
  await calls.time.advance(2600);
  assert.deepEqual(await calls.ids(), []);
  assert.ok(calls.group.proposed.length - before >= 3);
});

test('a tick that fails is tried again', async () => {
  const calls = new LeaseCalls();
  await calls.grant({ ID: 7n, TTL: 2 });
  calls.group.failure = new RuntimeError('RUNTIME_OVERLOADED', 'in this test', {
    retryAfterMs: 1,
  }) as RuntimeError;
  const before = calls.group.proposed.length;
  await calls.time.advance(10_000);
  assert.ok(calls.group.proposed.length - before < 30);
  calls.group.failure = null;
  await calls.time.advance(600);
  await calls.time.advance(2000);
  assert.deepEqual(await calls.ids(), []);
});

test('time stands still without leases, and a stopped service does nothing more', async () => {
  const calls = new LeaseCalls();
  const usual = calls.time.appointments;
  await calls.time.advance(100_000);
  assert.equal(calls.group.proposed.length, 0);
  assert.equal(calls.time.appointments, usual);
  await calls.grant({ ID: 7n, TTL: 100 });
  await calls.time.advance(1000);
  calls.service.stop();
  const proposed = calls.group.proposed.length;
  await calls.time.advance(200_000);
  assert.equal(calls.group.proposed.length, proposed);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { string, text } from '../called-service.ts';
import { WaitingCalls } from './waiting-calls.ts';

const name = text('job');

async function withLeases(...ids: readonly bigint[]): Promise<WaitingCalls> {
  const calls = new WaitingCalls();
  for (const ID of ids) await calls.grant({ ID, TTL: 60 });
  return calls;
}

async function keysOf(calls: WaitingCalls): Promise<readonly string[]> {
  const { value } = await calls.range({ key: text('job/'), rangeEnd: text('job0') });
  return (value?.kvs ?? []).map(({ key }) => string(key));
}

test('a lock that is free is had at once, under its name and the lease', async () => {
  const calls = await withLeases(0xabcn, -5n);
  const first = calls.lock({ name, lease: 0xabcn });
  await calls.settle();
  assert.equal(first.ended, null);
  const [answer] = first.answers;
  assert.deepEqual([string(answer?.key), answer?.header?.revision], ['job/abc', 2]);
  assert.equal(answer?.header?.raftTerm, 7);
  const other = calls.lock({ name: text('other'), lease: -5n });
  await calls.settle();
  assert.equal(string(other.answers[0]?.key), 'other/-5');
});

test('the same lease has the lock it has, at the same key', async () => {
  const calls = await withLeases(1n);
  for (let time = 0; time < 2; time++) {
    const call = calls.lock({ name, lease: 1n });
    await calls.settle();
    assert.equal(string(call.answers[0]?.key), 'job/1');
  }
  assert.deepEqual(await keysOf(calls), ['job/1']);
});

test('who comes later waits for the one before, and for no other', async () => {
  const calls = await withLeases(1n, 2n, 3n);
  const waiting = [1n, 2n, 3n].map((lease) => calls.lock({ name, lease }));
  await calls.settle();
  assert.deepEqual(
    waiting.map(({ ended }) => ended),
    [null, undefined, undefined],
  );
  await calls.unlock(text('job/1'));
  await calls.settle();
  assert.deepEqual(
    waiting.map(({ ended }) => ended),
    [null, null, undefined],
  );
  assert.equal(waiting[1]?.answers[0]?.header?.revision, 5);
  await calls.unlock(text('job/2'));
  await calls.settle();
  assert.equal(string(waiting[2]?.answers[0]?.key), 'job/3');
});

test('one who leaves the queue lets the next go on, not past the first', async () => {
  const calls = await withLeases(1n, 2n, 3n);
  const [, second, third] = [1n, 2n, 3n].map((lease) => calls.lock({ name, lease }));
  await calls.settle();
  second?.cancel();
  await calls.settle();
  assert.deepEqual(await keysOf(calls), ['job/1', 'job/3']);
  assert.equal(third?.ended, undefined);
  await calls.unlock(text('job/1'));
  await calls.settle();
  assert.equal(third?.ended, null);
});

test('who goes before the lock is his leaves no key behind', async () => {
  const calls = await withLeases(1n);
  calls.lock({ name, lease: 1n }).cancel();
  await calls.settle();
  assert.deepEqual(await keysOf(calls), []);
});

test('without a lease one of 60 seconds is granted, which nobody renews', async () => {
  const calls = await withLeases();
  const call = calls.lock({ name });
  await calls.settle();
  const [id = 0n] = await calls.ids();
  assert.equal(string(call.answers[0]?.key), `job/${id.toString(16)}`);
  assert.equal((await calls.timeToLive({ ID: id })).value?.grantedTTL, 60);
});

test('one whose lease ends while he waits is told', async () => {
  const calls = await withLeases(1n, 2n);
  const [, second] = [1n, 2n].map((lease) => calls.lock({ name, lease }));
  await calls.settle();
  await calls.revoke({ ID: 2n });
  await calls.revoke({ ID: 1n });
  await calls.settle();
  assert.deepEqual(second?.ended, { code: 2, message: 'mutex: session is expired' });
});

test('errors are their text alone, as of a client that the server itself is', async () => {
  const calls = await withLeases();
  const unknownLease = calls.lock({ name, lease: 77n });
  await calls.settle();
  const message = 'etcdserver: requested lease not found';
  assert.deepEqual(unknownLease.ended, { code: 2, message });
  const { error } = await calls.unlock(text(''));
  assert.deepEqual(error, { code: 2, message: 'etcdserver: key is not provided' });
  assert.equal((await calls.unlock(text('none'))).error, null);
});

test('a service that stops ends those who wait', async () => {
  const calls = await withLeases(1n, 2n);
  const [, second] = [1n, 2n].map((lease) => calls.lock({ name, lease }));
  await calls.settle();
  calls.service.stop();
  assert.deepEqual(second?.ended, { code: 14, message: 'etcdserver: server stopped' });
});

test('whoever waits holds no timer', async () => {
  const calls = await withLeases(1n, 2n);
  const before = calls.time.appointments;
  for (const lease of [1n, 2n]) calls.lock({ name, lease });
  await calls.settle();
  assert.ok(calls.time.appointments <= before);
});

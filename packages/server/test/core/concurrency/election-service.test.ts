import assert from 'node:assert/strict';
import { test } from 'node:test';
import { string, text } from '../called-service.ts';
import { WaitingCalls } from './waiting-calls.ts';

const name = text('boss');
const notLeader = { code: 2, message: 'election: not leader' };
const noLeader = { code: 2, message: 'election: no leader' };
const missing = { code: 2, message: '"leader" field must be provided' };

async function withLeases(...ids: readonly bigint[]): Promise<WaitingCalls> {
  const calls = new WaitingCalls();
  for (const ID of ids) await calls.grant({ ID, TTL: 60 });
  return calls;
}

test('the first who campaigns leads, the next once he resigns', async () => {
  const calls = await withLeases(1n, 2n);
  const first = calls.campaign({ name, lease: 1n, value: text('a') });
  const second = calls.campaign({ name, lease: 2n, value: text('b') });
  await calls.settle();
  const { leader, header } = first.answers[0] ?? { leader: null, header: null };
  assert.deepEqual([string(leader?.name), string(leader?.key)], ['boss', 'boss/1']);
  assert.deepEqual([leader?.rev, leader?.lease, header?.revision], [2, 1n, 2]);
  assert.equal(second.ended, undefined);
  assert.equal((await calls.resign({ leader })).value?.header?.revision, 4);
  await calls.settle();
  assert.equal(string(second.answers[0]?.leader?.key), 'boss/2');
  // Of when it came forward, as the one it can be checked by.
  assert.equal(second.answers[0]?.header?.revision, 3);
  assert.equal((await calls.resign({ leader })).error, null);
});

test('who leads is asked for, and what he says', async () => {
  const calls = await withLeases(1n);
  assert.deepEqual((await calls.leader(name)).error, noLeader);
  const call = calls.campaign({ name, lease: 1n, value: text('a') });
  await calls.settle();
  const leader = call.answers[0]?.leader ?? null;
  assert.equal((await calls.proclaim({ leader, value: text('b') })).value?.header?.revision, 3);
  const { value } = await calls.leader(name);
  assert.deepEqual([string(value?.kv?.value), value?.kv?.lease], ['b', 1n]);
  await calls.resign({ leader });
  assert.deepEqual((await calls.proclaim({ leader, value: text('c') })).error, notLeader);
});

test('a leader must be said for what only he may do', async () => {
  const calls = await withLeases();
  assert.deepEqual((await calls.proclaim({ value: text('a') })).error, missing);
  assert.deepEqual((await calls.resign({})).error, missing);
});

test('to campaign again with something else to say is to say it', async () => {
  const calls = await withLeases(1n);
  calls.campaign({ name, lease: 1n, value: text('a') });
  await calls.settle();
  const again = calls.campaign({ name, lease: 1n, value: text('b') });
  await calls.settle();
  assert.equal(again.answers[0]?.leader?.rev, 2);
  assert.equal(string((await calls.leader(name)).value?.kv?.value), 'b');
});

test('a candidate who goes is none any more', async () => {
  const calls = await withLeases(1n, 2n, 3n);
  const [first, second, third] = [1n, 2n, 3n].map((lease) =>
    calls.campaign({ name, lease, value: text(String(lease)) }),
  );
  await calls.settle();
  second?.cancel();
  await calls.settle();
  await calls.resign({ leader: first?.answers[0]?.leader ?? null });
  await calls.settle();
  assert.equal(string(third?.answers[0]?.leader?.key), 'boss/3');
  assert.equal(second?.ended, undefined);
});

test('an observer is told who leads, what he says, and who comes next', async () => {
  const calls = await withLeases(1n, 2n);
  const observer = calls.observe(name);
  const said = (): string[] => observer.answers.map(({ kv }) => string(kv?.value));
  await calls.settle();
  assert.deepEqual(said(), []);
  const first = calls.campaign({ name, lease: 1n, value: text('a') });
  calls.campaign({ name, lease: 2n, value: text('b') });
  await calls.settle();
  const leader = first.answers[0]?.leader ?? null;
  await calls.proclaim({ leader, value: text('a2') });
  await calls.settle();
  assert.deepEqual(said(), ['a', 'a2']);
  await calls.resign({ leader });
  await calls.settle();
  assert.deepEqual(said(), ['a', 'a2', 'b']);
  assert.deepEqual(
    observer.answers.map(({ header }) => header?.revision),
    [2, 4, 5],
  );
  observer.cancel();
  await calls.put({ key: text('boss/2'), value: text('c') });
  await calls.settle();
  assert.equal(said().length, 3);
});

test('one who comes late is told the leader there is', async () => {
  const calls = await withLeases(1n);
  calls.campaign({ name, lease: 1n, value: text('a') });
  await calls.settle();
  const observer = calls.observe(name);
  await calls.settle();
  assert.equal(string(observer.answers[0]?.kv?.value), 'a');
  assert.equal(observer.ended, undefined);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMessage, etcd, type Init } from '@quorate/schema';
import { text } from './called-service.ts';
import { WaitingCall, WaitingCalls } from './concurrency/waiting-calls.ts';

const all = { key: text('k'), rangeEnd: text('l') };

function stream(calls: WaitingCalls, message: Init<etcd.RangeRequest>) {
  const request = encodeMessage(etcd.RangeRequest, message);
  return new WaitingCall(calls, '/etcdserverpb.KV/RangeStream', etcd.RangeStreamResponse, request);
}

type Parts = ReturnType<typeof stream>;

function keysOf({ answers }: Parts): string[] {
  const parts = answers.flatMap(({ rangeResponse }) => rangeResponse?.kvs ?? []);
  return parts.map(({ key }) => new TextDecoder().decode(key));
}

async function withKeys(count: number): Promise<WaitingCalls> {
  const calls = new WaitingCalls();
  for (let at = 0; at < count; at++) {
    await calls.put({ key: text(`k${String(at).padStart(4, '0')}`), value: text('v') });
  }
  return calls;
}

async function toEnd(calls: WaitingCalls, parts: Parts): Promise<void> {
  for (let turn = 0; turn < 100 && parts.ended === undefined; turn++) await calls.time.turn();
}

test('all parts together are what Range answers; the last has header and count', async () => {
  const calls = await withKeys(100);
  const parts = stream(calls, all);
  await toEnd(calls, parts);
  assert.equal(parts.ended, null);
  assert.ok(parts.answers.length > 2);
  const whole = (await calls.range(all)).value;
  assert.deepEqual(
    parts.answers.flatMap(({ rangeResponse }) => rangeResponse?.kvs ?? []),
    whole?.kvs,
  );
  const last = parts.answers.at(-1)?.rangeResponse;
  assert.deepEqual([last?.header, last?.count, last?.more], [whole?.header, 100, false]);
  assert.ok(
    parts.answers.slice(0, -1).every(({ rangeResponse }) => rangeResponse?.header === null),
  );
});

test('all parts are of one revision, whatever is written meanwhile', async () => {
  const calls = await withKeys(40);
  const parts = stream(calls, all);
  await calls.time.turn();
  await calls.deleteRange(all);
  await toEnd(calls, parts);
  assert.equal(keysOf(parts).length, 40);
});

test('a limit ends it, and says that there is more', async () => {
  const calls = await withKeys(60);
  const parts = stream(calls, { ...all, limit: 50 });
  await toEnd(calls, parts);
  const last = parts.answers.at(-1)?.rangeResponse;
  assert.deepEqual([keysOf(parts).length, last?.more, last?.count], [50, true, 60]);
});

test('a slow reader is waited for', async () => {
  const calls = await withKeys(100);
  const parts = stream(calls, all);
  parts.isFast = false;
  for (let turn = 0; turn < 4; turn++) await calls.time.turn();
  const { length } = parts.answers;
  for (let turn = 0; turn < 10; turn++) await calls.time.turn();
  assert.ok(length < 4 && parts.answers.length === length);
  parts.isFast = true;
  parts.drained();
  await toEnd(calls, parts);
  assert.equal(keysOf(parts).length, 100);
});

test('what cannot be sent in the order of the keys is refused, as what Range refuses', async () => {
  const calls = await withKeys(1);
  const refusals: readonly (readonly [Init<etcd.RangeRequest>, number])[] = [
    [{ ...all, sortOrder: 2 }, 12],
    [{ ...all, sortOrder: 1, sortTarget: 1 }, 12],
    [{ ...all, minModRevision: 2 }, 12],
    [{}, 3],
    [{ ...all, revision: 99 }, 11],
  ];
  for (const [message, code] of refusals) {
    const parts = stream(calls, message);
    await toEnd(calls, parts);
    assert.equal(parts.ended?.code, code);
  }
});

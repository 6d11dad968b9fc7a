import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { timers } from '@quorate/node';
import { decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import type { RpcError } from '@quorate/server/core';
import { BoltReader } from '../../../src/core/bolt/bolt-reader.ts';
import { readRevisionKey } from '../../../src/core/database/database-format.ts';
import { CalledService, string, text } from '../called-service.ts';

const path = '/etcdserverpb.Maintenance/Snapshot';
const request = encodeMessage(etcd.SnapshotRequest, {});

interface Sent {
  readonly answers: etcd.SnapshotResponse[];
  readonly error: RpcError | null;
}

/** @param refuseEvery every so many messages the client reads slowly */
function snapshot(called: CalledService, refuseEvery = 0): Promise<Sent> {
  const answers: etcd.SnapshotResponse[] = [];
  return new Promise((resolve) => {
    const listener = called.service.stream(path)({
      context: { requireLeader: false, token: '', commonName: '' },
      send: (bytes) => {
        answers.push(decodeMessage(etcd.SnapshotResponse, bytes) as etcd.SnapshotResponse);
        if (refuseEvery === 0 || answers.length % refuseEvery !== 0) return true;
        setImmediate(() => listener.drained());
        return false;
      },
      end: (error) => resolve({ answers, error }),
    });
    listener.message(request);
    listener.halfClosed();
  });
}

function fileOf({ answers }: Sent): Uint8Array {
  return Buffer.concat(answers.slice(0, -1).map(({ blob }) => blob));
}

function bucketOf(file: Uint8Array, name: string) {
  const reader = new BoltReader({
    bytes: file.length,
    read: (offset, length) => file.slice(offset, offset + length),
  });
  return [...reader.entries(text(name))];
}

test('the stream is a database of all that can be read, and its checksum', async () => {
  using called = new CalledService({ timers });
  await called.put({ key: text('a'), value: text('1') });
  await called.put({ key: text('b'), value: text('2') });
  await called.deleteRange({ key: text('a') });
  const sent = await snapshot(called);
  assert.equal(sent.error, null);
  const file = fileOf(sent);
  const last = sent.answers.at(-1);
  assert.deepEqual(Buffer.from(last?.blob ?? []), createHash('sha256').update(file).digest());
  assert.equal(last?.remainingBytes, 0);
  assert.equal(last?.header?.revision, 4);
  const keys = bucketOf(file, 'key').map(({ key, value }) => {
    const { revision, isDeletion } = readRevisionKey(key) ?? {};
    const kv = decodeMessage(etcd.KeyValue, value);
    return [revision, isDeletion, string(kv?.key), string(kv?.value)];
  });
  assert.deepEqual(keys, [
    [2, false, 'a', '1'],
    [3, false, 'b', '2'],
    [4, true, 'a', ''],
  ]);
});

test('remaining bytes count down to nothing, whatever the pace of the reader', async () => {
  using called = new CalledService({ timers, maxCommandBytes: 2_000_000 });
  for (let i = 0; i < 40; i++) {
    await called.put({ key: text(`k${i}`), value: new Uint8Array(i * 3000).fill(i) });
  }
  await called.compact({ revision: 20 });
  const whole = await snapshot(called);
  const slow = await snapshot(called, 2);
  assert.deepEqual(fileOf(slow), fileOf(whole));
  let left = fileOf(whole).length;
  for (const { blob, remainingBytes } of whole.answers.slice(0, -1)) {
    left -= blob.length;
    assert.equal(remainingBytes, left);
  }
  assert.equal(left, 0);
  const [finished] = bucketOf(fileOf(whole), 'meta').filter(
    ({ key }) => string(key) === 'finishedCompactRev',
  );
  assert.equal(readRevisionKey(finished?.value ?? new Uint8Array(0))?.revision, 20);
});

test('a client that goes away ends the work, and holds nothing back', async () => {
  using called = new CalledService({ timers });
  await called.put({ key: text('a'), value: text('1') });
  let sent = 0;
  const listener = called.service.stream(path)({
    context: { requireLeader: false, token: '', commonName: '' },
    send: () => {
      sent += 1;
      return false;
    },
    end: () => assert.fail('a call that is gone cannot be ended'),
  });
  listener.message(request);
  listener.closed();
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(sent <= 1);
});

function begun(called: CalledService, send: () => boolean) {
  const ends: (RpcError | null)[] = [];
  const listener = called.service.stream(path)({
    context: { requireLeader: false, token: '', commonName: '' },
    send,
    end: (error) => ends.push(error),
  });
  return { listener, ends };
}

test('a client that asks for nothing holds nothing back, and is told so when it ends', async () => {
  const bytesAfter = async (isOpen: boolean): Promise<number> => {
    using called = new CalledService({ timers });
    const { listener, ends } = begun(called, () => true);
    if (!isOpen) listener.closed();
    for (let i = 0; i < 200; i++) await called.put({ key: text('a'), value: new Uint8Array(500) });
    await called.compact({ revision: 201 });
    for (let i = 0; i < 50; i++) await called.put({ key: text('b'), value: text('x') });
    if (isOpen) listener.halfClosed();
    assert.equal(ends.length, isOpen ? 1 : 0);
    return called.group.store.bytes;
  };
  assert.equal(await bytesAfter(true), await bytesAfter(false));
});

test('a client that reads nothing for a minute is given up', async () => {
  const called = new CalledService();
  await called.put({ key: text('a'), value: text('1') });
  const { listener, ends } = begun(called, () => false);
  listener.message(request);
  await called.time.advance(59_000);
  assert.equal(ends.length, 0);
  await called.time.advance(2000);
  assert.equal(ends[0]?.code, 4);
});

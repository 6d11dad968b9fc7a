import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Timers } from '@quorate/base';
import { KvStateMachine } from '@quorate/kv';
import { timers } from '@quorate/node';
import { etcd } from '@quorate/schema';
import { apiIdOf, EtcdStateMachine, StatusCode } from '@quorate/server/core';
import { nodeId } from '../in-process-node.ts';
import { CalledService, text } from './called-service.ts';

const service = '/etcdserverpb.Maintenance';
const noSpace = { memberID: 7n, alarm: etcd.AlarmType.NOSPACE };
const { ACTIVATE, DEACTIVATE } = etcd.AlarmRequestAlarmAction;

async function alarm(called: CalledService, message: Partial<etcd.AlarmRequest>) {
  const path = `${service}/Alarm`;
  const { error, value } = await called.call(path, etcd.AlarmRequest, message, etcd.AlarmResponse);
  assert.equal(error, null);
  return value?.alarms.map(({ memberID, alarm: type }) => ({ memberID, alarm: type }));
}

function hashKv(called: CalledService, revision = 0) {
  const { HashKVRequest, HashKVResponse } = etcd;
  return called.call(`${service}/HashKV`, HashKVRequest, { revision }, HashKVResponse);
}

const messageOf = async (call: Promise<{ error: { message: string } | null }>) =>
  (await call).error?.message;

test('an alarm for want of room stops what takes room, until it is disarmed', async () => {
  const called = new CalledService();
  await called.put({ key: text('a'), value: text('1') });
  assert.deepEqual(await alarm(called, {}), []);
  assert.deepEqual(await alarm(called, { action: ACTIVATE, ...noSpace }), [noSpace]);
  const exceeded = 'etcdserver: mvcc: database space exceeded';
  assert.equal(await messageOf(called.put({ key: text('a') })), exceeded);
  const requestPut = { key: text('b') };
  const txn = called.txn({ failure: [{ requestPut }] });
  assert.equal(await messageOf(txn), exceeded);
  const { LeaseGrantRequest, LeaseGrantResponse } = etcd;
  const grant = '/etcdserverpb.Lease/LeaseGrant';
  const lease = called.call(grant, LeaseGrantRequest, { TTL: 5 }, LeaseGrantResponse);
  assert.equal(await messageOf(lease), exceeded);
  assert.equal((await called.range({ key: text('a') })).value?.count, 1);
  assert.equal((await called.deleteRange({ key: text('a') })).value?.deleted, 1);
  assert.equal((await called.compact({ revision: 2 })).error, null);
  const { StatusRequest, StatusResponse } = etcd;
  const status = await called.call(`${service}/Status`, StatusRequest, {}, StatusResponse);
  assert.deepEqual(status.value?.errors, ['memberID:7 alarm:NOSPACE ']);
  assert.deepEqual(await alarm(called, { memberID: 8n }), []);
  assert.deepEqual(await alarm(called, { action: DEACTIVATE, ...noSpace }), [noSpace]);
  assert.deepEqual(await alarm(called, {}), []);
  assert.equal((await called.put({ key: text('a') })).error, null);
});

test('an alarm for corruption stops reads and writes', async () => {
  const called = new CalledService();
  await alarm(called, { action: ACTIVATE, memberID: 1n, alarm: etcd.AlarmType.CORRUPT });
  const corrupt = { code: StatusCode.dataLoss, message: 'etcdserver: corrupt cluster' };
  assert.deepEqual((await called.put({ key: text('a') })).error, corrupt);
  assert.deepEqual((await called.range({ key: text('a') })).error, corrupt);
  assert.deepEqual((await called.txn({})).error, corrupt);
});

test('alarms are part of a snapshot', async () => {
  const called = new CalledService();
  await alarm(called, { action: ACTIVATE, ...noSpace });
  const copy = new EtcdStateMachine(new KvStateMachine());
  const sink = copy.restore();
  const chunks = called.group.machine.snapshot();
  for (let next = chunks.next(); !next.done; next = chunks.next()) sink.chunk(next.value);
  sink.finish();
  assert.deepEqual(copy.alarms.all, [{ member: 7n, type: etcd.AlarmType.NOSPACE }]);
});

test('a store at its quota raises the alarm by itself', async () => {
  const called = new CalledService({ quotaBytes: 4000 });
  let error: string | undefined;
  for (let i = 0; i < 50 && error === undefined; i++) {
    error = await messageOf(called.put({ key: text(`k${i}`), value: new Uint8Array(100) }));
  }
  assert.equal(error, 'etcdserver: mvcc: database space exceeded');
  assert.deepEqual(await alarm(called, {}), [
    { memberID: BigInt(nodeId), alarm: etcd.AlarmType.NOSPACE },
  ]);
});

test('the hash of the keys is the same for the same history, and tells others apart', async () => {
  using one = new CalledService({ timers });
  using two = new CalledService({ timers });
  for (const called of [one, two]) {
    for (const value of ['1', '2', '3']) await called.put({ key: text('a'), value: text(value) });
  }
  const first = (await hashKv(one)).value;
  assert.equal(first?.compactRevision, -1, 'it was never compacted');
  assert.equal(first?.hashRevision, 4);
  assert.equal(first?.hash, (await hashKv(two)).value?.hash);
  await two.put({ key: text('b') });
  assert.notEqual((await hashKv(two)).value?.hash, first?.hash);
  assert.equal((await hashKv(two, 4)).value?.hash, first?.hash);
  const future = 'etcdserver: mvcc: required revision is a future revision';
  assert.equal(await messageOf(hashKv(one, 5)), future);
  await one.compact({ revision: 3 });
  const compacted = 'etcdserver: mvcc: required revision has been compacted';
  assert.equal(await messageOf(hashKv(one, 2)), compacted);
  assert.equal((await hashKv(one)).value?.compactRevision, 3);
});

test('the lead is moved to voters, and only by who has it', async () => {
  const called = new CalledService();
  const move = (targetID: bigint) => {
    const { MoveLeaderRequest, MoveLeaderResponse } = etcd;
    return called.call(
      `${service}/MoveLeader`,
      MoveLeaderRequest,
      { targetID },
      MoveLeaderResponse,
    );
  };
  assert.equal((await move(apiIdOf(nodeId + 1))).error, null);
  assert.deepEqual(called.group.transfers, [nodeId + 1]);
  assert.equal((await move(apiIdOf(nodeId))).error, null);
  assert.deepEqual(called.group.transfers, [nodeId + 1], 'it has the lead already');
  assert.equal(await messageOf(move(99n)), 'etcdserver: bad leader transferee');
  called.group.becomeLed(nodeId + 1);
  assert.equal(await messageOf(move(apiIdOf(nodeId))), 'etcdserver: not leader');
});

test('a defragmentation waits until what was compacted is dropped', async () => {
  const called = new CalledService();
  const { store } = called.group;
  for (let i = 0; i < 2000; i++) await called.put({ key: text('a'), value: text(`${i}`) });
  await called.compact({ revision: 2001 });
  const answer = called.bytes(`${service}/Defragment`, new Uint8Array(0));
  assert.ok(store.stats.bytes > store.stats.bytesInUse);
  await called.time.advance(0);
  const { error, value } = await answer;
  assert.equal(error, null);
  assert.equal(value?.length, 0);
  assert.equal(store.stats.bytes, store.stats.bytesInUse);
});

test('the hash of large values is summed in slices, with turns of others in between', async () => {
  let turns = 0;
  const counting: Timers = {
    ...timers,
    defer: (callback) => {
      turns += 1;
      timers.defer(callback);
    },
  };
  using called = new CalledService({ timers: counting, maxCommandBytes: 2_000_000 });
  for (let i = 0; i < 8; i++) {
    await called.put({ key: text(`k${i}`), value: new Uint8Array(900_000) });
  }
  turns = 0;
  assert.equal((await hashKv(called)).error, null);
  assert.ok(turns >= 4, `${turns} turns`);
});

test('alarms do not grow without bound', async () => {
  const called = new CalledService();
  for (let member = 1n; member < 400n; member++) {
    await alarm(called, { action: ACTIVATE, memberID: member, alarm: etcd.AlarmType.NOSPACE });
  }
  assert.equal(called.group.machine.alarms.all.length, 256);
});

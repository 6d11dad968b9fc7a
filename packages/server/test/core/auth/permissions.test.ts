import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage, encodeMessage, etcd, type Init } from '@quorate/schema';
import type { RpcError, StreamListener } from '@quorate/server/core';
import { text } from '../called-service.ts';
import { AuthCalls, refusalIn } from './auth-calls.ts';

const { READ, WRITE, READWRITE } = etcd.PermissionType;
const denied = 'permission denied';
const nameless = 'user name is empty';

/** alice reads r to s, writes w to x, and both b to d. */
async function aliceOnly(): Promise<AuthCalls> {
  const calls = await new AuthCalls().enabled({
    alice: [
      { permType: READ, key: text('r'), rangeEnd: text('s') },
      { permType: WRITE, key: text('w'), rangeEnd: text('x') },
      { permType: READWRITE, key: text('b'), rangeEnd: text('c') },
      { permType: READWRITE, key: text('c'), rangeEnd: text('d') },
    ],
  });
  return calls.as('alice');
}

function range(key: string, rangeEnd = ''): { key: Uint8Array; rangeEnd: Uint8Array } {
  return { key: text(key), rangeEnd: text(rangeEnd) };
}

test('keys are read where reading is granted, and ranges inside one granted range', async () => {
  const calls = await aliceOnly();
  const read = async (key: string, end = '', serializable = false): Promise<string> =>
    refusalIn(await calls.range({ ...range(key, end), serializable }));
  assert.equal(await read('r1'), '');
  assert.equal(await read('r', 's'), '');
  assert.equal(await read('b5', 'c5'), '', 'ranges that touch are one');
  assert.equal(await read('s'), denied);
  assert.equal(await read('r', 's\0'), denied);
  assert.equal(await read('r', '\0'), denied);
  assert.equal(await read('w'), denied);
  assert.equal(await read('w', '', true), denied);
  assert.equal(await read('s', 'r'), denied, 'an empty range lies nowhere');
  calls.anonymous();
  assert.equal(await read('r1'), nameless);
  assert.equal(await read('r1', '', true), nameless);
  calls.withToken('abcdefghijklmnop.1');
  assert.equal(await read('r1'), 'invalid auth token');
  await calls.anonymous().as('root');
  assert.equal(await read('\0', '\0'), '');
});

test('keys are written where writing is granted; what was there has to be readable', async () => {
  const calls = await aliceOnly();
  const put = async (message: Init<etcd.PutRequest>): Promise<string> =>
    refusalIn(await calls.put(message));
  assert.equal(await put({ key: text('w') }), '');
  assert.equal(await put({ key: text('w'), prevKv: true }), denied);
  assert.equal(await put({ key: text('b'), prevKv: true }), '');
  assert.equal(await put({ key: text('r') }), denied);
  assert.equal(await put({ key: text('x') }), denied);
  const remove = async (message: Init<etcd.DeleteRangeRequest>): Promise<string> =>
    refusalIn(await calls.deleteRange(message));
  assert.equal(await remove(range('w', 'x')), '');
  assert.equal(await remove({ ...range('w', 'x'), prevKv: true }), denied);
  assert.equal(await remove({ ...range('b', 'd'), prevKv: true }), '');
  assert.equal(await remove(range('w', 'y')), denied);
  assert.equal(await remove(range('r')), denied);
  assert.equal(refusalIn(await calls.compact({ revision: 1 })), denied);
  calls.anonymous();
  assert.equal(await put({ key: text('w') }), nameless);
  assert.equal(await remove(range('w')), nameless);
  assert.equal(refusalIn(await calls.compact({ revision: 1 })), nameless);
  await calls.as('root');
  assert.equal(refusalIn(await calls.compact({ revision: 1 })), '');
});

test('a transaction is looked at as a whole, whichever branch would be taken', async () => {
  const calls = await aliceOnly();
  const txn = async (message: Init<etcd.TxnRequest>): Promise<string> =>
    refusalIn(await calls.txn(message));
  const put = { requestPut: { key: text('w') } };
  const get = { requestRange: range('r') };
  const compare = { key: text('r'), target: etcd.CompareTarget.VERSION };
  assert.equal(await txn({ compare: [compare], success: [put, get], failure: [get] }), '');
  assert.equal(await txn({ success: [get] }), '');
  assert.equal(await txn({}), '');
  const foreign: Init<etcd.RequestOp>[] = [
    { requestRange: range('w') },
    { requestPut: { key: text('r') } },
    { requestPut: { key: text('w'), prevKv: true } },
    { requestDeleteRange: range('r') },
    { requestDeleteRange: { ...range('w'), prevKv: true } },
    { requestTxn: { failure: [{ requestPut: { key: text('x') } }] } },
    { requestTxn: { compare: [{ ...compare, key: text('w') }] } },
    { requestTxn: { success: [{ requestTxn: { success: [{ requestRange: range('x') }] } }] } },
  ];
  for (const operation of foreign) {
    assert.equal(await txn({ success: [operation] }), denied, JSON.stringify(operation));
    assert.equal(await txn({ success: [get], failure: [operation] }), denied);
  }
  assert.equal(await txn({ compare: [{ ...compare, key: text('w') }] }), denied);
  assert.equal(await txn({ compare: [{ ...compare, rangeEnd: text('t') }] }), denied);
  calls.anonymous();
  assert.equal(await txn({ success: [put] }), nameless);
  assert.equal(await txn({ success: [get] }), nameless);
});

async function leased(calls: AuthCalls, key: string): Promise<bigint> {
  const { LeaseGrantRequest, LeaseGrantResponse } = etcd;
  const path = 'Lease/LeaseGrant';
  const { ID } = await calls.answered(path, LeaseGrantRequest, { TTL: 100 }, LeaseGrantResponse);
  assert.equal(refusalIn(await calls.put({ key: text(key), lease: ID })), '');
  return ID;
}

test('whoever attaches to a lease, renews or ends it must be able to write its keys', async () => {
  const calls = await aliceOnly();
  const token = await calls.anonymous().login('alice');
  await calls.as('root');
  const foreign = await leased(calls, 'secret');
  calls.withToken(token);
  const own = await leased(calls, 'w1');
  const put = async (lease: bigint): Promise<string> =>
    refusalIn(await calls.put({ key: text('w2'), lease }));
  const inTxn = async (lease: bigint): Promise<string> =>
    refusalIn(await calls.txn({ success: [{ requestPut: { key: text('w2'), lease } }] }));
  const { LeaseRevokeRequest, LeaseRevokeResponse } = etcd;
  const revoke = (ID: bigint): Promise<string> =>
    calls.said('Lease/LeaseRevoke', LeaseRevokeRequest, { ID }, LeaseRevokeResponse);
  const keepAlive = (ID: bigint): RpcError | null | undefined => {
    let ended: RpcError | null | undefined;
    const listener = calls.service.stream('/etcdserverpb.Lease/LeaseKeepAlive')({
      context: calls.context,
      send: () => true,
      end: (error) => {
        ended = error;
      },
    });
    listener.message(encodeMessage(etcd.LeaseKeepAliveRequest, { ID }));
    return ended;
  };
  assert.equal(await put(foreign), denied);
  assert.equal(await inTxn(foreign), denied);
  assert.equal(await revoke(foreign), denied);
  assert.equal(keepAlive(foreign)?.message, 'etcdserver: permission denied');
  assert.equal(await put(own), '');
  assert.equal(await inTxn(own), '');
  assert.equal(keepAlive(own), undefined);
  assert.equal(await revoke(own), '');
  assert.equal(await revoke(own), 'requested lease not found');
  calls.anonymous();
  assert.equal(await revoke(foreign), nameless);
  assert.equal(keepAlive(foreign)?.message, 'etcdserver: user name is empty');
});

test('the keys of leases are told to those who may read them', async () => {
  const calls = await aliceOnly();
  const token = await calls.anonymous().login('alice');
  await calls.as('root');
  const ID = await leased(calls, 'secret');
  const { LeaseTimeToLiveRequest, LeaseTimeToLiveResponse } = etcd;
  const { LeaseLeasesRequest, LeaseLeasesResponse, LeaseGrantRequest, LeaseGrantResponse } = etcd;
  const left = (keys: boolean): Promise<string> =>
    calls.said(
      'Lease/LeaseTimeToLive',
      LeaseTimeToLiveRequest,
      { ID, keys },
      LeaseTimeToLiveResponse,
    );
  const leases = (): Promise<string> =>
    calls.said('Lease/LeaseLeases', LeaseLeasesRequest, {}, LeaseLeasesResponse);
  assert.deepEqual([await left(true), await leases()], ['', '']);
  calls.withToken(token);
  assert.deepEqual([await left(false), await left(true), await leases()], ['', denied, denied]);
  calls.anonymous();
  assert.deepEqual([await left(false), await leases()], [nameless, nameless]);
  const grant = await calls.said(
    'Lease/LeaseGrant',
    LeaseGrantRequest,
    { TTL: 5 },
    LeaseGrantResponse,
  );
  assert.equal(grant, nameless);
});

test('who the members are, and how they are, every user may know', async () => {
  const calls = await aliceOnly();
  const { MemberListRequest, MemberListResponse, StatusRequest, StatusResponse } = etcd;
  const ask = async (): Promise<string[]> => [
    await calls.said('Cluster/MemberList', MemberListRequest, {}, MemberListResponse),
    await calls.said('Maintenance/Status', StatusRequest, {}, StatusResponse),
  ];
  assert.deepEqual(await ask(), ['', '']);
  calls.withCertificate('eve');
  assert.deepEqual(await ask(), [denied, denied]);
  calls.anonymous();
  assert.deepEqual(await ask(), [nameless, nameless]);
  const health = await calls.bytes('/grpc.health.v1.Health/Check', new Uint8Array(0));
  assert.equal(health.error, null, 'whether there is anybody is no secret');
});

class Watching {
  readonly answers: etcd.WatchResponse[] = [];
  readonly listener: StreamListener;

  constructor(calls: AuthCalls) {
    this.listener = calls.service.stream('/etcdserverpb.Watch/Watch')({
      context: calls.context,
      send: (bytes) => {
        this.answers.push(decodeMessage(etcd.WatchResponse, bytes) as etcd.WatchResponse);
        return true;
      },
      end: () => undefined,
    });
  }

  create(createRequest: Init<etcd.WatchCreateRequest>): etcd.WatchResponse | undefined {
    this.listener.message(encodeMessage(etcd.WatchRequest, { createRequest }));
    return this.answers.at(-1);
  }
}

test('a watch that is not allowed is made and cancelled, and the stream lives on', async () => {
  const calls = await aliceOnly();
  const watching = new Watching(calls);
  const refused = watching.create(range('secret'));
  assert.equal(refused?.created && refused.canceled, true);
  assert.equal(refused?.watchId, -1n);
  const reason = 'rpc error: code = PermissionDenied desc = etcdserver: permission denied';
  assert.equal(refused?.cancelReason, reason);
  assert.equal(watching.create({})?.cancelReason, reason, 'no key is the first of all');
  assert.equal(watching.create(range('r', 's'))?.canceled, false);
  assert.match(
    new Watching(calls.anonymous()).create(range('r'))?.cancelReason ?? '',
    /code = InvalidArgument desc = etcdserver: user name is empty$/,
  );
  assert.match(
    new Watching(calls.withToken('x')).create(range('r'))?.cancelReason ?? '',
    /code = Unauthenticated desc = etcdserver: invalid auth token$/,
  );
});

test('a snapshot of everything is for admins', async () => {
  const calls = await aliceOnly();
  const begin = (): RpcError | null | undefined => {
    let ended: RpcError | null | undefined;
    const listener = calls.service.stream('/etcdserverpb.Maintenance/Snapshot')({
      context: calls.context,
      send: () => true,
      end: (error) => {
        ended = error;
      },
    });
    listener.message(new Uint8Array(0));
    if (ended === undefined) listener.closed();
    return ended;
  };
  assert.equal(begin()?.message, 'etcdserver: permission denied');
  calls.anonymous();
  assert.equal(begin()?.message, 'etcdserver: user name is empty');
  await calls.as('root');
  assert.equal(begin(), undefined);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { etcd, type Init } from '@quorate/schema';
import { nodeId } from '../in-process-node.ts';
import { CalledService, clusterId, maxCommandBytes, string, text } from './called-service.ts';

const code = { invalid: 3, notFound: 5, outOfRange: 11, internal: 13 };

function header(revision: number) {
  return { clusterId, memberId: BigInt(nodeId), revision, raftTerm: 7 };
}

/** Revisions 2 and 3 write `a`, 4 writes `b`, 5 writes `c`. */
async function filled(): Promise<CalledService> {
  const service = new CalledService();
  for (const [key, value] of [
    ['a', '1'],
    ['a', '2'],
    ['b', '3'],
    ['c', ''],
  ] as const) {
    await service.put({ key: text(key), value: text(value) });
  }
  return service;
}

test('a fresh store answers with revision 1 and the identity of the server', async () => {
  const { value } = await new CalledService().range({ key: text('a') });
  assert.deepEqual(value, { header: header(1), kvs: [], more: false, count: 0 });
});

test('put takes the next revision and gives the previous pair only when asked', async () => {
  const service = new CalledService();
  const first = await service.put({ key: text('a'), value: text('1'), prevKv: true });
  assert.deepEqual(first.value, { header: header(2), prevKv: null });
  const second = await service.put({ key: text('a'), value: text('2') });
  assert.deepEqual(second.value, { header: header(3), prevKv: null });
  const third = await service.put({ key: text('a'), value: text('3'), prevKv: true });
  const { prevKv } = third.value as etcd.PutResponse;
  assert.equal(string(prevKv?.value), '2');
  assert.deepEqual([prevKv?.createRevision, prevKv?.modRevision, prevKv?.version], [2, 3, 2]);
});

test('range gives pairs, count and the current revision, also for the past', async () => {
  const service = await filled();
  const all = { key: text('a'), rangeEnd: Uint8Array.of(0) };
  const now = (await service.range(all)).value as etcd.RangeResponse;
  assert.deepEqual(
    now.kvs.map((kv) => string(kv.key) + string(kv.value)),
    ['a2', 'b3', 'c'],
  );
  const past = (await service.range({ ...all, revision: 2 })).value as etcd.RangeResponse;
  assert.deepEqual(
    past.kvs.map((kv) => string(kv.key) + string(kv.value)),
    ['a1'],
  );
  assert.deepEqual([past.header?.revision, past.count], [5, 1]);
});

test('range passes on limit, sort, bounds, keysOnly and countOnly', async () => {
  const service = await filled();
  const all = { key: text('a'), rangeEnd: Uint8Array.of(0) };
  const keys = async (more: Init<etcd.RangeRequest>): Promise<string> => {
    const { value } = await service.range({ ...all, ...more });
    return `${value?.kvs.map((kv) => string(kv.key)).join('')} ${value?.more} ${value?.count}`;
  };
  const { DESCEND } = etcd.RangeRequestSortOrder;
  const { VALUE } = etcd.RangeRequestSortTarget;
  assert.equal(await keys({ limit: 2 }), 'ab true 3');
  assert.equal(await keys({ sortOrder: DESCEND }), 'cba false 3');
  assert.equal(await keys({ sortOrder: DESCEND, sortTarget: VALUE, limit: 1 }), 'b true 3');
  assert.equal(await keys({ minModRevision: 4 }), 'bc false 3');
  assert.equal(await keys({ maxCreateRevision: 4 }), 'ab false 3');
  assert.equal(await keys({ countOnly: true, limit: 1 }), ' false 3');
  const { value } = await service.range({ ...all, keysOnly: true });
  assert.deepEqual(
    value?.kvs.map((kv) => kv.value.length),
    [0, 0, 0],
  );
});

test('range asks the group unless it may be behind', async () => {
  const service = await filled();
  await service.range({ key: text('a'), serializable: true });
  assert.equal(service.group.reads, 0);
  await service.range({ key: text('a') });
  assert.equal(service.group.reads, 1);
});

test('range refuses what cannot be answered, in the words clients know', async () => {
  const service = await filled();
  await service.compact({ revision: 3 });
  const cases: [Init<etcd.RangeRequest>, number, string][] = [
    [{}, code.invalid, 'etcdserver: key is not provided'],
    [{ key: text('a'), sortOrder: 3 }, code.invalid, 'etcdserver: invalid sort option'],
    [{ key: text('a'), sortTarget: -1 }, code.invalid, 'etcdserver: invalid sort option'],
    [
      { key: text('a'), revision: 6 },
      code.outOfRange,
      'etcdserver: mvcc: required revision is a future revision',
    ],
    [
      { key: text('a'), revision: 2 },
      code.outOfRange,
      'etcdserver: mvcc: required revision has been compacted',
    ],
  ];
  for (const [request, number, message] of cases) {
    assert.deepEqual((await service.range(request)).error, { code: number, message });
  }
  assert.equal((await service.range({ key: text('a'), revision: 3 })).error, null);
});

test('put refuses what cannot be done, and does not propose what is wrong by itself', async () => {
  const service = await filled();
  const proposed = service.group.proposed.length;
  const key = text('a');
  const cases: [Init<etcd.PutRequest>, number, string][] = [
    [{ value: key }, code.invalid, 'etcdserver: key is not provided'],
    [{ key, value: key, ignoreValue: true }, code.invalid, 'etcdserver: value is provided'],
    [{ key, lease: 5n, ignoreLease: true }, code.invalid, 'etcdserver: lease is provided'],
  ];
  for (const [request, number, message] of cases) {
    assert.deepEqual((await service.put(request)).error, { code: number, message });
  }
  assert.equal(service.group.proposed.length, proposed);
  const missing = await service.put({ key: text('zz'), ignoreValue: true });
  assert.deepEqual(missing.error, { code: code.invalid, message: 'etcdserver: key not found' });
  const lease = await service.put({ key, value: key, lease: 2n ** 62n + 1n });
  const message = 'etcdserver: requested lease not found';
  assert.deepEqual(lease.error, { code: code.notFound, message });
});

test('a command beyond the limit is too large, one at the limit is not', async () => {
  const service = new CalledService();
  const refused = await service.put({ key: text('a'), value: new Uint8Array(maxCommandBytes) });
  const message = 'etcdserver: request is too large';
  assert.deepEqual(refused.error, { code: code.invalid, message });
  await service.put({ key: text('a') });
  const overhead = (service.group.proposed[0] as Uint8Array).length;
  // One byte more: the length of the value then takes two.
  const value = new Uint8Array(maxCommandBytes - overhead - 1);
  assert.equal((await service.put({ key: text('a'), value })).error, null);
  assert.equal(service.group.proposed[1]?.length, maxCommandBytes);
});

test('delete counts, gives what it deleted when asked, and may take no revision', async () => {
  const service = await filled();
  const nothing = await service.deleteRange({ key: text('zz') });
  assert.deepEqual(nothing.value, { header: header(5), deleted: 0, prevKvs: [] });
  const one = await service.deleteRange({ key: text('a') });
  assert.deepEqual(one.value, { header: header(6), deleted: 1, prevKvs: [] });
  const all = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0), prevKv: true };
  const rest = (await service.deleteRange(all)).value as etcd.DeleteRangeResponse;
  assert.deepEqual([rest.header?.revision, rest.deleted], [7, 2]);
  assert.deepEqual(
    rest.prevKvs.map((kv) => string(kv.key)),
    ['b', 'c'],
  );
  const empty = await service.deleteRange({});
  const message = 'etcdserver: key is not provided';
  assert.deepEqual(empty.error, { code: code.invalid, message });
});

test('a transaction answers each operation under one revision, which it repeats', async () => {
  const service = await filled();
  const { value } = await service.txn({
    compare: [{ key: text('a'), target: etcd.CompareTarget.VALUE, value: text('2') }],
    success: [
      { requestPut: { key: text('d'), value: text('4'), prevKv: true } },
      { requestRange: { key: text('d') } },
      { requestDeleteRange: { key: text('b'), prevKv: true } },
      { requestTxn: { success: [{ requestRange: { key: text('a') } }] } },
    ],
    failure: [{ requestRange: { key: text('a') } }],
  });
  assert.deepEqual(value?.header, header(6));
  assert.equal(value?.succeeded, true);
  const [put, range, deleted, nested] = value?.responses ?? [];
  const inner = { clusterId: 0n, memberId: 0n, revision: 6, raftTerm: 0 };
  assert.deepEqual(put?.responsePut, { header: inner, prevKv: null });
  assert.deepEqual(range?.responseRange?.header, inner);
  assert.equal(string(range?.responseRange?.kvs[0]?.value), '4');
  assert.equal(deleted?.responseDeleteRange?.deleted, 1);
  assert.deepEqual(nested?.responseTxn?.header, { ...inner, revision: 0 });
  assert.equal(nested?.responseTxn?.succeeded, true);
});

test('each compare target and operator reaches the store', async () => {
  const service = await filled();
  const holds = async (compare: Init<etcd.Compare>): Promise<boolean | undefined> =>
    (await service.txn({ compare: [{ key: text('a'), ...compare }] })).value?.succeeded;
  const { VERSION, CREATE, MOD, VALUE, LEASE } = etcd.CompareTarget;
  const { EQUAL, GREATER, LESS, NOT_EQUAL } = etcd.CompareResult;
  assert.equal(await holds({ target: VERSION, result: EQUAL, version: 2 }), true);
  assert.equal(await holds({ target: CREATE, result: LESS, createRevision: 3 }), true);
  assert.equal(await holds({ target: MOD, result: GREATER, modRevision: 3 }), false);
  assert.equal(await holds({ target: VALUE, result: NOT_EQUAL, value: text('1') }), true);
  assert.equal(await holds({ target: LEASE, result: EQUAL }), true);
  assert.equal(await holds({ target: VERSION, result: GREATER }), true);
  assert.equal(await holds({ target: VERSION, result: 9, version: 77 }), true);
  assert.equal(await holds({ key: text('zz'), target: VALUE, result: NOT_EQUAL }), false);
});

test('a transaction that only reads is not proposed', async () => {
  const service = await filled();
  const proposed = service.group.proposed.length;
  const { value } = await service.txn({ success: [{ requestRange: { key: text('a') } }] });
  assert.deepEqual(value?.header, header(5));
  assert.equal(service.group.reads, 1);
  const serializable = { requestRange: { key: text('a'), serializable: true } };
  const nested = { requestTxn: { success: [serializable] } };
  await service.txn({ success: [serializable], failure: [nested] });
  assert.equal(service.group.reads, 1);
  assert.equal((await service.txn({})).value?.succeeded, true);
  const future = await service.txn({
    success: [{ requestRange: { key: text('a'), revision: 99 } }],
  });
  assert.equal(future.error?.code, code.outOfRange);
  assert.equal(service.group.proposed.length, proposed);
});

test('a transaction is refused for its shape before anything is tried', async () => {
  const service = await filled();
  const proposed = service.group.proposed.length;
  const put = (key: string) => ({ requestPut: { key: text(key) } });
  const many = Array.from({ length: 129 }, (_, i) => put(`k${i}`));
  const cases: [Init<etcd.TxnRequest>, string][] = [
    [{ success: many }, 'etcdserver: too many operations in txn request'],
    [{ failure: [put('x'), put('x')] }, 'etcdserver: duplicate key given in txn request'],
    [{ success: [{}] }, 'etcdserver: key not found'],
    [{ success: [put('')] }, 'etcdserver: key is not provided'],
    [{ compare: [{}] }, 'etcdserver: key is not provided'],
    [
      {
        success: [
          { requestTxn: { failure: [{ requestRange: { key: text('a'), sortOrder: 9 } }] } },
        ],
      },
      'etcdserver: invalid sort option',
    ],
    [{ compare: [{ key: text('a'), target: 9 }] }, 'etcdserver: invalid compare target'],
  ];
  for (const [request, message] of cases) {
    assert.deepEqual((await service.txn(request)).error, { code: code.invalid, message });
  }
  assert.equal(service.group.proposed.length, proposed);
});

test('compaction answers with the current revision and refuses past and future', async () => {
  const service = await filled();
  assert.deepEqual((await service.compact({ revision: 4 })).value, { header: header(5) });
  for (const revision of [4, 0]) {
    const message = 'etcdserver: mvcc: required revision has been compacted';
    const { error } = await service.compact({ revision });
    assert.deepEqual(error, { code: code.outOfRange, message });
  }
  const message = 'etcdserver: mvcc: required revision is a future revision';
  const { error } = await service.compact({ revision: 6, physical: true });
  assert.deepEqual(error, { code: code.outOfRange, message });
});

test('what was compacted is dropped without further commands, and who asks may wait', async () => {
  const service = new CalledService();
  const { store } = service.group;
  for (let i = 0; i < 3000; i++) await service.put({ key: text('a'), value: text(`${i}`) });
  await service.compact({ revision: 1501 });
  const before = store.stats.bytes;
  for (let turn = 0; turn < 3; turn++) await service.time.turn();
  const between = store.stats.bytes;
  assert.ok(between < 0.6 * before, `${between} of ${before} bytes are left`);
  let left = -1;
  const answer = service.compact({ revision: 3001, physical: true }).then(({ value }) => {
    left = store.stats.bytes - store.stats.bytesInUse;
    return value;
  });
  await new Promise(setImmediate);
  assert.equal(left, -1, 'it is not answered yet');
  await service.time.advance(0);
  assert.deepEqual(await answer, { header: header(3001) });
  assert.equal(left, 0);
});

test('bytes that are no request are refused by every method', async () => {
  const service = new CalledService();
  for (const path of service.service.unaryPaths) {
    const { error } = await service.bytes(path, Uint8Array.of(0xff));
    assert.deepEqual(error, { code: code.internal, message: 'grpc: error unmarshalling request' });
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMessage, etcd, type Init } from '@quorate/schema';
import { pathOf, rpcOf } from '../differential/calls.ts';
import { knownDifference } from '../differential/known.ts';
import type { Outcome, Step } from '../differential/operation.ts';

type Json = Record<string, unknown>;

const headers = { 'content-type': 'application/json' };

function grpc(method: string, message: object, as = ''): Step {
  const rpc = rpcOf(method);
  return { kind: 'grpc', rpc, request: encodeMessage(rpc.request.codec, message), as };
}

function post(method: string, body: string, as = ''): Step {
  return { kind: 'http', method: 'POST', path: pathOf(method), body, as };
}

const good = (body: Json): Outcome => ({ status: 0, message: '', body });
const refused = (status: number, message: string): Outcome => ({ status, message, body: {} });

function said(status: number, code: number, text: string, of = headers): Outcome {
  return { status, message: '', body: { headers: of, json: { code, error: text, message: text } } };
}

function nameOf(step: Step, etcdSaid: Outcome, oursSaid: Outcome): string | null {
  return knownDifference(step, [etcdSaid, oursSaid])?.name ?? null;
}

const kv = (key: string, version: number): Json => ({ key, version: String(version), value: key });

function range(about: Init<etcd.RangeRequest> = {}): Step {
  return grpc('KV/Range', { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0), ...about });
}

test('the words for a body that is no message may differ, and nothing else', () => {
  const step = post('KV/Range', '{"limit":true}');
  const go = 'json: cannot unmarshal bool into Go value of type int64';
  const own = 'json: limit is a 64-bit integer, not "true"';
  assert.equal(nameOf(step, said(400, 3, go), said(400, 3, own)), 'JSON wording');
  const others: [Outcome, Outcome][] = [
    [said(400, 3, go), said(500, 13, own)],
    [said(400, 3, go), said(400, 11, own)],
    [said(400, 3, go), said(400, 3, own, { 'content-type': 'text/plain' })],
    [said(400, 3, go), said(400, 3, 'etcdserver: key is not provided')],
    [said(400, 3, 'etcdserver: key is not provided'), said(400, 3, own)],
    [said(400, 3, go), said(400, 3, '')],
    [said(400, 3, go), { ...said(400, 3, own), body: { headers, json: { code: 3, error: own } } }],
    [{ status: 200, message: '', body: { headers, json: {} } }, said(400, 3, own)],
  ];
  for (const [first, second] of others) assert.equal(nameOf(step, first, second), null);
});

test('the words for bytes that are no message may differ, not those for a message', () => {
  const words = 'grpc: error unmarshalling request';
  const [theirs, own] = [refused(13, `${words}: unexpected EOF`), refused(13, words)];
  const odd: Step = { ...grpc('KV/Put', {}), request: Uint8Array.of(0x0a, 5) } as Step;
  assert.equal(nameOf(odd, theirs, own), 'protobuf wording');
  assert.equal(nameOf(odd, theirs, refused(3, words)), null);
  assert.equal(nameOf(grpc('KV/Put', { key: Uint8Array.of(1) }), theirs, own), null);
  assert.equal(nameOf(grpc('KV/Put', { key: Uint8Array.of(1) }), good({}), own), null);
});

test('keys that sort equal may come in another order, others may not', () => {
  const step = range({ sortTarget: etcd.RangeRequestSortTarget.VERSION });
  const of = (...kvs: Json[]) => good({ count: '3', kvs });
  const [a, b, c] = [kv('a', 1), kv('b', 1), kv('c', 2)];
  assert.equal(nameOf(step, of(b, a, c), of(a, b, c)), 'order of equals');
  assert.equal(nameOf(range(), of(b, a, c), of(a, b, c)), null, 'sorted by key');
  assert.equal(nameOf(step, of(a, c, b), of(a, b, c)), null, 'not sorted');
  assert.equal(nameOf(step, of(b, a, c), of(a, a, c)), null, 'one twice');
  assert.equal(nameOf(step, of(b, a, c), of(a, { ...b, value: 'x' }, c)), null, 'another value');
  assert.equal(nameOf(step, of(b, a), of(a, b, c)), null, 'one more');
  const counted = good({ count: '4', kvs: [a, b, c] });
  assert.equal(nameOf(step, of(b, a, c), counted), null, 'another count');
});

test('where a limit cuts through equals, any of these may be left', () => {
  const step = range({ sortTarget: etcd.RangeRequestSortTarget.VERSION, limit: 2 });
  const of = (...kvs: Json[]) => good({ count: '4', kvs, more: true });
  assert.equal(
    nameOf(step, of(kv('a', 1), kv('b', 2)), of(kv('a', 1), kv('c', 2))),
    'order of equals',
  );
  assert.equal(nameOf(step, of(kv('a', 1), kv('b', 2)), of(kv('d', 1), kv('b', 2))), null);
  assert.equal(nameOf(step, of(kv('a', 1), kv('b', 2)), of(kv('a', 1), kv('c', 3))), null);
});

test('in a transaction the same holds for its ranges alone', () => {
  const requestRange = { key: Uint8Array.of(0), sortTarget: etcd.RangeRequestSortTarget.VERSION };
  const requestPut = { key: Uint8Array.of(9) };
  const step = grpc('KV/Txn', { success: [{ requestRange }, { requestPut }] });
  const of = (kvs: Json[], put: Json = {}, succeeded = true) =>
    good({ succeeded, responses: [{ response_range: { kvs } }, { response_put: put }] });
  const [a, b] = [kv('a', 1), kv('b', 1)];
  assert.equal(nameOf(step, of([a, b]), of([b, a])), 'order of equals');
  assert.equal(nameOf(step, of([a, b]), of([b, a], { prev_kv: a })), null);
  assert.equal(nameOf(step, of([a, b]), of([b, kv('c', 2)])), null);
  assert.equal(nameOf(step, of([a, b]), of([b, a], {}, false)), null);
});

test('the role root shows all, exactly', () => {
  const header = { revision: '1' };
  const etcdSaid = good({ header });
  const own = (perm: Json, of: Json = header) => good({ header: of, perm: [perm] });
  const all = { permType: 'READWRITE', range_end: 'AA==' };
  const step = grpc('Auth/RoleGet', { role: 'root' });
  assert.equal(nameOf(step, etcdSaid, own(all)), 'role root');
  assert.equal(nameOf(post('Auth/RoleGet', '{"role":"root"}'), etcdSaid, own(all)), 'role root');
  assert.equal(nameOf(grpc('Auth/RoleGet', { role: 'reader' }), etcdSaid, own(all)), null);
  assert.equal(nameOf(step, etcdSaid, own({ ...all, permType: 'WRITE' })), null);
  assert.equal(nameOf(step, etcdSaid, own(all, { revision: '2' })), null);
  assert.equal(nameOf(step, refused(9, 'etcdserver: role name not found'), own(all)), null);
});

test('the answer to Alarm may have a header more, and no other alarms', () => {
  const step = grpc('Maintenance/Alarm', {});
  const alarms = [{ alarm: 'NOSPACE' }];
  const header = { revision: '1' };
  assert.equal(nameOf(step, good({ alarms }), good({ alarms, header })), 'header of alarms');
  assert.equal(nameOf(step, good({ alarms }), good({ header })), null);
  assert.equal(nameOf(step, good({ alarms }), refused(2, 'no')), null);
  assert.equal(nameOf(grpc('Maintenance/Status', {}), good({}), good({ header })), null);
});

test('an overlap is forgiven only where etcd does not look', () => {
  const put = { requestPut: { key: Uint8Array.of(5) } };
  const deletion = (rangeEnd: number[]): Init<etcd.RequestOp> => ({
    requestDeleteRange: { key: Uint8Array.of(1), rangeEnd: Uint8Array.from(rangeEnd) },
  });
  const own = refused(3, 'etcdserver: duplicate key given in txn request');
  const known = 'overlap that etcd does not see';
  const txn = (...success: Init<etcd.RequestOp>[]) => grpc('KV/Txn', { success });
  assert.equal(nameOf(txn(put, deletion([0])), good({}), own), known);
  assert.equal(nameOf(txn(put, deletion([9])), good({}), own), null);
  assert.equal(nameOf(txn(put, put), good({}), own), null);
  const nested = (operation: Init<etcd.RequestOp>) => ({ requestTxn: { success: [operation] } });
  assert.equal(nameOf(txn(nested(put), nested(deletion([9]))), good({}), own), known);
  assert.equal(nameOf(txn(nested(deletion([9])), nested(put)), good({}), own), null);
  assert.equal(
    nameOf(txn(put, deletion([0])), good({}), refused(3, 'etcdserver: key not found')),
    null,
  );
});

test('while corrupt only reads may differ', () => {
  const own = refused(15, 'etcdserver: corrupt cluster');
  const read = { requestRange: { key: Uint8Array.of(1) } };
  assert.equal(nameOf(range(), good({}), own), 'reads while corrupt');
  assert.equal(nameOf(grpc('KV/Txn', { success: [read] }), good({}), own), 'reads while corrupt');
  const write = { requestPut: { key: Uint8Array.of(1) } };
  assert.equal(nameOf(grpc('KV/Txn', { success: [write] }), good({}), own), null);
  assert.equal(nameOf(grpc('KV/Put', { key: Uint8Array.of(1) }), good({}), own), null);
  assert.equal(nameOf(range(), own, good({})), null, 'the other way round');
});

test('without room a put may be stopped where it is nested, and there alone', () => {
  const own = refused(8, 'etcdserver: mvcc: database space exceeded');
  const put = { requestPut: { key: Uint8Array.of(1) } };
  const read = { requestRange: { key: Uint8Array.of(1) } };
  const nested = (operation: Init<etcd.RequestOp>) => ({ requestTxn: { failure: [operation] } });
  const txn = (...success: Init<etcd.RequestOp>[]) => grpc('KV/Txn', { success });
  assert.equal(nameOf(txn(nested(put)), good({}), own), 'nested puts without room');
  assert.equal(nameOf(txn(nested(read)), good({}), own), null);
  assert.equal(nameOf(txn(put, nested(put)), good({}), own), null);
  assert.equal(nameOf(txn(nested(put)), own, good({})), null);
});

test('a put with a lease may be denied in a transaction, one without may not', () => {
  const own = refused(7, 'etcdserver: permission denied');
  const put = (lease: bigint) => ({ requestPut: { key: Uint8Array.of(1), lease } });
  const step = (lease: bigint) => grpc('KV/Txn', { success: [put(lease)] }, 'alice');
  assert.equal(nameOf(step(7n), good({}), own), 'leases of puts in transactions');
  assert.equal(nameOf(step(0n), good({}), own), null);
  assert.equal(nameOf(step(7n), own, good({})), null);
});

test('what 3.4 does without asking who it is for is forgiven for that alone', () => {
  const own = refused(3, 'etcdserver: user name is empty');
  assert.equal(nameOf(grpc('Lease/LeaseLeases', {}), good({}), own), 'leases without a token');
  assert.equal(nameOf(grpc('KV/Put', {}), good({}), own), null);
  assert.equal(nameOf(grpc('Lease/LeaseLeases', {}), own, good({})), null, 'the other way round');
  const another = refused(7, 'etcdserver: user name is empty');
  assert.equal(nameOf(grpc('Lease/LeaseLeases', {}), good({}), another), null, 'another code');
  const unknown = refused(16, 'etcdserver: invalid auth token');
  assert.equal(nameOf(grpc('Lease/LeaseLeases', {}), unknown, own), null, 'refused otherwise');
});

test('an empty transaction needs no user, one that touches a key does', () => {
  const own = refused(3, 'etcdserver: user name is empty');
  const known = 'empty transaction without a token';
  assert.equal(nameOf(grpc('KV/Txn', {}), good({}), own), known);
  const read = { requestRange: { key: Uint8Array.of(1) } };
  assert.equal(nameOf(grpc('KV/Txn', { failure: [read] }), good({}), own), null);
  const compare = [{ key: Uint8Array.of(1) }];
  assert.equal(nameOf(grpc('KV/Txn', { compare }), good({}), own), null);
});

test('a permission is refused when its range is empty, and then alone', () => {
  const own = refused(3, 'etcdserver: invalid auth management');
  const grant = (key: number[], rangeEnd: number[]) =>
    grpc('Auth/RoleGrantPermission', {
      perm: { key: Uint8Array.from(key), rangeEnd: Uint8Array.from(rangeEnd) },
    });
  assert.equal(nameOf(grant([2], [1]), good({}), own), 'permission on an empty range');
  assert.equal(nameOf(grant([], [1]), good({}), own), 'permission on an empty range');
  for (const [key, end] of [
    [[1], [2]],
    [[1], []],
    [[1], [0]],
  ] as const) {
    assert.equal(nameOf(grant([...key], [...end]), good({}), own), null);
  }
});

test('a path may be read another way, one that is plain may not', () => {
  const lost: Outcome = { status: 404, message: '', body: { headers, text: 'Not Found\n' } };
  const moved: Outcome = { status: 301, message: '', body: { headers, text: '' } };
  const at = (path: string): Step => ({ kind: 'http', method: 'POST', path, body: '{}', as: '' });
  assert.equal(nameOf(at('/v3//kv/range'), moved, lost), 'paths as they are');
  assert.equal(nameOf(at('/v3/kv/range'), moved, lost), null);
  assert.equal(nameOf(at('/v3//kv/range'), said(400, 3, 'no'), lost), null);
  const other: Outcome = { ...lost, body: { headers, text: 'gone' } };
  assert.equal(nameOf(at('/v3//kv/range'), moved, other), null);
});

test('the hash at the compacted revision is a matter of the release, no other is', () => {
  const own = good({ compact_revision: '7' });
  const theirs = refused(11, 'etcdserver: mvcc: required revision has been compacted');
  const ask = (revision: number) => grpc('Maintenance/HashKV', { revision });
  assert.equal(nameOf(ask(7), theirs, own), 'hash at the compacted revision');
  assert.equal(nameOf(ask(6), theirs, own), null);
  assert.equal(nameOf(ask(7), own, theirs), null);
});

test('a deletion at the compacted revision is told here alone, and nothing else is', () => {
  const made = { created: true, watch_id: '1' };
  const event = (key: string, revision: string, type = 'DELETE'): Json => {
    return { ...(type === 'DELETE' ? { type } : {}), kv: { key, mod_revision: revision } };
  };
  const put = event('b', '7', 'PUT');
  const later = event('b', '8');
  const whole = [made, put, event('a', '7'), event('c', '7'), later];
  const nameOfHeard = (theirs: Json[], own: Json[]): (string | null)[] => {
    const settled = (items: Json[]) =>
      good({ 'stream 1': { 1: items, 2: [made] }, 'stream 2': {} });
    const watch: Step = { kind: 'gatewayWatch', body: '{}', as: '' };
    return [
      nameOf({ kind: 'settle' }, settled(theirs), settled(own)),
      nameOf(watch, good({ 1: theirs }), good({ 1: own })),
    ];
  };
  const name = 'deletion at the compacted revision';
  assert.deepEqual(nameOfHeard([made, put, later], whole), [name, name]);
  const other: [Json[], Json[]][] = [
    [whole, [made, put, later]],
    [[made, put, event('a', '7'), later], whole],
    [[made, put, event('a', '7'), event('c', '7')], whole],
    [[put, later], whole.slice(1)],
    [[made, later], whole],
    [
      [made, put],
      [made, put, later],
    ],
  ];
  for (const [theirs, own] of other) assert.deepEqual(nameOfHeard(theirs, own), [null, null]);
});

test('the answers before a null are compared', () => {
  const line = (id: string) => ({ result: { ID: id } });
  const of = (...json: Json[]): Outcome => ({ status: 200, message: '', body: { headers, json } });
  const step = post('Lease/LeaseKeepAlive', '{"ID":7} null');
  assert.equal(nameOf(step, of(line('7'), line('0')), of(line('7'))), 'null on a stream');
  assert.equal(nameOf(step, of(line('7'), line('0')), of(line('8'))), null);
  const whole = post('Lease/LeaseKeepAlive', '{"ID":7} {"ID":8}');
  assert.equal(nameOf(whole, of(line('7'), line('8')), of(line('7'))), null);
});

test('a stream tells how far it is unless a watch of it has not begun', () => {
  const step: Step = { kind: 'watchProgress', stream: 1 };
  const told = (isWaiting: boolean, revision: string | null) => good({ isWaiting, revision });
  const known = 'progress of watches to come';
  assert.equal(nameOf(step, told(true, '5'), told(true, null)), known);
  assert.equal(nameOf(step, told(false, '5'), told(false, null)), null);
  assert.equal(nameOf(step, told(true, '5'), told(true, '6')), null);
});

test('a token that nobody has is looked at while auth is off by 3.4 alone', () => {
  const theirs = refused(16, 'etcdserver: invalid auth token');
  const step = grpc('KV/Range', { key: Uint8Array.of(1) }, '?');
  assert.equal(nameOf(step, theirs, good({})), 'token while auth is off');
  assert.equal(nameOf(range(), theirs, good({})), null, 'no token');
  assert.equal(nameOf(step, theirs, refused(7, 'etcdserver: permission denied')), null);
});

test('of what releases after 3.4 refuse, the one refusal for the one request is known', () => {
  const nested = { success: [{ requestTxn: { success: [{ requestRange: {} }] } }] };
  const huge = grpc('KV/Put', {});
  const cases: [string, Step, Outcome, Outcome][] = [
    [
      'no permission given',
      grpc('Auth/RoleGrantPermission', { name: 'r' }),
      refused(9, 'etcdserver: role name not found'),
      refused(3, 'etcdserver: permission not given'),
    ],
    [
      'who may compact',
      grpc('KV/Compact', { revision: 1 }),
      good({}),
      refused(7, 'etcdserver: permission denied'),
    ],
    [
      'permissions inside nested transactions',
      grpc('KV/Txn', nested),
      good({}),
      refused(7, 'etcdserver: permission denied'),
    ],
    [
      'unknown sort options',
      range({ sortOrder: 3 as never }),
      good({}),
      refused(3, 'etcdserver: invalid sort option'),
    ],
    [
      'maintenance wording',
      grpc('Maintenance/HashKV', {}),
      refused(2, 'auth: user name is empty'),
      refused(3, 'etcdserver: user name is empty'),
    ],
    [
      'user without a name',
      grpc('Auth/UserGet', {}),
      refused(9, 'etcdserver: user name not found'),
      refused(3, 'etcdserver: user name is empty'),
    ],
    [
      'too large and not allowed',
      huge,
      refused(3, 'etcdserver: request is too large'),
      refused(7, 'etcdserver: permission denied'),
    ],
  ];
  for (const [name, step, theirs, own] of cases) {
    assert.equal(nameOf(step, theirs, own), name);
    assert.equal(nameOf(step, own, theirs), null, `${name}, the other way round`);
    assert.equal(nameOf(step, theirs, { ...own, status: 14 }), null, `${name}, another code`);
    assert.equal(nameOf(step, theirs, { ...own, message: 'no' }), null, `${name}, other words`);
    if (step === huge) continue;
    assert.equal(nameOf(grpc('KV/DeleteRange', {}), theirs, own), null, `${name}, another method`);
  }
});

test('a watch to the end of all keys may be denied here, and no other', () => {
  const watch = (rangeEnd: string): Step => ({
    kind: 'gatewayWatch',
    body: `{"create_request":{"key":"YQ==","range_end":"${rangeEnd}"}}`,
    as: 'alice',
  });
  const reason = 'rpc error: code = PermissionDenied desc = etcdserver: permission denied';
  const denied = good({ '-1': [{ created: true, canceled: true, cancel_reason: reason }] });
  const made = good({ '0': [{ created: true }] });
  assert.equal(nameOf(watch('AA=='), made, denied), 'watch to the end of all keys');
  assert.equal(nameOf(watch('Yg=='), made, denied), null);
  assert.equal(nameOf(watch('AA=='), denied, made), null);
  assert.equal(nameOf(watch('AA=='), good({}), denied), null);
});

test('health may have a reason that is empty', () => {
  const step: Step = { kind: 'http', method: 'GET', path: '/health', body: '', as: '' };
  const of = (json: Json): Outcome => ({ status: 200, message: '', body: { headers, json } });
  const theirs = of({ health: 'true' });
  assert.equal(nameOf(step, theirs, of({ health: 'true', reason: '' })), 'reason of health');
  assert.equal(nameOf(step, theirs, of({ health: 'true', reason: 'x' })), null);
  assert.equal(nameOf(step, theirs, of({ health: 'false', reason: '' })), null);
});

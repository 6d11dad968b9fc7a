import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KvStore } from '../src/index.ts';
import {
  compact,
  del,
  everything,
  FROM_KEY,
  plain,
  put,
  range,
  storeWithLeases,
} from './requests.ts';

const UNCHANGED = { createRevision: 2, modRevision: 2, version: 1, lease: '0n' };

test('a put takes the next revision, which is the new key its create and mod revision', () => {
  const store = new KvStore();
  assert.deepEqual(store.execute(put('k', 'v')), { kind: 'put', previous: null, revision: 2 });
  const result = plain(store.range(range('k')));
  assert.deepEqual(result, {
    kind: 'range',
    keyValues: [{ key: 'k', value: 'v', ...UNCHANGED }],
    more: false,
    count: 1,
    revision: 2,
  });
});

test('each put counts the version up and a delete starts it anew', () => {
  const store = new KvStore();
  const fields = (): unknown[] => {
    const result = store.range(range('k'));
    const [keyValue] = result.kind === 'range' ? result.keyValues : [];
    return [keyValue?.createRevision, keyValue?.modRevision, keyValue?.version];
  };
  store.execute(put('k', '1'));
  store.execute(put('k', '2'));
  assert.deepEqual(fields(), [2, 3, 2]);
  store.execute(del('k'));
  store.execute(put('k', '3'));
  assert.deepEqual(fields(), [5, 5, 1]);
});

test('the previous key-value is given only if asked for and there', () => {
  const store = new KvStore();
  const first = store.execute(put('k', '1', { prevKv: true }));
  assert.deepEqual(first, { kind: 'put', previous: null, revision: 2 });
  assert.deepEqual(plain(store.execute(put('k', '2', { prevKv: true }))), {
    kind: 'put',
    previous: { key: 'k', value: '1', ...UNCHANGED },
    revision: 3,
  });
  assert.deepEqual(store.execute(put('k', '3')), { kind: 'put', previous: null, revision: 4 });
  store.execute(del('k'));
  assert.deepEqual(store.execute(put('k', '4', { prevKv: true })), {
    kind: 'put',
    previous: null,
    revision: 6,
  });
});

test('keeping the value or the lease of a missing key is refused', () => {
  const store = storeWithLeases(7n);
  const refused = { kind: 'refused', refusal: 'keyNotFound', revision: 1 };
  assert.deepEqual(store.execute(put('k', '', { ignoreValue: true })), refused);
  assert.deepEqual(store.execute(put('k', 'v', { ignoreLease: true })), refused);
  store.execute(put('k', 'v'));
  store.execute(del('k'));
  assert.deepEqual(store.execute(put('k', '', { ignoreValue: true })), { ...refused, revision: 3 });
});

test('keeping the value while giving one, or the lease, is refused', () => {
  const store = storeWithLeases(7n);
  store.execute(put('k', 'v'));
  assert.deepEqual(store.execute(put('k', 'w', { ignoreValue: true })), {
    kind: 'refused',
    refusal: 'valueProvided',
    revision: 2,
  });
  assert.deepEqual(store.execute(put('k', 'w', { ignoreLease: true, lease: 7n })), {
    kind: 'refused',
    refusal: 'leaseProvided',
    revision: 2,
  });
});

test('a put can keep the value or the lease', () => {
  const store = storeWithLeases(7n, -8n);
  store.execute(put('k', 'v', { lease: 7n }));
  store.execute(put('k', '', { ignoreValue: true, lease: -8n }));
  const kept = { key: 'k', createRevision: 2 };
  assert.deepEqual(plain(store.execute(put('k', 'w', { ignoreLease: true, prevKv: true }))), {
    kind: 'put',
    previous: { ...kept, value: 'v', modRevision: 3, version: 2, lease: '-8n' },
    revision: 4,
  });
  assert.deepEqual(plain(store.execute(put('k', '', { prevKv: true }))), {
    kind: 'put',
    previous: { ...kept, value: 'w', modRevision: 4, version: 3, lease: '-8n' },
    revision: 5,
  });
});

test('a put with an unknown lease is refused, even before a missing key is', () => {
  const refused = { kind: 'refused', refusal: 'leaseNotFound', revision: 1 };
  assert.deepEqual(new KvStore().execute(put('k', 'v', { lease: 1n })), refused);
  assert.deepEqual(new KvStore().execute(put('k', '', { lease: 1n, ignoreValue: true })), refused);
});

test('a put without a lease takes the key from its lease', () => {
  const store = storeWithLeases(7n);
  store.execute(put('k', 'v', { lease: 7n }));
  store.execute(put('k', 'w'));
  const result = store.range(range('k'));
  assert.equal(result.kind === 'range' && result.keyValues[0]?.lease, 0n);
});

test('an empty value is a value', () => {
  const store = new KvStore();
  store.execute(put('k', ''));
  const result = store.range(range('k'));
  assert.equal(result.kind === 'range' && result.count, 1);
});

test('an empty key is refused in a put and in a delete', () => {
  const refused = { kind: 'refused', refusal: 'emptyKey', revision: 1 };
  assert.deepEqual(new KvStore().execute(put('', 'v')), refused);
  assert.deepEqual(new KvStore().execute(del('', FROM_KEY)), refused);
});

test('deleting nothing changes no revision', () => {
  const store = new KvStore();
  store.execute(put('k', 'v'));
  const nothing = { kind: 'deleteRange', deleted: 0, previous: [], revision: 2 };
  assert.deepEqual(store.execute(del('x', '', true)), nothing);
  assert.deepEqual(store.execute(del('z', 'a')), nothing);
  assert.equal(store.revision, 2);
});

test('a delete of several keys has one revision and gives them in key order', () => {
  const store = new KvStore();
  for (const key of ['c', 'a', 'b', 'd']) store.execute(put(key, key));
  const result = plain(store.execute(del('a', 'd', true)));
  assert.deepEqual(result, {
    kind: 'deleteRange',
    deleted: 3,
    previous: [
      { key: 'a', value: 'a', createRevision: 3, modRevision: 3, version: 1, lease: '0n' },
      { key: 'b', value: 'b', createRevision: 4, modRevision: 4, version: 1, lease: '0n' },
      { key: 'c', value: 'c', createRevision: 2, modRevision: 2, version: 1, lease: '0n' },
    ],
    revision: 6,
  });
  assert.deepEqual(plain(store.execute(del('a', FROM_KEY))), {
    kind: 'deleteRange',
    deleted: 1,
    previous: [],
    revision: 7,
  });
});

test('stats follow keys, revisions and bytes', () => {
  const store = new KvStore();
  assert.deepEqual(store.stats, {
    keys: 0,
    revision: 1,
    compactedRevision: -1,
    leases: 0,
    bytes: 0,
    bytesInUse: 0,
  });
  store.execute(put('a', 'x'.repeat(500)));
  const one = store.stats;
  assert.equal(one.bytes, one.bytesInUse);
  assert.ok(one.bytes > 500);
  store.execute(put('a', 'y'));
  store.execute(put('b', 'z'));
  assert.equal(store.stats.keys, 2);
  assert.ok(store.stats.bytes > store.stats.bytesInUse);
  store.execute(compact(4));
  assert.equal(store.stats.bytes, store.stats.bytesInUse);
  store.execute(del('a', FROM_KEY));
  store.execute(compact(5));
  const { keys, revision, compactedRevision, bytesInUse } = store.stats;
  assert.deepEqual([keys, revision, compactedRevision, bytesInUse], [0, 5, 5, 0]);
});

test('the hash depends on every field of the latest state and on nothing else', () => {
  const hashOf = (...commands: Parameters<KvStore['execute']>[0][]): number => {
    const store = storeWithLeases(5n, 5n + 2n ** 60n);
    for (const command of commands) store.execute(command);
    return store.hash();
  };
  const hashes = [
    hashOf(),
    hashOf(put('a', '1')),
    hashOf(put('a', '2')),
    hashOf(put('b', '1')),
    hashOf(put('a', '1', { lease: 5n })),
    hashOf(put('a', '1', { lease: 5n + 2n ** 60n })),
    hashOf(put('a', '1'), put('a', '1')),
    hashOf(put('a', '1'), del('a')),
    hashOf(put('a', 'v'.repeat(200))),
    hashOf(put('a', `${'v'.repeat(199)}w`)),
  ];
  assert.equal(new Set(hashes).size, hashes.length);
  const before = hashOf(put('a', '1'), put('a', '2'), put('b', '3'));
  assert.equal(hashOf(put('a', '1'), put('a', '2'), put('b', '3'), compact(3)), before);
  const store = storeWithLeases(5n, 5n + 2n ** 60n);
  store.range(everything());
  assert.equal(store.hash(), hashes[0]);
});

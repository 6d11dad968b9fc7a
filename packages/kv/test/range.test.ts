import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KvStore, type RangeRequest, type RangeResult } from '../src/index.ts';
import {
  bytes,
  compact,
  del,
  everything,
  FROM_KEY,
  pairs,
  plain,
  put,
  range,
  text,
} from './requests.ts';

function read(store: KvStore, request: RangeRequest): RangeResult {
  const result = store.range(request);
  assert.equal(result.kind, 'range');
  return result as RangeResult;
}

/** a=1 (rev 2), b=2 (3), c=3 (4), d=4 (5), b=5 (6) */
function fourKeys(): KvStore {
  const store = new KvStore();
  for (const [key, value] of ['a1', 'b2', 'c3', 'd4', 'b5'])
    store.execute(put(`${key}`, `${value}`));
  return store;
}

test('a fresh store is at revision 1 and has nothing', () => {
  const result = read(new KvStore(), everything());
  assert.deepEqual(plain(result), {
    kind: 'range',
    keyValues: [],
    more: false,
    count: 0,
    revision: 1,
  });
});

test('an empty range end means the one key', () => {
  assert.deepEqual(pairs(read(fourKeys(), range('b')).keyValues), ['b=5']);
});

test('a range end is exclusive', () => {
  assert.deepEqual(pairs(read(fourKeys(), range('a', 'c')).keyValues), ['a=1', 'b=5']);
});

test('a range end of one zero byte means from the key to the end', () => {
  assert.deepEqual(pairs(read(fourKeys(), range('c', FROM_KEY)).keyValues), ['c=3', 'd=4']);
  assert.equal(read(fourKeys(), everything()).count, 4);
});

test('a range whose key is at or after its end is empty and no error', () => {
  for (const request of [range('c', 'c'), range('d', 'a')]) {
    const result = read(fourKeys(), request);
    assert.deepEqual([result.keyValues, result.count, result.more], [[], 0, false]);
  }
});

test('an empty key is refused', () => {
  const result = new KvStore().range(range(''));
  assert.deepEqual(result, { kind: 'refused', refusal: 'emptyKey', revision: 1 });
});

test('the count is of all keys in the range, before the limit and before the bounds', () => {
  const limited = read(fourKeys(), everything({ limit: 1 }));
  assert.deepEqual([limited.keyValues.length, limited.count, limited.more], [1, 4, true]);
  const bounded = read(fourKeys(), everything({ minModRevision: 5 }));
  assert.deepEqual([pairs(bounded.keyValues), bounded.count], [['b=5', 'd=4'], 4]);
});

test('more is said only when the limit cut something off', () => {
  assert.equal(read(fourKeys(), everything({ limit: 4 })).more, false);
  assert.equal(read(fourKeys(), everything({ limit: 3 })).more, true);
  const bounded = everything({ limit: 2, minModRevision: 5 });
  assert.equal(read(fourKeys(), bounded).more, false);
});

test('a limit of zero or less is no limit', () => {
  for (const limit of [0, -1]) {
    assert.equal(read(fourKeys(), everything({ limit })).keyValues.length, 4);
  }
});

test('a limit is applied after sorting and after the bounds', () => {
  const newest = everything({ limit: 1, sortTarget: 'mod', sortOrder: 'descend' });
  assert.deepEqual(pairs(read(fourKeys(), newest).keyValues), ['b=5']);
  const second = everything({ limit: 1, minModRevision: 4 });
  assert.deepEqual(pairs(read(fourKeys(), second).keyValues), ['b=5']);
  const lastKey = everything({ limit: 1, sortOrder: 'descend' });
  assert.deepEqual(pairs(read(fourKeys(), lastKey).keyValues), ['d=4']);
  const unordered = everything({ limit: 2, sortTarget: 'mod' });
  assert.deepEqual(pairs(read(fourKeys(), unordered).keyValues), ['a=1', 'c=3']);
});

test('with a target but no order, only one key more than the limit is looked at', () => {
  const store = new KvStore();
  for (const [key, value] of ['x9', 'y5', 'z1']) store.execute(put(`${key}`, `${value}`));
  const first = (about: Partial<RangeRequest>) =>
    read(store, everything({ limit: 1, sortTarget: 'value', ...about }));
  assert.deepEqual(pairs(first({}).keyValues), ['y=5']);
  assert.deepEqual([first({}).more, first({}).count], [true, 3]);
  assert.deepEqual(pairs(first({ revision: 4 }).keyValues), ['y=5']);
  assert.deepEqual(pairs(first({ sortOrder: 'ascend' }).keyValues), ['z=1']);
  assert.deepEqual(pairs(first({ minModRevision: 1 }).keyValues), ['z=1']);
  assert.deepEqual(pairs(first({ limit: 3 }).keyValues), ['z=1', 'y=5', 'x=9']);
});

test('count only gives no keys, no more, and the count whatever the limit and bounds', () => {
  const result = read(fourKeys(), everything({ countOnly: true, limit: 1, minModRevision: 5 }));
  assert.deepEqual([result.keyValues, result.more, result.count], [[], false, 4]);
  assert.equal(read(fourKeys(), range('a', '', { countOnly: true })).count, 1);
  assert.equal(read(fourKeys(), everything({ countOnly: true, revision: 3 })).count, 2);
});

test('keys only leaves out the value and nothing else', () => {
  const [keyValue] = read(fourKeys(), range('b', '', { keysOnly: true })).keyValues;
  assert.deepEqual(plain(keyValue), {
    key: 'b',
    value: '',
    createRevision: 3,
    modRevision: 6,
    version: 2,
    lease: '0n',
  });
  const byValue = everything({ keysOnly: true, sortTarget: 'value', sortOrder: 'descend' });
  const keys = read(fourKeys(), byValue).keyValues.map((found) => text(found.key));
  assert.deepEqual(keys, ['b', 'd', 'c', 'a']);
});

test('each target sorts ascending unless told otherwise, and keys ascend by default', () => {
  const orders: [RangeRequest['sortTarget'], string][] = [
    ['key', 'abcd'],
    ['version', 'acdb'],
    ['create', 'abcd'],
    ['mod', 'acdb'],
    ['value', 'acdb'],
  ];
  for (const [sortTarget, expected] of orders) {
    for (const sortOrder of ['none', 'ascend'] as const) {
      const found = read(fourKeys(), everything({ sortTarget, sortOrder })).keyValues;
      assert.equal(found.map((keyValue) => text(keyValue.key)).join(''), expected, sortTarget);
    }
  }
});

test('descending keeps equal ones in key order', () => {
  const found = read(fourKeys(), everything({ sortTarget: 'version', sortOrder: 'descend' }));
  assert.deepEqual(pairs(found.keyValues), ['b=5', 'a=1', 'c=3', 'd=4']);
});

test('each bound is inclusive and zero means none', () => {
  const cases: [Partial<RangeRequest>, string][] = [
    [{ minModRevision: 4 }, 'bcd'],
    [{ maxModRevision: 4 }, 'ac'],
    [{ minCreateRevision: 3 }, 'bcd'],
    [{ maxCreateRevision: 3 }, 'ab'],
    [{ minModRevision: 4, maxCreateRevision: 4 }, 'bc'],
  ];
  for (const [bounds, expected] of cases) {
    const found = read(fourKeys(), everything(bounds)).keyValues;
    assert.equal(found.map((keyValue) => text(keyValue.key)).join(''), expected);
  }
});

test('a revision of zero or less means the latest', () => {
  for (const revision of [0, -1, -7]) {
    assert.deepEqual(pairs(read(fourKeys(), range('b', '', { revision })).keyValues), ['b=5']);
  }
});

test('a read of the past sees that revision, its count, and names the current revision', () => {
  const result = read(fourKeys(), everything({ revision: 3 }));
  assert.deepEqual(pairs(result.keyValues), ['a=1', 'b=2']);
  assert.deepEqual([result.count, result.revision], [2, 6]);
  const descending = everything({ revision: 4, sortOrder: 'descend', limit: 2 });
  const limited = read(fourKeys(), descending);
  assert.deepEqual(pairs(limited.keyValues), ['c=3', 'b=2']);
  assert.deepEqual([limited.count, limited.more], [3, true]);
});

test('a future revision is refused, the current one is not', () => {
  const store = fourKeys();
  assert.equal(read(store, everything({ revision: 6 })).count, 4);
  const result = store.range(everything({ revision: 7 }));
  assert.deepEqual(result, { kind: 'refused', refusal: 'futureRevision', revision: 6 });
});

test('a revision below the compacted one is refused, that one itself is readable', () => {
  const store = fourKeys();
  store.execute(compact(4));
  assert.deepEqual(store.range(everything({ revision: 3 })), {
    kind: 'refused',
    refusal: 'compacted',
    revision: 6,
  });
  assert.deepEqual(pairs(read(store, everything({ revision: 4 })).keyValues), [
    'a=1',
    'b=2',
    'c=3',
  ]);
});

test('a deleted key is gone from now on but not from the past', () => {
  const store = fourKeys();
  store.execute(del('b'));
  assert.equal(read(store, range('b')).count, 0);
  assert.deepEqual(pairs(read(store, range('b', '', { revision: 6 })).keyValues), ['b=5']);
});

test('what was handed over does not change when the request and the store do', () => {
  const store = new KvStore();
  const request = put('k', 'v'.repeat(100));
  store.execute(request);
  const before = read(store, range('k')).keyValues[0];
  request.key.fill(0);
  request.value.fill(0);
  for (let i = 0; i < 50; i++) store.execute(put('k', `${i}`));
  store.execute(compact(store.revision));
  assert.equal(text(before?.value ?? bytes('')), 'v'.repeat(100));
  assert.equal(text(before?.key ?? bytes('')), 'k');
});

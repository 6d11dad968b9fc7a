import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KvStore } from '../src/index.ts';
import { compact, del, everything, FROM_KEY, pairs, put, range, txn } from './requests.ts';

function read(store: KvStore, revision: number): string[] | string {
  const result = store.range(everything({ revision }));
  return result.kind === 'range' ? pairs(result.keyValues) : result.refusal;
}

test('even revision 0 can be compacted, once', () => {
  const store = new KvStore();
  assert.deepEqual(store.execute(compact(0)), { kind: 'compact', revision: 1 });
  const refused = { kind: 'refused', refusal: 'compacted', revision: 1 };
  assert.deepEqual(store.execute(compact(0)), refused);
  assert.deepEqual(store.execute(compact(-1)), refused);
  assert.deepEqual(new KvStore().execute(compact(-1)), refused);
});

test('a compacted revision cannot be compacted again, a future one not yet', () => {
  const store = new KvStore();
  store.execute(put('a', '1'));
  store.execute(put('a', '2'));
  assert.deepEqual(store.execute(compact(2)), { kind: 'compact', revision: 3 });
  assert.equal(store.execute(compact(2)).kind, 'refused');
  assert.deepEqual(store.execute(compact(1)), {
    kind: 'refused',
    refusal: 'compacted',
    revision: 3,
  });
  assert.deepEqual(store.execute(compact(4)), {
    kind: 'refused',
    refusal: 'futureRevision',
    revision: 3,
  });
});

test('compaction keeps the newest version at or below the revision and every later one', () => {
  const store = new KvStore();
  for (const [key, value] of ['a1', 'b1', 'a2', 'a3', 'b2', 'a4']) {
    store.execute(put(`${key}`, `${value}`));
  }
  store.execute(compact(5));
  assert.equal(read(store, 4), 'compacted');
  assert.deepEqual(read(store, 5), ['a=3', 'b=1']);
  assert.deepEqual(read(store, 6), ['a=3', 'b=2']);
  assert.deepEqual(read(store, 7), ['a=4', 'b=2']);
});

test('a key deleted below the revision is gone with all its memory', () => {
  const store = new KvStore();
  store.execute(put('a', '1'));
  store.execute(del('a'));
  store.execute(compact(3));
  assert.deepEqual(read(store, 3), []);
  assert.ok(store.stats.bytes > 0, 'whoever follows changes may begin with the deletion');
  store.execute(put('b', '1'));
  store.execute(compact(4));
  assert.equal(store.stats.bytes, store.stats.bytesInUse);
});

test('what the compacted revision itself replaced is gone', () => {
  const store = new KvStore();
  for (const value of ['1', '2', '3']) store.execute(put('a', value.repeat(5000)));
  store.execute(put('b', 'x'.repeat(5000)));
  store.execute(txn([], [put('a', '4'), put('b', '2'), put('c', 'new')]));
  store.execute(compact(store.revision));
  assert.equal(store.stats.bytes, store.stats.bytesInUse);
  assert.deepEqual(read(store, store.revision), ['a=4', 'b=2', 'c=new']);
  store.execute(put('a', '5'));
  assert.deepEqual(read(store, store.revision - 1), ['a=4', 'b=2', 'c=new']);
});

test('of what the compacted revision itself deleted only the deletions are left', () => {
  const store = new KvStore();
  for (let i = 0; i < 10; i++) store.execute(put(`key-${i}`, 'x'.repeat(5000)));
  store.execute(del('key-', FROM_KEY));
  store.execute(compact(store.revision));
  store.execute(del('no such key'));
  assert.ok(store.stats.bytes < 10 * 300, `${store.stats.bytes} bytes are left`);
  store.execute(put('key-1', 'again'));
  store.execute(put('key-2', 'again'));
  assert.deepEqual(read(store, store.revision), ['key-1=again', 'key-2=again']);
  store.execute(compact(store.revision - 1));
  assert.equal(store.stats.bytes, store.stats.bytesInUse);
});

test('all that waits can be dropped without a command', () => {
  const store = new KvStore();
  for (let i = 0; i < 500; i++) store.execute(put('key', `${i}`));
  store.execute(compact(store.revision));
  assert.equal(store.sweep(100), false);
  assert.ok(store.stats.bytes > store.stats.bytesInUse);
  assert.equal(store.sweep(1000), true);
  assert.equal(store.stats.bytes, store.stats.bytesInUse);
});

test('a key that was deleted and made again keeps its new life', () => {
  const store = new KvStore();
  store.execute(put('a', '1'));
  store.execute(del('a'));
  store.execute(put('a', '2'));
  store.execute(put('a', '3'));
  store.execute(compact(3));
  assert.deepEqual([read(store, 3), read(store, 4), read(store, 5)], [[], ['a=2'], ['a=3']]);
  store.execute(compact(5));
  store.execute(put('a', '4', { prevKv: true }));
  const result = store.range(range('a'));
  assert.deepEqual(
    result.kind === 'range' && result.keyValues.map((one) => [one.createRevision, one.version]),
    [[4, 3]],
  );
});

test('a large compaction is not done at once but by the commands after it', () => {
  const store = new KvStore();
  const keys = 500;
  for (let i = 0; i < 4 * keys; i++) store.execute(put(`key-${i % keys}`, `value ${i}`));
  store.execute(compact(store.revision));
  const after = store.stats.bytes;
  assert.ok(after > store.stats.bytesInUse, 'something is left for later');
  assert.equal(read(store, store.revision - 1), 'compacted', 'but nobody can read it');
  let commands = 0;
  for (; store.stats.bytes > store.stats.bytesInUse; commands++) {
    store.execute(del('no such key'));
    assert.ok(commands < 4 * keys, 'it comes to an end');
  }
  assert.ok(commands > 10, 'each command did only a little');
  assert.equal(store.stats.keys, keys);
});

test('the sweep outruns commands that each change many keys', () => {
  const store = new KvStore();
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 100; i++) store.execute(put(`key-${i}`, 'v'));
    store.execute(del('key-', FROM_KEY));
    store.execute(compact(store.revision));
  }
  store.execute(put('the last', ''));
  store.execute(compact(store.revision));
  for (let i = 0; i < 20; i++) store.execute(del('no such key'));
  assert.equal(store.stats.bytes, store.stats.bytesInUse);
});

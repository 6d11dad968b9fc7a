import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeId } from '../../in-process-node.ts';
import { clusterId, text } from '../called-service.ts';
import { WatchedStore, Watching } from './watching.ts';

const toTheEnd = new Uint8Array(1);

async function storeWith(...pairs: string[]): Promise<WatchedStore> {
  const store = new WatchedStore();
  await store.puts(...pairs);
  return store;
}

test('a watch is announced before its events, with the revision of the store', async () => {
  const store = await storeWith('a=1');
  const watching = new Watching(store);
  watching.create('a');
  await store.puts('a=2', 'b=1', 'a=3');
  assert.deepEqual(watching.answers[0]?.header, {
    clusterId,
    memberId: BigInt(nodeId),
    revision: 2,
    raftTerm: 7,
  });
  assert.deepEqual(watching.take(), ['0@2 created', '0@5: a=2@3 a=3@5']);
});

test('an event has what the store has; a deletion only its key and revision', async () => {
  const store = await storeWith('a=1');
  const watching = new Watching(store);
  watching.create('a', { startRevision: 2 });
  await store.deletes('a');
  const [, put, deletion] = watching.answers;
  const kv = { key: text('a'), value: text('1'), createRevision: 2, modRevision: 2, version: 1 };
  assert.deepEqual(
    [...(put?.events ?? []), ...(deletion?.events ?? [])],
    [
      { type: 0, kv: { ...kv, lease: 0n }, prevKv: null },
      {
        type: 1,
        kv: { ...kv, value: text(''), createRevision: 0, modRevision: 3, version: 0, lease: 0n },
        prevKv: null,
      },
    ],
  );
});

test('ids count up past those that clients chose, and a taken one is refused', async () => {
  const store = new WatchedStore();
  const watching = new Watching(store);
  for (const watchId of [0n, 2n, 0n, 0n, 2n, -5n]) watching.create('a', { watchId });
  assert.deepEqual(watching.take(), [
    '0@1 created',
    '2@1 created',
    '1@1 created',
    '3@1 created',
    '-1@1 created canceled (mvcc: duplicate watch ID provided on the WatchStream)',
    '-5@1 created',
  ]);
  watching.cancel(1n);
  watching.create('a');
  assert.deepEqual(watching.take(), ['1@1 canceled', '4@1 created'], 'ids are not given twice');
});

test('no key is the first key, and a range end of one zero byte is no end', async () => {
  const store = new WatchedStore();
  const watching = new Watching(store);
  watching.create('', { watchId: 1n });
  watching.create('', { watchId: 2n, rangeEnd: toTheEnd });
  watching.create('b', { watchId: 3n, rangeEnd: toTheEnd });
  watching.create('a', { watchId: 4n, rangeEnd: text('b') });
  watching.take();
  await store.puts('\0=z', 'a=1', 'a\xff=2', 'b=3', 'c=4');
  assert.deepEqual(watching.take().toSorted(), [
    '1@6: \0=z@2',
    '2@6: \0=z@2 a=1@3 aÿ=2@4 b=3@5 c=4@6',
    '3@6: b=3@5 c=4@6',
    '4@6: a=1@3 aÿ=2@4',
  ]);
});

test('an empty range is refused', async () => {
  const watching = new Watching(new WatchedStore());
  for (const [key, rangeEnd] of [
    ['b', 'a'],
    ['b', 'b'],
  ]) {
    watching.create(key as string, { rangeEnd: text(rangeEnd as string) });
    const refused = ['-1@1 created canceled (mvcc: watcher range is empty)'];
    assert.deepEqual(watching.take(), refused);
  }
});

test('a watch can begin in the past, and goes on with what is new', async () => {
  const store = await storeWith('a=1', 'b=1', 'a=2');
  const watching = new Watching(store);
  watching.create('a', { startRevision: 1 });
  watching.create('a', { startRevision: 3 });
  await store.settle();
  assert.deepEqual(watching.take(), [
    '0@4 created',
    '1@4 created',
    '0@4: a=1@2 a=2@4',
    '1@4: a=2@4',
  ]);
  await store.puts('a=3');
  assert.deepEqual(watching.take(), ['0@5: a=3@5', '1@5: a=3@5']);
});

test('a watch that begins in the future tells of nothing before', async () => {
  const store = await storeWith('a=1');
  const watching = new Watching(store);
  watching.create('a', { startRevision: 5 });
  await store.puts('a=2', 'a=3');
  assert.deepEqual(watching.take(), ['0@2 created']);
  await store.puts('a=4', 'a=5');
  assert.deepEqual(watching.take(), ['0@6: a=4@5 a=5@6']);
});

test('a watch that begins below the compacted revision is made, then cancelled', async () => {
  const store = await storeWith('a=1', 'a=2', 'a=3', 'a=4');
  await store.compacts(4);
  const watching = new Watching(store);
  watching.create('a', { startRevision: 3 });
  await store.settle();
  assert.deepEqual(watching.take(), ['0@5 created', '0@0 canceled compacted 4']);
  watching.cancel(0n);
  watching.cancel(0n);
  assert.deepEqual(watching.take(), ['0@5 canceled'], 'a client may do so itself, once');
  assert.equal(watching.ended, undefined);
});

test('a watch can begin at the compacted revision, with all that happened at it', async () => {
  const store = await storeWith('a=1', 'b=1', 'a=2');
  await store.deletes('a', 'c');
  await store.compacts(5);
  await store.puts('c=1', 'c=2', 'c=3');
  const watching = new Watching(store);
  watching.create('a', { startRevision: 5, rangeEnd: text('z'), prevKv: true });
  await store.settle();
  assert.deepEqual(watching.take(), ['0@8 created', '0@8: -a@5 -b@5 c=1@6 c=2@7<1@6 c=3@8<2@7']);
});

test('a start revision below zero is refused as compacted', async () => {
  const watching = new Watching(new WatchedStore());
  watching.create('a', { startRevision: -1 });
  const reason = 'etcdserver: mvcc: required revision has been compacted';
  assert.deepEqual(watching.take(), [`-1@1 created canceled (${reason})`]);
});

test('what was there before comes along when asked for, unless there was nothing', async () => {
  const store = await storeWith('a=1');
  const watching = new Watching(store);
  watching.create('a', { prevKv: true });
  watching.create('a');
  watching.take();
  await store.puts('a=2');
  await store.deletes('a');
  await store.puts('a=3');
  assert.deepEqual(
    watching.take().filter((line) => line.startsWith('0')),
    ['0@3: a=2@3<1@2', '0@4: -a@4<2@3', '0@5: a=3@5'],
  );
});

test('filters leave out puts or deletions', async () => {
  const store = new WatchedStore();
  const watching = new Watching(store);
  watching.create('a', { filters: [0] });
  watching.create('a', { filters: [1] });
  watching.create('a', { filters: [0, 1] });
  watching.create('a', { filters: [7] });
  watching.take();
  await store.puts('a=1');
  await store.deletes('a');
  assert.deepEqual(watching.take(), ['1@2: a=1@2', '3@2: a=1@2', '0@3: -a@3', '3@3: -a@3']);
});

test('the events of one transaction come in one answer', async () => {
  const store = await storeWith('d=1');
  const watching = new Watching(store);
  watching.create('a', { rangeEnd: text('z') });
  const put = (key: string) => ({ requestPut: { key: text(key), value: text('t') } });
  const success = [put('a'), put('b'), { requestDeleteRange: { key: text('d') } }, put('c')];
  await store.txn({ success });
  await store.settle();
  assert.deepEqual(watching.take(), ['0@2 created', '0@3: a=t@3 b=t@3 -d@3 c=t@3']);
});

test('a cancelled watch is told of nothing more; an unknown id is not answered', async () => {
  const store = new WatchedStore();
  const watching = new Watching(store);
  watching.create('a');
  watching.create('a');
  await store.puts('a=1');
  watching.take();
  void store.put({ key: text('a') });
  watching.cancel(0n);
  watching.cancel(0n);
  watching.cancel(9n);
  await store.settle();
  assert.deepEqual(watching.take(), ['0@2 canceled', '1@3: a=@3']);
});

test('an empty request and a half-close are ignored', async () => {
  const store = new WatchedStore();
  const watching = new Watching(store);
  watching.ask({});
  watching.create('a');
  watching.halfClose();
  await store.puts('a=1');
  assert.deepEqual(watching.take(), ['0@1 created', '0@2: a=1@2']);
});

test('a malformed request ends the stream and what it watched', async () => {
  const store = new WatchedStore();
  const watching = new Watching(store);
  watching.create('a');
  watching.raw(new Uint8Array([255, 255]));
  assert.equal(watching.ended?.code, 13);
  await store.puts('a=1');
  assert.deepEqual(watching.take(), ['0@1 created']);
});

test('progress of a stream is told once all of its watches are in step', async () => {
  const store = await storeWith('a=1', 'a=2');
  const watching = new Watching(store);
  watching.progress();
  assert.deepEqual(watching.take(), [], 'there is nothing to tell of');
  watching.create('b');
  watching.progress();
  assert.deepEqual(watching.take(), ['0@3 created', '-1@3']);
  watching.create('a', { startRevision: 2 });
  watching.progress();
  assert.deepEqual(watching.take(), ['1@3 created']);
  await store.settle();
  assert.deepEqual(watching.take(), ['1@3: a=1@2 a=2@3', '-1@3']);
});

test('progress tells of no revision whose events have not been delivered', async () => {
  const store = new WatchedStore();
  const watching = new Watching(store);
  watching.create('a');
  void store.put({ key: text('a'), value: text('1') });
  await Promise.resolve();
  watching.progress();
  watching.progress();
  await store.settle();
  assert.deepEqual(watching.take(), ['0@1 created', '0@2: a=1@2', '-1@2']);
});

test('there is no progress before the revision that a watch begins with', async () => {
  const store = new WatchedStore();
  const watching = new Watching(store);
  watching.create('a', { startRevision: 2 });
  watching.progress();
  await store.puts('b=1');
  assert.deepEqual(watching.take(), ['0@1 created']);
  watching.progress();
  assert.deepEqual(watching.take(), ['-1@2']);
});

test('a quiet watch hears how far it is, at intervals with some chance in them', async () => {
  const store = new WatchedStore({ watch: { progressIntervalMs: 1 } });
  const usual = store.time.appointments;
  const watching = new Watching(store);
  watching.create('a', { progressNotify: true });
  watching.create('b');
  await store.puts('c=1');
  watching.take();
  await store.time.advance(99);
  assert.deepEqual(watching.take(), [], 'an interval is 100 ms at least');
  await store.time.advance(11);
  assert.deepEqual(watching.take(), ['0@2']);
  await store.puts('a=1');
  watching.take();
  await store.time.advance(110);
  assert.deepEqual(watching.take(), [], 'it was told something meanwhile');
  await store.time.advance(110);
  assert.deepEqual(watching.take(), ['0@3']);
  watching.close();
  assert.equal(store.time.appointments, usual);
});

test('streams that require a leader end when there has been none for long', async () => {
  const store = new WatchedStore();
  const requiring = new Watching(store, true);
  const patient = new Watching(store);
  for (const one of [requiring, patient]) one.create('a');
  store.group.becomeLed(0);
  await store.time.advance(2999);
  store.group.becomeLed(nodeId);
  await store.time.advance(10_000);
  store.group.becomeLed(0);
  await store.time.advance(2999);
  assert.equal(requiring.ended, undefined);
  await store.time.advance(1);
  assert.deepEqual(requiring.ended, { code: 14, message: 'etcdserver: no leader' });
  const refused = new Watching(store, true);
  assert.deepEqual(refused.ended, { code: 14, message: 'etcdserver: no leader' });
  store.group.becomeLed(nodeId);
  await store.puts('a=1');
  assert.equal(patient.ended, undefined);
  assert.deepEqual(patient.take(), ['0@1 created', '0@2: a=1@2']);
});

test('a server that stops ends its streams, and leaves no timer behind', async () => {
  const store = new WatchedStore({ watch: { progressIntervalMs: 1000 } });
  const before = store.time.appointments;
  const watching = new Watching(store);
  watching.create('a', { progressNotify: true, startRevision: 1 });
  store.service.stop();
  store.group.becomeLed(0);
  assert.deepEqual(watching.ended, { code: 14, message: 'etcdserver: server stopped' });
  await store.puts('a=1');
  assert.ok(store.time.appointments <= before);
  assert.deepEqual(watching.take(), ['0@1 created']);
});

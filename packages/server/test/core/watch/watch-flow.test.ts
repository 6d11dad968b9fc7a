import assert from 'node:assert/strict';
import { test } from 'node:test';
import { text } from '../called-service.ts';
import { WatchedStore, Watching } from './watching.ts';

const toTheEnd = new Uint8Array(1);

/** A share so small that one refusal is enough. */
const tight = { watch: { queueBytes: 1 } };
/** One revision at a time. */
const sliced = { watch: { queueBytes: 1, slice: { changes: 1, bytes: 1 } } };

function restore(store: WatchedStore, from: WatchedStore): void {
  const sink = store.group.machine.restore();
  const snapshot = from.group.machine.snapshot();
  for (let next = snapshot.next(); !next.done; next = snapshot.next()) sink.chunk(next.value);
  sink.finish();
}

test('a slow reader is sent nothing more until it has read, and then all it missed', async () => {
  const store = new WatchedStore(tight);
  const slow = new Watching(store);
  const quick = new Watching(store);
  for (const one of [slow, quick]) one.create('a');
  slow.room = 1;
  for (const pair of ['a=1', 'a=2', 'a=3']) await store.puts(pair);
  assert.deepEqual(slow.take(), ['0@1 created', '0@2: a=1@2']);
  assert.deepEqual(quick.take(), ['0@1 created', '0@2: a=1@2', '0@3: a=2@3', '0@4: a=3@4']);
  slow.drain();
  await store.settle();
  assert.deepEqual(slow.take(), ['0@4: a=2@3 a=3@4']);
  await store.puts('a=4');
  assert.deepEqual(slow.take(), ['0@5: a=4@5']);
});

test('events that were given are counted, and how far the slowest is behind', async () => {
  const store = new WatchedStore(tight);
  const census = (): readonly number[] => {
    const { slowWatchers, events, pendingRevisions } = store.service.watchCensus;
    return [slowWatchers, events, pendingRevisions];
  };
  const [slow, quick, gone] = [new Watching(store), new Watching(store), new Watching(store)];
  for (const one of [slow, quick, gone]) one.create('a');
  assert.deepEqual(census(), [0, 0, 0]);
  slow.room = 1;
  gone.room = 1;
  for (const pair of ['a=1', 'a=2', 'b=1', 'a=3']) await store.puts(pair);
  // Of the first put each was given its event; of the others only the quick one was.
  assert.deepEqual(census(), [2, 5, 3]);
  gone.close();
  assert.deepEqual(census(), [1, 5, 3]);
  slow.drain();
  await store.settle();
  assert.deepEqual(census(), [0, 7, 0]);
});

test('what waits for a reader is its share, beyond what the transport keeps', async () => {
  const store = new WatchedStore({ watch: { queueBytes: 300 } });
  const slow = new Watching(store);
  slow.create('a');
  slow.room = 1;
  for (let i = 0; i < 20; i++) await store.puts(`a=${'x'.repeat(100)}`);
  const [, refused = 0, ...rest] = slow.sizes;
  const total = rest.reduce((sum, size) => sum + size, refused);
  assert.ok(total >= 300 && total - (rest.at(-1) ?? 0) < 300, `${total} bytes wait`);
  slow.take();
  slow.drain();
  await store.settle();
  assert.equal(slow.answers.flatMap(({ events }) => events).length, 20 - rest.length - 1);
});

test('a reader that is blocked and compacted away is told so once it reads', async () => {
  const store = new WatchedStore(tight);
  const slow = new Watching(store);
  slow.create('a');
  slow.create('b');
  slow.room = 1;
  for (const pair of ['a=1', 'a=2', 'a=3']) await store.puts(pair);
  await store.compacts(4);
  assert.deepEqual(slow.take(), ['0@1 created', '1@1 created', '0@2: a=1@2']);
  slow.drain();
  await store.puts('b=1');
  assert.deepEqual(slow.take().toSorted(), ['0@0 canceled compacted 4', '1@5: b=1@5']);
});

test('whoever reads is not cancelled by a compaction of what it is about to be told', async () => {
  const store = new WatchedStore();
  const watching = new Watching(store);
  watching.create('a', { prevKv: true });
  void store.put({ key: text('a'), value: text('1') });
  void store.put({ key: text('a'), value: text('2') });
  void store.put({ key: text('a'), value: text('3') });
  void store.compact({ revision: 4 });
  for (let i = 0; i < 100; i++) void store.deleteRange({ key: text('none') });
  await store.settle();
  assert.deepEqual(watching.take(), ['0@1 created', '0@4: a=1@2 a=2@3 a=3@4']);
});

test('a watch that is catching up is cancelled only for what it has not been told', async () => {
  const store = new WatchedStore(sliced);
  for (let i = 1; i <= 8; i++) await store.puts(`a=${i}`);
  const watching = new Watching(store);
  watching.create('a', { startRevision: 2 });
  // Two slices a turn.
  await store.time.turn();
  await store.time.turn();
  assert.deepEqual(watching.take().length, 1 + 4);
  void store.compact({ revision: 6 });
  await store.settle();
  assert.deepEqual(watching.take(), ['0@6: a=5@6', '0@7: a=6@7', '0@8: a=7@8', '0@9: a=8@9']);
});

test('watches that come during a pass through history get theirs, whatever its place', async () => {
  const store = new WatchedStore(sliced);
  for (let i = 1; i <= 8; i++) await store.puts(`a=${i}`);
  const watching = new Watching(store);
  watching.create('a', { startRevision: 2 });
  await store.time.turn();
  await store.time.turn();
  watching.create('a', { startRevision: 3 });
  watching.create('a', { startRevision: 8 });
  await store.puts('a=9');
  const told = watching.answers.map(({ watchId, events }) => ({ watchId, events }));
  const revisions = (id: bigint): number[] =>
    told.flatMap(({ watchId, events }) =>
      watchId === id ? events.map(({ kv }) => kv?.modRevision ?? 0) : [],
    );
  assert.deepEqual(revisions(0n), [2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(revisions(1n), [3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(revisions(2n), [8, 9, 10]);
});

test('those in step are served while another goes through a long history', async () => {
  const store = new WatchedStore(sliced);
  for (let i = 1; i <= 50; i++) await store.puts(`a=${i}`);
  const past = new Watching(store);
  const present = new Watching(store);
  past.create('a', { startRevision: 1 });
  present.create('a');
  void store.put({ key: text('a'), value: text('new') });
  await store.time.turn();
  await store.time.turn();
  assert.deepEqual(present.take(), ['0@51 created', '0@52: a=new@52']);
  assert.ok(past.answers.length < 10);
  await store.settle();
  assert.equal(past.answers.flatMap(({ events }) => events).length, 51);
});

test('a watch that is cancelled while it is behind leaves the others their progress', async () => {
  const store = new WatchedStore();
  await store.puts('a=1');
  const watching = new Watching(store);
  watching.create('a', { startRevision: 1 });
  watching.create('b');
  watching.progress();
  watching.cancel(0n);
  await store.settle();
  assert.deepEqual(watching.take(), ['0@2 created', '1@2 created', '0@2 canceled', '-1@2']);
});

test('a stream that closes is forgotten, also while it is behind', async () => {
  const store = new WatchedStore(tight);
  await store.puts('a=1');
  const watching = new Watching(store);
  watching.create('a', { startRevision: 1 });
  watching.create('a');
  watching.room = 1;
  watching.progress();
  await store.puts('a=2');
  watching.take();
  watching.close();
  await store.puts('a=3');
  assert.deepEqual(watching.take(), []);
});

test('progress asked for by a reader that is blocked is told once, when it has read', async () => {
  const store = new WatchedStore({ watch: { queueBytes: 20 } });
  const watching = new Watching(store);
  watching.room = 1;
  watching.create('a');
  for (let i = 0; i < 100; i++) watching.progress();
  assert.deepEqual(watching.take(), ['0@1 created']);
  await store.puts('b=1');
  watching.drain();
  assert.deepEqual(watching.take(), ['-1@2']);
});

test('who asks and never reads is cut off', () => {
  const store = new WatchedStore(tight);
  const watching = new Watching(store);
  watching.room = 1;
  watching.create('a');
  for (let i = 0; i < 100 && watching.ended === undefined; i++) watching.create('a');
  assert.deepEqual(watching.ended, { code: 8, message: 'etcdserver: too many requests' });
});

test('after a snapshot that has the history between, watches go on without a gap', async () => {
  const store = new WatchedStore();
  const ahead = new WatchedStore();
  for (const one of [store, ahead]) await one.puts('a=1');
  const watching = new Watching(store);
  watching.create('a', { prevKv: true });
  await ahead.puts('a=2', 'b=1', 'a=3', 'a=4');
  await ahead.compacts(3);
  restore(store, ahead);
  await store.puts('a=5');
  assert.deepEqual(watching.take(), ['0@2 created', '0@7: a=2@3 a=3@5<2@3 a=4@6<3@5 a=5@7<4@6']);
});

test('after a snapshot without it they are cancelled, unless they begin later', async () => {
  const store = new WatchedStore();
  const ahead = new WatchedStore();
  for (const one of [store, ahead]) await one.puts('a=1');
  const watching = new Watching(store);
  watching.create('a');
  watching.create('a', { startRevision: 4 });
  watching.create('a', { startRevision: 3 });
  await ahead.puts('a=2', 'a=3');
  await ahead.compacts(4);
  restore(store, ahead);
  await store.settle();
  assert.deepEqual(watching.take().slice(3), [
    '0@0 canceled compacted 4',
    '2@0 canceled compacted 4',
    '1@4: a=3@4',
  ]);
});

test('a snapshot in the middle of a pass through history does not disturb it', async () => {
  const store = new WatchedStore(sliced);
  const ahead = new WatchedStore();
  for (const one of [store, ahead]) await one.puts('a=1', 'a=2', 'a=3', 'a=4', 'a=5', 'a=6');
  const watching = new Watching(store);
  watching.create('a', { startRevision: 2, rangeEnd: toTheEnd });
  await store.time.turn();
  await ahead.puts('b=1');
  restore(store, ahead);
  await store.settle();
  const events = watching.answers.flatMap((answer) => answer.events);
  assert.deepEqual(
    events.map(({ kv }) => kv?.modRevision),
    [2, 3, 4, 5, 6, 7, 8],
  );
});

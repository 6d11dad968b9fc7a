import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { logStoreCases } from '@quorate/storage/conformance';
import { createMemoryLogStore, createMemorySnapshotStore, StorageError } from '../src/index.ts';
import { answer, create, load, save } from './snapshot-calls.ts';
import { VirtualWorld } from './virtual-world.ts';
import { cut, entries, snapshotMeta, write } from './wal-fixture.ts';

suite('a log in memory', () => {
  const places = () => {
    const world = new VirtualWorld(1);
    let log = createMemoryLogStore({ timers: world.ports.timers });
    return {
      open: () => {
        log = log.reopen();
        return log;
      },
      pause: async (ms: number) => world.run(ms),
      crash: () => void log.reopen(),
    };
  };
  for (const { name, run } of logStoreCases(places, { withoutFailingWrites: true }))
    test(name, run);

  test('counts what it holds, and lets go of what was cut away', () => {
    const world = new VirtualWorld(1);
    const log = createMemoryLogStore({ timers: world.ports.timers });
    const submit = (...writes: Parameters<typeof log.submit>[0]): number => {
      log.submit(writes, (error) => assert.equal(error, null));
      world.run();
      return log.diskBytes;
    };
    assert.equal(log.diskBytes, 0);
    const full = submit(write(1, { entries: entries(1, 10, 1, 1000) }));
    assert.ok(full > 10_000);
    assert.equal(submit(write(1, { truncateAfter: 6, entries: entries(7, 10, 2, 1000) })), full);
    const tail = submit(write(1, { ...cut(1, 9, 2), entries: entries(11, 11, 2, 1000) }));
    assert.ok(tail > 2000 && tail < 3000);
    assert.equal(log.reopen().diskBytes, tail);
  });

  test('that was opened again is dead: it neither answers nor takes', () => {
    const world = new VirtualWorld(1);
    const log = createMemoryLogStore({ timers: world.ports.timers });
    const told: string[] = [];
    const one = [write(1, { entries: entries(1, 1, 1, 8) })];
    log.submit(one, () => told.push('before'));
    const again = log.reopen();
    log.submit(one, () => told.push('after'));
    again.submit(one, () => told.push('again'));
    world.run();
    assert.deepEqual([told, log.writable, again.writable], [['again'], false, true]);
  });
});

suite('snapshots in memory', () => {
  const chunks = [new Uint8Array(300).fill(7), Uint8Array.of(1, 2, 3), new Uint8Array(0)];
  const meta = snapshotMeta(9, 3);

  test('are read back chunk by chunk, from any chunk on, by any number of readers', () => {
    const world = new VirtualWorld(1);
    const store = createMemorySnapshotStore({ timers: world.ports.timers });
    const own = chunks.map((chunk) => chunk.slice());
    save(world, store, 1, meta, own);
    for (const chunk of own) chunk.fill(99);
    for (let first = 0; first <= 4; first++) {
      const read = load(world, store, 1, meta, first);
      assert.deepEqual(read, chunks.slice(first));
      for (const chunk of read) chunk.fill(88);
    }
  });

  test('of another group, index, term or configuration are not there', () => {
    const world = new VirtualWorld(1);
    const store = createMemorySnapshotStore({ timers: world.ports.timers });
    save(world, store, 1, meta, chunks);
    const other = { ...meta, configuration: { ...meta.configuration, voters: [1, 2] } };
    for (const [group, wanted] of [
      [2, meta],
      [1, snapshotMeta(8, 3)],
      [1, snapshotMeta(9, 4)],
      [1, other],
    ] as const) {
      assert.throws(
        () => load(world, store, group, wanted),
        (error) => error instanceof StorageError && error.code === 'STORAGE_SNAPSHOT_MISSING',
      );
    }
  });

  test('are there when committed, gone when aborted or collected, and newer ones stay', () => {
    const world = new VirtualWorld(1);
    const store = createMemorySnapshotStore({ timers: world.ports.timers });
    const isThere = (index: number): boolean => {
      try {
        return load(world, store, 1, snapshotMeta(index, 1)).length === 3;
      } catch {
        return false;
      }
    };
    const begun = create(world, store, 1, snapshotMeta(2, 1));
    answer<void>(world, (done) => begun.write(new Uint8Array(1), done));
    begun.abort();
    for (const index of [3, 6, 9]) save(world, store, 1, snapshotMeta(index, 1), chunks);
    save(world, store, 2, snapshotMeta(1, 1), chunks);
    assert.deepEqual([2, 3, 6, 9].map(isThere), [false, true, true, true]);
    store.collect(1, snapshotMeta(6, 1));
    assert.deepEqual([2, 3, 6, 9].map(isThere), [false, false, true, true]);
    assert.equal(load(world, store, 2, snapshotMeta(1, 1)).length, 3);
  });

  test('take no chunk that a file could not hold', () => {
    const world = new VirtualWorld(1);
    const store = createMemorySnapshotStore({ timers: world.ports.timers });
    const writer = create(world, store, 1, meta);
    assert.throws(
      () => answer<void>(world, (done) => writer.write(new Uint8Array(4 * 2 ** 20 + 1), done)),
      (error) => error instanceof StorageError && error.code === 'STORAGE_CHUNK_TOO_LARGE',
    );
  });
});

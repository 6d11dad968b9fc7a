import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type Codec, concatBytes, portableChecksum } from '@quorate/base';
import type { SnapshotStore } from '@quorate/raft';
import fc from 'fast-check';
import { openSnapshotStore, StorageError } from '../src/index.ts';
import { encodeFrameHead, encodeSnapshotHeader } from '../src/snapshot/snapshot-format.ts';
import { answer, create, load, save } from './snapshot-calls.ts';
import { VirtualWorld } from './virtual-world.ts';
import { snapshotMeta } from './wal-fixture.ts';

const zstd: Codec = {
  name: 'zstd',
  compress: (bytes) =>
    zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
  decompress: (bytes, maxOutputLength) => zstdDecompressSync(bytes, { maxOutputLength }),
};

function openStore(world: VirtualWorld, codec: Codec = world.ports.codec): SnapshotStore {
  return openSnapshotStore({ ports: { ...world.ports, codec }, directory: '.' });
}

function files(world: VirtualWorld): string[] {
  return world.disk.blocking.list('snapshots');
}

function codeOf(call: () => unknown): string {
  try {
    call();
    return 'none';
  } catch (error) {
    if (error instanceof StorageError) return error.code;
    throw error;
  }
}

const chunks = [
  new Uint8Array(300).fill(7),
  Uint8Array.from({ length: 90 }, (_, at) => (at * 37) & 255),
  new Uint8Array(0),
];

suite('a snapshot', () => {
  test('is read back chunk by chunk, from any chunk on, with any codec', () => {
    const someChunks = fc.array(fc.uint8Array({ maxLength: 2000 }), { maxLength: 6 });
    fc.assert(
      fc.property(someChunks, fc.nat(7), fc.boolean(), (content, first, packed) => {
        const world = new VirtualWorld(1);
        const store = openStore(world, packed ? zstd : world.ports.codec);
        const meta = snapshotMeta(2 ** 50, 7);
        save(world, store, 2 ** 40, meta, content);
        world.crash();
        const found = load(
          world,
          openStore(world, packed ? zstd : world.ports.codec),
          2 ** 40,
          meta,
        );
        assert.deepEqual(found, content);
        if (first > content.length) return;
        assert.deepEqual(load(world, store, 2 ** 40, meta, first), content.slice(first));
      }),
      { numRuns: 60 },
    );
  });

  test('has nothing to give beyond its end', () => {
    const world = new VirtualWorld(1);
    const store = openStore(world);
    save(world, store, 1, snapshotMeta(5, 1), chunks);
    assert.deepEqual(load(world, store, 1, snapshotMeta(5, 1), 99), []);
  });

  test('with a flipped bit in any byte is refused before its end', () => {
    const world = new VirtualWorld(2);
    const store = openStore(world);
    const meta = snapshotMeta(9, 3);
    save(world, store, 4, meta, chunks);
    const path = 'snapshots/4-9-3.snap';
    const whole = world.disk.blocking.readFile(path);
    for (let at = 0; at < whole.length; at++) {
      world.disk.flipBit(path, at, at & 7);
      const code = codeOf(() => load(world, store, 4, meta));
      const expected = at >= 8 && at < 16 ? /CORRUPT|VERSION_UNSUPPORTED/ : /SNAPSHOT_CORRUPT/;
      assert.match(code, expected, `byte ${at}`);
      world.disk.flipBit(path, at, at & 7);
    }
    for (let length = 0; length < whole.length; length++) {
      world.disk.blocking.writeFileDurably(path, whole.subarray(0, length));
      assert.equal(
        codeOf(() => load(world, store, 4, meta)),
        'STORAGE_SNAPSHOT_CORRUPT',
      );
    }
  });

  test('of another group, index or configuration is not taken for the one asked for', () => {
    const world = new VirtualWorld(3);
    const store = openStore(world);
    save(world, store, 4, snapshotMeta(9, 3), chunks);
    const path = 'snapshots/4-9-3.snap';
    const whole = world.disk.blocking.readFile(path);
    world.disk.blocking.writeFileDurably('snapshots/4-8-3.snap', whole);
    world.disk.blocking.writeFileDurably('snapshots/5-9-3.snap', whole);
    const meta = snapshotMeta(9, 3);
    const other = { ...meta, configuration: { ...meta.configuration, voters: [1, 2] } };
    for (const call of [
      () => load(world, store, 4, snapshotMeta(8, 3)),
      () => load(world, store, 5, meta),
      () => load(world, store, 4, other),
    ]) {
      assert.equal(codeOf(call), 'STORAGE_SNAPSHOT_CORRUPT');
    }
    assert.equal(
      codeOf(() => load(world, openStore(world, zstd), 4, meta)),
      'STORAGE_VERSION_UNSUPPORTED',
    );
    assert.equal(
      codeOf(() => load(world, store, 4, snapshotMeta(77, 3))),
      'STORAGE_SNAPSHOT_MISSING',
    );
  });

  test('cannot make a reader take more than a chunk may hold', () => {
    const world = new VirtualWorld(4);
    const store = openStore(world, zstd);
    const writer = create(world, store, 1, snapshotMeta(1, 1));
    const large = new Uint8Array(4 * 2 ** 20 + 1);
    assert.equal(
      codeOf(() => answer<void>(world, (done) => writer.write(large, done))),
      'STORAGE_CHUNK_TOO_LARGE',
    );
    // A small file that claims a small chunk and unpacks to a large one.
    const header = encodeSnapshotHeader(2, snapshotMeta(1, 1), 'zstd', portableChecksum);
    const bomb = zstd.compress(large);
    const head = encodeFrameHead(bomb, 100, header.crc, portableChecksum);
    const path = 'snapshots/2-1-1.snap';
    world.disk.blocking.writeFileDurably(path, concatBytes([header.bytes, head, bomb]));
    assert.equal(
      codeOf(() => load(world, store, 2, snapshotMeta(1, 1))),
      'STORAGE_SNAPSHOT_CORRUPT',
    );
    const endless = head.slice();
    endless.fill(0xfe, 0, 4);
    world.disk.blocking.writeFileDurably(path, concatBytes([header.bytes, endless, bomb]));
    assert.equal(
      codeOf(() => load(world, store, 2, snapshotMeta(1, 1))),
      'STORAGE_SNAPSHOT_CORRUPT',
    );
  });
});

suite('snapshot files', () => {
  test('have their name only when they are whole and durable', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const world = new VirtualWorld(seed);
      const store = openStore(world);
      let committed = false;
      const meta = snapshotMeta(3, 1);
      const writer = create(world, store, 1, meta);
      for (const chunk of chunks) answer<void>(world, (done) => writer.write(chunk, done));
      writer.commit(() => {
        committed = true;
      });
      for (let step = 0; step < seed % 6; step++) world.step();
      world.crash();
      const again = openStore(world);
      const named = files(world).includes('1-3-1.snap');
      if (committed) assert.ok(named);
      if (named) assert.deepEqual(load(world, again, 1, meta), chunks);
    }
  });

  test('other than the one to keep are collected, half-written ones of earlier runs too', () => {
    const world = new VirtualWorld(5);
    const first = openStore(world);
    for (const index of [3, 6]) save(world, first, 1, snapshotMeta(index, 1), chunks);
    save(world, first, 2, snapshotMeta(6, 1), chunks);
    create(world, first, 1, snapshotMeta(8, 1));
    world.kill();
    const store = openStore(world);
    create(world, store, 1, snapshotMeta(9, 1));
    assert.deepEqual(files(world).length, 5);
    store.collect(1, snapshotMeta(6, 1));
    world.run();
    assert.deepEqual(files(world), ['1-6-1.snap', '1-9-1.part1', '2-6-1.snap']);
  });

  test('that are newer than the one to keep stay while the log may be about to name them', () => {
    const world = new VirtualWorld(6);
    const store = openStore(world);
    save(world, store, 1, snapshotMeta(3, 1), chunks);
    save(world, store, 1, snapshotMeta(9, 1), chunks);
    store.collect(1, snapshotMeta(3, 1));
    world.run();
    assert.deepEqual(files(world), ['1-3-1.snap', '1-9-1.snap']);
    store.collect(1, snapshotMeta(9, 1));
    world.run();
    assert.deepEqual(files(world), ['1-9-1.snap']);
  });

  test('that were given up are gone, and may be written again', () => {
    const world = new VirtualWorld(7);
    const store = openStore(world);
    const writer = create(world, store, 1, snapshotMeta(3, 1));
    answer<void>(world, (done) => writer.write(chunks[0] as Uint8Array, done));
    writer.abort();
    writer.abort();
    world.run();
    assert.deepEqual(files(world), []);
    create(world, store, 1, snapshotMeta(3, 1));
    world.kill();
    const again = openStore(world);
    save(world, again, 1, snapshotMeta(3, 1), chunks);
    assert.deepEqual(load(world, again, 1, snapshotMeta(3, 1)), chunks);
  });

  test('report a full disk and a failed fsync to whoever writes them', () => {
    const world = new VirtualWorld(8);
    const store = openStore(world);
    const writer = create(world, store, 1, snapshotMeta(3, 1));
    world.disk.capacityBytes = world.disk.usedBytes + 10;
    const full = (): void => answer<void>(world, (done) => writer.write(new Uint8Array(99), done));
    assert.throws(full, { kind: 'full' });
    writer.abort();
    world.disk.capacityBytes = Number.POSITIVE_INFINITY;
    const other = create(world, store, 1, snapshotMeta(3, 1));
    world.disk.injectSyncFault('fail', () => true, 1);
    assert.throws(() => answer<void>(world, (done) => other.commit(done)), { kind: 'io' });
    store.collect(1, snapshotMeta(0, 0));
    world.run();
    assert.deepEqual(files(world), []);
  });

  test('that are large become durable as they are written, not all at the end', () => {
    const world = new VirtualWorld(9);
    const store = openStore(world);
    const writer = create(world, store, 1, snapshotMeta(3, 1));
    const chunk = new Uint8Array(4 * 1024 * 1024).fill(1);
    const write = (): void => answer<void>(world, (done) => writer.write(chunk, done));
    world.disk.injectSyncFault('fail', () => true, 1);
    write();
    assert.throws(write, { kind: 'io' });
    writer.abort();
    world.run();
    assert.deepEqual(files(world), []);
  });
});

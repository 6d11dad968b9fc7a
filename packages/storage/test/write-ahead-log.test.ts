import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { AssertionFailed, type File, type FileSystem, FileSystemError } from '@quorate/base';
import { openWriteAheadLog, StorageError } from '../src/index.ts';
import { logStoreSuite } from './log-store-suite.ts';
import { VirtualWorld } from './virtual-world.ts';
import {
  codeOf,
  commit,
  cut,
  entries,
  entry,
  openLog,
  segmentFile,
  segments,
  snapshotMeta,
  write,
} from './wal-fixture.ts';

let places = 0;
logStoreSuite('write-ahead log', () => {
  const world = new VirtualWorld(++places);
  return {
    open: () => openLog(world, 4096),
    pause: async (ms) => world.run(ms),
    crash: () => world.crash(),
    failWrites: () => world.disk.injectSyncFault('fail', () => true, 1),
  };
});

suite('group commit', () => {
  test('what gathers while a batch is under way shares the next one', () => {
    const world = new VirtualWorld(1);
    const log = openLog(world, 65_536);
    commit(world, log, write(1, { entries: entries(1, 1, 1, 8) }));
    let writes = 0;
    const done: number[] = [];
    for (let index = 2; index <= 40; index++) {
      log.submit([write(1, { entries: entries(index, index, 1, 8) })], () => {
        // A flight ends: its submissions are answered at the same moment.
        if (done.at(-1) !== world.nowMs) writes += 1;
        done.push(world.nowMs);
      });
    }
    world.run();
    assert.equal(done.length, 39);
    assert.equal(writes, 2);
  });

  test('submissions made by the callbacks of one batch gather too', () => {
    const world = new VirtualWorld(1);
    const log = openLog(world, 65_536);
    commit(world, log, write(9, { entries: entries(1, 1, 1, 8) }));
    const times = new Set<number>();
    const writes = [1, 2, 3].map((group) => write(group, { entries: entries(1, 1, 1, 8) }));
    for (const first of writes) {
      log.submit([first], () => {
        const next = write(first.group, { entries: entries(2, 2, 1, 8) });
        log.submit([next], () => times.add(world.nowMs));
      });
    }
    world.run();
    assert.ok(times.size <= 2, 'three submissions take two flights: one was alone at first');
  });

  test('a gap in the log is a mistake of the caller and fails an assertion', () => {
    const world = new VirtualWorld(1);
    const log = openLog(world);
    const gap = write(1, { entries: [entry(2, 1, 'x')] });
    assert.throws(() => log.submit([gap], () => undefined), AssertionFailed);
    const back = { term: 4, votedFor: 0, commitIndex: 0 };
    commit(world, log, write(2, { hardState: { ...back, term: 5 } }));
    const older = write(2, { hardState: back });
    assert.throws(() => log.submit([older], () => undefined), AssertionFailed);
  });
});

suite('segments', () => {
  /** Group 1 writes and cuts its log until `turns` more segments were opened. */
  function churn(world: VirtualWorld, log: ReturnType<typeof openLog>, from: number): number {
    let index = from;
    for (let turn = 0; turn < 30; turn++) {
      commit(world, log, write(1, { entries: entries(index, index + 2, 1, 200) }));
      index += 3;
      commit(world, log, cut(1, index - 1, 1));
    }
    return index;
  }

  test("an idle group's only vote outlives its segment and pins nothing", () => {
    const world = new VirtualWorld(2);
    let log = openLog(world);
    const hardState = { term: 3, votedFor: 2, commitIndex: 0 };
    commit(world, log, write(5, { hardState, snapshot: snapshotMeta(0, 0) }));
    churn(world, log, 1);
    assert.ok(!segments(world).includes('0000000000000002.seg'));
    assert.ok(segments(world).length <= 3, segments(world).join());
    assert.equal(log.pinnedBy, null);
    world.crash();
    log = openLog(world);
    assert.deepEqual(log.recovered.get(5)?.hardState, hardState);
    assert.deepEqual(log.recovered.get(5)?.snapshot, snapshotMeta(0, 0));
  });

  test('a group whose entries keep old segments is named until it cuts its log', () => {
    const world = new VirtualWorld(3);
    let log = openLog(world);
    commit(world, log, write(5, { entries: entries(1, 1, 1, 8) }));
    const next = churn(world, log, 1);
    assert.equal(log.pinnedBy, 5);
    assert.ok(segments(world).length > 5);
    world.crash();
    log = openLog(world);
    assert.equal(log.pinnedBy, 5, 'also after a restart');
    assert.deepEqual(log.recovered.get(5)?.entries, entries(1, 1, 1, 8));
    commit(world, log, cut(5, 1, 1));
    assert.equal(log.pinnedBy, null);
    churn(world, log, next);
    assert.ok(segments(world).length <= 3);
  });

  test('entries truncated since do not keep a segment', () => {
    const world = new VirtualWorld(4);
    const log = openLog(world);
    commit(world, log, write(5, { entries: entries(1, 3, 1, 8) }));
    commit(world, log, write(5, { truncateAfter: 0 }));
    churn(world, log, 1);
    assert.ok(segments(world).length <= 3);
    world.crash();
    assert.deepEqual(openLog(world).recovered.get(5)?.entries, []);
  });

  test('entries rewritten after a truncation are the ones recovered, over segments too', () => {
    const world = new VirtualWorld(5);
    const log = openLog(world);
    for (let term = 1; term <= 12; term++) {
      commit(
        world,
        log,
        write(1, { truncateAfter: 2, entries: entries(term < 2 ? 1 : 3, 8, term, 90) }),
      );
    }
    world.crash();
    const found = openLog(world).recovered.get(1)?.entries ?? [];
    assert.deepEqual(
      found.map(({ index, term }) => [index, term]),
      [1, 2, 3, 4, 5, 6, 7, 8].map((index) => [index, index < 3 ? 1 : 12]),
    );
  });

  test('a write larger than a segment gets a larger segment', () => {
    const world = new VirtualWorld(6);
    let log = openLog(world);
    const large = entries(1, 3, 1, 5000);
    commit(world, log, write(1, { entries: large }), write(2, { entries: entries(1, 1, 1, 9) }));
    commit(world, log, write(1, { entries: [entry(4, 1, 'after')] }));
    world.crash();
    log = openLog(world);
    assert.deepEqual(log.recovered.get(1)?.entries, [...large, entry(4, 1, 'after')]);
    commit(world, log, cut(1, 4, 1), cut(2, 1, 1), write(3, { entries: entries(1, 1, 1, 1500) }));
    assert.ok(log.diskBytes <= 3 * 2048 + 72, `${log.diskBytes}`);
  });

  test('the spare of an earlier run is put away, torn or whole', () => {
    const world = new VirtualWorld(7);
    const log = openLog(world);
    commit(world, log, write(1, { entries: entries(1, 1, 1, 8) }));
    world.kill();
    assert.deepEqual(segments(world).length, 2);
    world.disk.blocking.overwriteDurably(segmentFile(3), 100, new Uint8Array([1, 2, 3]));
    const again = openLog(world);
    assert.equal(again.recovered.get(1)?.entries.length, 1);
    commit(world, again, write(1, { entries: entries(2, 9, 1, 400) }));
    world.crash();
    assert.equal(openLog(world).recovered.get(1)?.entries.length, 9);
  });
});

suite('the segment written ahead', () => {
  /** Records the length of each durable write, as it is handed over. */
  function recording(world: VirtualWorld, lengths: number[]): FileSystem {
    const watch = (file: File | null): File | null => {
      if (!file) return null;
      const writeDurably = file.writeDurably.bind(file);
      file.writeDurably = (offset, chunks, done) => {
        lengths.push(chunks[0]?.length ?? 0);
        writeDurably(offset, chunks, done);
      };
      return file;
    };
    const { disk } = world;
    return {
      blocking: disk.blocking,
      create: (path, done) => disk.create(path, (error, file) => done(error, watch(file))),
      open: (path, done) => disk.open(path, (error, file) => done(error, watch(file))),
      size: (path, done) => disk.size(path, done),
      rename: (from, to, done) => disk.rename(from, to, done),
      remove: (path, done) => disk.remove(path, done),
      syncDirectory: (path, done) => disk.syncDirectory(path, done),
    };
  }

  test('grows by at most one bounded piece between two batches', () => {
    const world = new VirtualWorld(13);
    world.disk.blocking.makeDirectory('data');
    const lengths: number[] = [];
    const ports = { ...world.ports, fileSystem: recording(world, lengths) };
    const log = openWriteAheadLog({
      ports,
      directory: 'data',
      incarnation: 1,
      segmentBytes: 4 * 2 ** 20,
    });
    commit(world, log, write(1, { entries: entries(1, 1, 1, 100) }));
    commit(world, log, write(1, { entries: entries(2, 2, 1, 4 * 2 ** 20 - 400) }));
    lengths.length = 0;
    let index = 2;
    const next = (): void => {
      index += 1;
      if (index > 400) return;
      log.submit([write(1, { entries: entries(index, index, 1, 100) })], next);
    };
    next();
    next();
    world.run();
    const piece = 256 * 1024;
    const pieces = lengths.flatMap((length, at) => (length === piece ? [at] : []));
    assert.equal(pieces.length, 16);
    assert.ok(lengths.every((length) => length <= piece));
    assert.ok(pieces.every((at, count) => count === 0 || at - (pieces[count - 1] ?? 0) > 1));
  });
});

suite('a full disk', () => {
  test('shows before what was promised room is used up, and is over when there is room', () => {
    const world = new VirtualWorld(8);
    const log = openLog(world, 4096);
    commit(world, log, write(1, { entries: entries(1, 1, 1, 2100) }));
    assert.equal(log.writable, true);
    world.disk.capacityBytes = world.disk.usedBytes + 100;
    // Takes the spare; there is no room for another.
    log.submit([write(1, { entries: entries(2, 2, 1, 2100) })], (error) =>
      assert.equal(error, null),
    );
    world.run(1000);
    assert.equal(log.writable, false);
    let small = 0;
    log.submit([write(1, { entries: entries(3, 3, 1, 8) })], (error) => {
      assert.equal(error, null);
      small += 1;
    });
    world.run(1000);
    assert.equal(small, 1, 'there is room in the current segment for what must be written');
    world.disk.capacityBytes = Number.POSITIVE_INFINITY;
    world.run(10_000);
    assert.equal(log.writable, true);
    commit(world, log, write(1, { entries: entries(4, 9, 1, 900) }));
    world.crash();
    assert.equal(openLog(world, 4096).recovered.get(1)?.entries.length, 9);
  });

  test('lets what does not fit wait, and is no reason to fail', () => {
    const world = new VirtualWorld(9);
    const log = openLog(world);
    commit(world, log, write(1, { entries: entries(1, 1, 1, 8) }));
    world.disk.capacityBytes = world.disk.usedBytes;
    let answers = 0;
    for (let index = 2; index <= 6; index++) {
      log.submit([write(1, { entries: entries(index, index, 1, 900) })], (error) => {
        assert.equal(error, null);
        answers += 1;
      });
    }
    world.run(60_000);
    assert.ok(answers < 5);
    world.disk.capacityBytes = Number.POSITIVE_INFINITY;
    world.run();
    assert.equal(answers, 5);
  });

  test('does not keep a log from closing', () => {
    const world = new VirtualWorld(10);
    const log = openLog(world);
    commit(world, log, write(1, { entries: entries(1, 1, 1, 8) }));
    world.disk.capacityBytes = world.disk.usedBytes;
    const answers: string[] = [];
    for (let index = 2; index <= 4; index++) {
      log.submit([write(1, { entries: entries(index, index, 1, 1500) })], (error) =>
        answers.push(error instanceof StorageError ? error.code : 'durable'),
      );
    }
    log.close(() => answers.push('closed'));
    world.run();
    assert.deepEqual(answers, ['durable', 'durable', 'STORAGE_CLOSED', 'closed']);
  });
});

suite('a failed fsync', () => {
  test('is final: all that waits and all that comes is refused, and nothing is tried again', () => {
    const world = new VirtualWorld(11);
    const log = openLog(world, 8192);
    commit(world, log, write(1, { entries: entries(1, 1, 1, 8) }));
    world.disk.injectSyncFault('fail', (path) => path === segmentFile(2), 1);
    const codes: string[] = [];
    for (let index = 2; index <= 5; index++) {
      log.submit([write(1, { entries: entries(index, index, 1, 8) })], (error) =>
        codes.push(error instanceof StorageError ? error.code : 'none'),
      );
    }
    world.run();
    assert.deepEqual(codes, new Array(4).fill('STORAGE_FAILED'));
    assert.equal(log.writable, true, 'who writes next learns of it');
    assert.equal(
      codeOf(() => commit(world, log, write(1, { entries: entries(6, 6, 1, 8) }))),
      'STORAGE_FAILED',
    );
    log.close(() => codes.push('closed'));
    world.run();
    assert.equal(codes.at(-1), 'closed');
    world.crash();
    const found = openLog(world, 8192).recovered.get(1)?.entries.length ?? 0;
    assert.ok(found === 1 || found === 2, 'what was answered is there, what was not may be');
  });

  test('of the spare segment stops the log as well', () => {
    const world = new VirtualWorld(12);
    const log = openLog(world);
    world.disk.injectSyncFault('fail', (path) => path === segmentFile(2), 1);
    assert.equal(
      codeOf(() => commit(world, log, write(1, { entries: entries(1, 1, 1, 8) }))),
      'STORAGE_FAILED',
    );
  });
});

suite('a log whose directory is gone', () => {
  test('fails, and is not taken for one on a full disk', () => {
    const world = new VirtualWorld(14);
    const { disk, ports } = world;
    let isGone = false;
    const fileSystem: FileSystem = {
      blocking: disk.blocking,
      create: (path, done) => {
        if (!isGone) disk.create(path, done);
        else {
          const error = new FileSystemError('notFound', path, `cannot create ${path}: ENOENT`);
          ports.timers.defer(() => done(error, null));
        }
      },
      open: (path, done) => disk.open(path, done),
      size: (path, done) => disk.size(path, done),
      rename: (from, to, done) => disk.rename(from, to, done),
      remove: (path, done) => disk.remove(path, done),
      syncDirectory: (path, done) => disk.syncDirectory(path, done),
    };
    disk.blocking.makeDirectory('data');
    const log = openWriteAheadLog({
      ports: { ...ports, fileSystem },
      directory: 'data',
      incarnation: 1,
      segmentBytes: 2048,
    });
    commit(world, log, write(1, { entries: entries(1, 1, 1, 1100) }));
    isGone = true;
    // Takes the spare; the one after it cannot be made, and nobody waits for that.
    commit(world, log, write(1, { entries: entries(2, 2, 1, 1100) }));
    assert.equal(log.writable, true, 'no full disk: who writes next learns of it');
    assert.throws(
      () => commit(world, log, write(1, { entries: entries(3, 3, 1, 8) })),
      (error) =>
        error instanceof StorageError &&
        error.code === 'STORAGE_FAILED' &&
        /^the directory of the log is gone.*ENOENT.*must stop.*Never start it with an empty/.test(
          error.message,
        ),
    );
    assert.deepEqual(world.warnings, []);
  });
});

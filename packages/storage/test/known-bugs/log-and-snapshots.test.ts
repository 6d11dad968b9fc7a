import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openSnapshotStore } from '../../src/index.ts';
import { VirtualWorld } from '../virtual-world.ts';
import {
  codeOf,
  commit,
  cut,
  entries,
  openLog,
  segmentFile,
  segments,
  snapshotMeta,
  write,
} from '../wal-fixture.ts';

const segmentBytes = 2048;

/** A log of several segments, and its files as they are when the process dies. */
function longLog(): VirtualWorld {
  const world = new VirtualWorld(3);
  const log = openLog(world, segmentBytes);
  for (let index = 1; index <= 12; index++) {
    commit(world, log, write(1, { entries: entries(index, index, 1, 500) }));
  }
  world.kill();
  return world;
}

function change(world: VirtualWorld, name: string, damage: (bytes: Uint8Array) => void): void {
  const bytes = world.disk.blocking.readFile(name).slice();
  damage(bytes);
  world.disk.blocking.writeFileDurably(name, bytes);
}

/** Where the last batch that is there ends: what follows is zeros. */
function endOfContent(bytes: Uint8Array): number {
  return bytes.findLastIndex((byte) => byte !== 0) + 1;
}

describe('known bugs: the log', () => {
  it('bug 8: a torn tail is cut, and the node starts with all that was acknowledged', () => {
    const world = longLog();
    const before = openLog(world, segmentBytes).recovered.get(1)?.entries.length ?? 0;
    assert.equal(before, 12);
    world.kill();
    const name = `data/wal/${segments(world).findLast((segment) => {
      const bytes = world.disk.blocking.readFile(`data/wal/${segment}`);
      return endOfContent(bytes) > 300;
    })}`;
    // The last batch was being written when the power went: its end is missing.
    change(world, name, (bytes) => bytes.fill(0, endOfContent(bytes) - 100));
    const recovered = openLog(world, segmentBytes).recovered.get(1);
    assert.deepEqual(
      recovered?.entries.map(({ index }) => index),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    );
  });

  it('bug 8: damage in an earlier segment is refused, never skipped', () => {
    const world = longLog();
    assert.ok(segments(world).length >= 4);
    change(world, segmentFile(2), (bytes) => {
      bytes[400] = (bytes[400] as number) ^ 0x10;
    });
    assert.equal(
      codeOf(() => openLog(world, segmentBytes)),
      'STORAGE_CORRUPT',
    );
  });

  it('bug 9: a lost fsync that later writes built on ends in a refusal that stays one', () => {
    const world = new VirtualWorld(5);
    const log = openLog(world, 65_536);
    for (let index = 1; index <= 4; index++) {
      commit(world, log, write(1, { entries: entries(index, index, 1, 700) }));
    }
    world.kill();
    // The disk had answered for the batch of entry 3, and does not have it.
    const start = (bytes: Uint8Array): number =>
      bytes.findIndex((_, at) => bytes.subarray(at, at + 700).every((byte) => byte === 3));
    const names = segments(world).map((name) => `data/wal/${name}`);
    const name = names.find((one) => start(world.disk.blocking.readFile(one)) >= 0) ?? '';
    change(world, name, (bytes) => bytes.fill(0, start(bytes), start(bytes) + 700));
    for (let time = 0; time < 3; time++) {
      assert.equal(
        codeOf(() => openLog(world, 65_536)),
        'STORAGE_CORRUPT',
        'each start says the same, and nothing is changed',
      );
      world.kill();
    }
  });
});

describe('known bugs: snapshots', () => {
  it('bug 42: only the snapshot that the log names counts, whichever files are there', () => {
    const world = new VirtualWorld(9);
    const log = openLog(world, segmentBytes);
    commit(world, log, write(1, { entries: entries(1, 6, 1, 100) }));
    commit(world, log, cut(1, 3, 1));
    commit(world, log, cut(1, 6, 1));
    world.kill();
    // Files of an older one and of one that was never named lie about.
    world.disk.blocking.makeDirectory('data/snapshots');
    for (const name of ['1-3-1.snap', '1-9-1.snap']) {
      world.disk.blocking.writeFileDurably(`data/snapshots/${name}`, new Uint8Array(10));
    }
    const recovered = openLog(world, segmentBytes).recovered.get(1);
    assert.deepEqual(recovered?.snapshot, snapshotMeta(6, 1));
    assert.deepEqual(recovered?.logStart, { index: 6, term: 1 });
    const store = openSnapshotStore({ ports: world.ports, directory: 'data' });
    store.collect(1, snapshotMeta(6, 1));
    world.run();
    assert.ok(!world.disk.blocking.list('data/snapshots').includes('1-3-1.snap'));
  });
});

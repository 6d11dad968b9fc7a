import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type File, FileSystemError } from '@quorate/base';
import { VirtualWorld } from './virtual-world.ts';

function create(world: VirtualWorld, path: string): File {
  let created: File | null = null;
  world.disk.create(path, (error, file) => {
    assert.equal(error, null);
    created = file;
  });
  world.run();
  assert.ok(created);
  return created;
}

function syncNames(world: VirtualWorld): void {
  world.disk.blocking.syncDirectory('.');
}

/** Over many seeds: what is in the file after `play` and a crash. */
function outcomes(play: (world: VirtualWorld, file: File) => void): Set<string> {
  const found = new Set<string>();
  for (let seed = 1; seed <= 300; seed++) {
    const world = new VirtualWorld(seed);
    const file = create(world, 'f');
    syncNames(world);
    play(world, file);
    world.crash();
    const bytes = world.disk.blocking.readFile('f');
    found.add([...bytes].join(' '));
  }
  return found;
}

const nothing = (): void => undefined;

suite('the virtual disk', () => {
  test('keeps what was synced, and keeps, loses or tears what was not', () => {
    const bytes = [1, 2, 3, 4];
    const synced = outcomes((world, file) => {
      file.writeDurably(0, [Uint8Array.from(bytes)], nothing);
      world.run();
    });
    assert.deepEqual([...synced], ['1 2 3 4']);
    const unsynced = outcomes((world, file) => {
      file.write(0, [Uint8Array.from(bytes)], nothing);
      world.run();
    });
    for (const state of ['', '1 2 3 4', '1 2', '1 2 0 0']) assert.ok(unsynced.has(state), state);
    for (const state of unsynced) assert.match(state, /^(1( 2( 3( 4)?)?)?)?( ?0)*$/);
  });

  test('may lose an earlier sector of a write and keep a later one', () => {
    const found = outcomes((world, file) => {
      file.write(0, [new Uint8Array(512).fill(1), new Uint8Array(512).fill(2)], nothing);
      world.run();
    });
    const second = `${'0 '.repeat(512)}${new Array(512).fill(2).join(' ')}`;
    assert.ok(found.has(second));
  });

  test('never answers what was under way at a crash, which may have happened', () => {
    let answered = 0;
    const found = outcomes((world, file) => {
      file.writeDurably(0, [Uint8Array.of(9)], () => {
        answered += 1;
      });
      world.disk.crash();
      world.run();
    });
    assert.equal(answered, 0);
    assert.ok(found.has('9') && found.has(''));
  });

  test('carries out the operations on a file in order', () => {
    const world = new VirtualWorld(1);
    const file = create(world, 'f');
    const order: string[] = [];
    file.write(0, [Uint8Array.of(1, 1, 1)], () => order.push('first'));
    file.writeDurably(1, [Uint8Array.of(2)], () => order.push('second'));
    file.read(0, 10, (_, bytes) => order.push([...(bytes ?? [])].join('')));
    file.close(() => order.push('closed'));
    file.sync((error) => assert.equal(error?.kind, 'closed'));
    world.run();
    assert.deepEqual(order, ['first', 'second', '121', 'closed']);
  });

  test('forgets names that were not synced, and brings back removed ones', () => {
    const found = new Set<string>();
    for (let seed = 1; seed <= 60; seed++) {
      const world = new VirtualWorld(seed);
      const { blocking } = world.disk;
      blocking.makeDirectory('a/b');
      blocking.syncDirectory('.');
      blocking.syncDirectory('a');
      blocking.writeFileDurably('a/b/old', Uint8Array.of(1));
      blocking.syncDirectory('a/b');
      blocking.rename('a/b/old', 'a/b/new');
      blocking.writeFileDurably('a/b/fresh', Uint8Array.of(2));
      world.crash();
      found.add(blocking.list('a/b').join());
    }
    assert.deepEqual([...found].sort(), ['fresh,new', 'fresh,old', 'new', 'old']);
  });

  test('loses a directory whose name was not synced, with all that is in it', () => {
    const found = new Set<boolean>();
    for (let seed = 1; seed <= 30; seed++) {
      const world = new VirtualWorld(seed);
      world.disk.blocking.makeDirectory('a');
      world.disk.blocking.writeFileDurably('a/f', Uint8Array.of(1));
      world.disk.blocking.syncDirectory('a');
      world.crash();
      const exists = world.disk.blocking.list('.').includes('a');
      if (exists) assert.deepEqual(world.disk.blocking.list('a'), ['f']);
      found.add(exists);
    }
    assert.equal(found.size, 2);
  });

  test('keeps the cache when only the process dies, and loses it with the power', () => {
    const found = new Set<number>();
    for (let seed = 1; seed <= 30; seed++) {
      const world = new VirtualWorld(seed);
      const file = create(world, 'f');
      syncNames(world);
      file.write(0, [Uint8Array.of(5)], nothing);
      world.kill();
      assert.deepEqual([...world.disk.blocking.readFile('f')], [5]);
      world.crash();
      found.add(world.disk.blocking.readFile('f').length);
    }
    assert.deepEqual(
      [...found].sort((a, b) => a - b),
      [0, 1],
    );
  });

  test('reports a full disk and has room again when files are removed', () => {
    const world = new VirtualWorld(1);
    world.disk.capacityBytes = 100;
    world.disk.blocking.writeFileDurably('a', new Uint8Array(80));
    const file = create(world, 'b');
    const kinds: (string | null)[] = [];
    file.write(0, [new Uint8Array(30)], (error) => kinds.push(error?.kind ?? null));
    world.run();
    world.disk.remove('a', nothing);
    file.write(0, [new Uint8Array(30)], (error) => kinds.push(error?.kind ?? null));
    world.run();
    assert.deepEqual(kinds, ['full', null]);
    assert.equal(world.disk.usedBytes, 30);
  });

  test('fails or fakes a sync when told to', () => {
    const failed = outcomes((world, file) => {
      world.disk.injectSyncFault('fail', (path) => path === 'f', 1);
      file.writeDurably(0, [Uint8Array.of(1)], (error) => assert.equal(error?.kind, 'io'));
      world.run();
      file.sync((error) => assert.equal(error, null));
      world.run();
    });
    assert.ok(failed.has('') && failed.has('1'), 'a later sync does not mend a failed one');
    const faked = outcomes((world, file) => {
      world.disk.injectSyncFault('lose', (path) => path === 'f', 1);
      file.writeDurably(0, [Uint8Array.of(1)], (error) => assert.equal(error, null));
      world.run();
    });
    assert.ok(faked.has('') && faked.has('1'));
  });

  test('locks a directory until release or crash', () => {
    const world = new VirtualWorld(1);
    const { blocking } = world.disk;
    const lock = blocking.lock('.');
    assert.throws(() => blocking.lock('.'), FileSystemError);
    lock.release();
    blocking.lock('.');
    world.crash();
    blocking.lock('.');
  });

  test('does the same for the same seed', () => {
    const play = (): string => {
      const world = new VirtualWorld(77);
      const file = create(world, 'f');
      syncNames(world);
      for (let at = 0; at < 20; at++) file.write(at * 100, [new Uint8Array(700).fill(at)], nothing);
      world.run(5);
      world.crash();
      return `${world.nowMs} ${world.disk.blocking.readFile('f').join()}`;
    };
    assert.equal(play(), play());
  });
});

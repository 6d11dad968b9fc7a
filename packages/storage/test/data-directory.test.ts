import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { portableChecksum } from '@quorate/base';
import { PowerFailure } from '@quorate/sim';
import { claimDataDirectory, type DataDirectory, StorageError } from '../src/index.ts';
import { VirtualWorld } from './virtual-world.ts';
import { codeOf, openLog } from './wal-fixture.ts';

const clusterId = '00c0ffee00c0ffee';

function claim(world: VirtualWorld, nodeId = 3, cluster = clusterId): DataDirectory {
  const { crypto } = world.ports;
  const owner = { clusterId: cluster, nodeId };
  return claimDataDirectory({ fileSystem: world.disk, crypto, directory: 'data', ...owner });
}

suite('a data directory', () => {
  test('keeps its incarnation, and a new one has another', () => {
    const world = new VirtualWorld(1);
    const { incarnation } = claim(world);
    assert.ok(Number.isSafeInteger(incarnation) && incarnation > 0 && incarnation < 2 ** 48);
    world.crash();
    assert.equal(claim(world).incarnation, incarnation);
    assert.notEqual(claim(new VirtualWorld(2)).incarnation, incarnation);
  });

  test('belongs to one process at a time', () => {
    const world = new VirtualWorld(1);
    const held = claim(world);
    assert.equal(
      codeOf(() => claim(world)),
      'STORAGE_LOCKED',
    );
    held.release();
    const next = claim(world);
    held.release();
    assert.equal(
      codeOf(() => claim(world)),
      'STORAGE_LOCKED',
      'released once only',
    );
    next.release();
    claim(world);
  });

  test('is refused to another node or cluster, naming both, and left unlocked', () => {
    const world = new VirtualWorld(1);
    claim(world).release();
    for (const [nodeId, cluster] of [
      [4, clusterId],
      [3, '1111111111111111'],
    ] as const) {
      assert.throws(
        () => claim(world, nodeId, cluster),
        (error: Error) => {
          assert.ok(error instanceof StorageError && error.code === 'STORAGE_FOREIGN_DIRECTORY');
          for (const id of [clusterId, cluster, 'node 3', `node ${nodeId}`]) {
            assert.ok(error.message.includes(id), `${error.message} names ${id}`);
          }
          return true;
        },
      );
    }
    claim(world);
  });

  test('is refused when it holds something else, and left as it was', () => {
    const world = new VirtualWorld(1);
    const { blocking } = world.disk;
    blocking.makeDirectory('data/member');
    blocking.writeFileDurably('data/member/theirs', new Uint8Array(1));
    assert.equal(
      codeOf(() => claim(world)),
      'STORAGE_DIRECTORY_NOT_OURS',
    );
    assert.deepEqual(blocking.list('data'), ['member']);
  });

  test('may be the root of a new file system', () => {
    const world = new VirtualWorld(1);
    world.disk.blocking.makeDirectory('data/lost+found');
    world.disk.blocking.writeFileDurably('data/lost+found/x', new Uint8Array(1));
    claim(world);
  });

  test('with a log and no identity is refused, not adopted', () => {
    const world = new VirtualWorld(1);
    openLog(world);
    assert.equal(
      codeOf(() => claim(world)),
      'STORAGE_CORRUPT',
    );
    world.disk.blocking.remove('data/log-begun');
    assert.equal(
      codeOf(() => claim(world)),
      'STORAGE_CORRUPT',
    );
  });

  test('with a damaged identity is refused, whichever byte it is', () => {
    const world = new VirtualWorld(1);
    claim(world).release();
    const bytes = world.disk.blocking.readFile('data/identity');
    for (let at = 0; at < bytes.length; at++) {
      world.disk.flipBit('data/identity', at, at % 7);
      assert.match(
        codeOf(() => claim(world)),
        /^STORAGE_(CORRUPT|VERSION_UNSUPPORTED)$/,
      );
      world.disk.flipBit('data/identity', at, at % 7);
    }
    claim(world);
  });

  test('with a number that no handshake could carry is refused, its checksum right or not', () => {
    const world = new VirtualWorld(1);
    claim(world).release();
    const text = new TextDecoder().decode(world.disk.blocking.readFile('data/identity'));
    const changed = text.replace(/incarnation \d+/, 'incarnation 9007199254740993');
    const body = changed.replace(/checksum.*\n/, '');
    const crc = portableChecksum.crc32(new TextEncoder().encode(body), 0);
    const sealed = `${body}checksum ${crc.toString(16).padStart(8, '0')}\n`;
    world.disk.blocking.writeFileDurably('data/identity', new TextEncoder().encode(sealed));
    assert.equal(
      codeOf(() => claim(world)),
      'STORAGE_CORRUPT',
    );
  });

  test('of a newer format is refused as such', () => {
    const world = new VirtualWorld(1);
    claim(world).release();
    const text = new TextDecoder().decode(world.disk.blocking.readFile('data/identity'));
    const body = text.replace('version 1', 'version 2').replace(/checksum.*\n/, '');
    const crc = portableChecksum.crc32(new TextEncoder().encode(body), 0);
    const sealed = `${body}checksum ${crc.toString(16).padStart(8, '0')}\n`;
    world.disk.blocking.writeFileDurably('data/identity', new TextEncoder().encode(sealed));
    assert.equal(
      codeOf(() => claim(world)),
      'STORAGE_VERSION_UNSUPPORTED',
    );
  });

  test('of a newer format is refused as such, whatever its checksum is over', () => {
    const world = new VirtualWorld(1);
    claim(world).release();
    const text = new TextDecoder().decode(world.disk.blocking.readFile('data/identity'));
    const newer = new TextEncoder().encode(text.replace('version 1', 'version 2'));
    world.disk.blocking.writeFileDurably('data/identity', newer);
    assert.throws(() => claim(world), /says that it has format version 2;.*or a newer one/);
  });

  test('is whole or new after a power cut at any step of its creation', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const world = new VirtualWorld(seed);
      world.disk.blocking.failPowerAfter(1 + (seed % 7));
      let incarnation: number | null = null;
      try {
        incarnation = claim(world).incarnation;
      } catch (error) {
        assert.ok(error instanceof PowerFailure);
      }
      world.disk.blocking.failPowerAfter(Number.POSITIVE_INFINITY);
      world.crash();
      const found = claim(world).incarnation;
      if (incarnation !== null) assert.equal(found, incarnation);
      world.kill();
      world.crash();
      assert.equal(claim(world).incarnation, found);
    }
  });
});

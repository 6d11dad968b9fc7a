import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type File, FileSystemError, Prng } from '@quorate/base';
import { Scheduler, VirtualDisk } from '../../src/index.ts';

const nothing = (): void => undefined;
const sector = 512;

/** A disk on virtual time, and what is on it. */
class World {
  readonly scheduler = new Scheduler();
  readonly disk: VirtualDisk;

  constructor(seed: number) {
    this.disk = new VirtualDisk({
      schedule: (delayMs, callback) => void this.scheduler.schedule(delayMs, callback),
      prng: new Prng(seed),
    });
  }

  run(): void {
    while (this.scheduler.step(this.scheduler.nowMs + 60_000));
  }

  /** Durable, with its name. */
  put(path: string, bytes: Uint8Array): void {
    this.disk.blocking.writeFileDurably(path, bytes);
    this.disk.blocking.syncDirectory('.');
  }

  file(path: string): File {
    let opened: File | null = null;
    this.disk.open(path, (_, file) => {
      opened = file;
    });
    this.run();
    assert.ok(opened);
    return opened;
  }

  /** @returns how it ended: null or the kind of error */
  write(file: File, offset: number, ...chunks: Uint8Array[]): string | null {
    let kind: string | null = 'no answer';
    file.writeDurably(offset, chunks, (error) => {
      kind = error?.kind ?? null;
    });
    this.run();
    return kind;
  }

  read(path: string): Uint8Array {
    return this.disk.blocking.readFile(path);
  }
}

function filled(bytes: number, value: number): Uint8Array {
  return new Uint8Array(bytes).fill(value);
}

/** Where two arrays of one length differ. */
function differences(a: Uint8Array, b: Uint8Array): number[] {
  assert.equal(a.length, b.length);
  return [...a.keys()].filter((at) => a[at] !== b[at]);
}

const seeds = Array.from({ length: 60 }, (_, i) => i + 1);

describe('a sync that only pretends', () => {
  it('leaves the bytes in the cache, and at the mercy of a loss of power', () => {
    const left = new Set<number>();
    for (const seed of seeds) {
      const world = new World(seed);
      world.put('f', filled(8, 1));
      world.disk.injectSyncFault('lose', (path) => path === 'f', 1);
      assert.equal(world.write(world.file('f'), 0, filled(8, 2)), null);
      assert.deepEqual(world.read('f'), filled(8, 2));
      world.disk.kill();
      assert.deepEqual(world.read('f'), filled(8, 2));
      world.disk.crash();
      left.add(world.read('f')[0] ?? 0);
      assert.deepEqual(world.disk.struckFaults, [{ kind: 'lost sync', path: 'f' }]);
    }
    assert.deepEqual(
      [...left].sort((a, b) => a - b),
      [1, 2],
    );
  });

  it('is made up for by a later one that works', () => {
    for (const seed of seeds) {
      const world = new World(seed);
      world.put('f', filled(8, 1));
      world.disk.injectSyncFault('lose', () => true, 1);
      const file = world.file('f');
      world.write(file, 0, filled(8, 2));
      file.sync(nothing);
      world.run();
      world.disk.crash();
      assert.deepEqual(world.read('f'), filled(8, 2));
    }
  });
});

describe('a sync that fails', () => {
  it('leaves each unsynced byte old or new, whatever is synced afterwards', () => {
    const mixtures = new Set<string>();
    for (const seed of seeds) {
      const world = new World(seed);
      world.put('f', filled(2 * sector, 1));
      world.disk.injectSyncFault('fail', () => true, 1);
      const file = world.file('f');
      assert.equal(world.write(file, 0, filled(2 * sector, 2)), 'io');
      assert.equal(world.write(file, 3 * sector, filled(8, 3)), null);
      world.disk.crash();
      const bytes = world.read('f');
      assert.deepEqual(bytes.subarray(3 * sector), filled(8, 3));
      const seen = new Set(bytes.subarray(0, 2 * sector));
      assert.ok([...seen].every((byte) => byte === 1 || byte === 2));
      mixtures.add([...seen].sort((a, b) => a - b).join());
    }
    assert.deepEqual([...mixtures].sort(), ['1', '1,2', '2']);
  });
});

describe('a loss of power', () => {
  it('undoes writes that were not synced, however they overlap', () => {
    for (const seed of seeds) {
      const prng = new Prng(seed);
      const world = new World(seed);
      const before = Uint8Array.from({ length: 200 }, (_, at) => at);
      world.put('f', before);
      const file = world.file('f');
      const mayBe = [...before].map((byte) => new Set([byte]));
      for (let write = 0; write < 10; write++) {
        const offset = prng.below(300);
        const bytes = filled(prng.between(1, 100), 201 + write);
        file.write(offset, [bytes], nothing);
        for (let at = mayBe.length; at < offset + bytes.length; at++) mayBe.push(new Set([0]));
        for (let at = 0; at < bytes.length; at++) mayBe[offset + at]?.add(201 + write);
      }
      world.run();
      world.disk.crash();
      const after = world.read('f');
      assert.ok(after.length >= before.length && after.length <= mayBe.length);
      for (const [at, byte] of after.entries()) assert.ok(mayBe[at]?.has(byte), `offset ${at}`);
    }
  });
});

describe('a flipped bit', () => {
  it('is in what readers see and in what is left after a loss of power', () => {
    const world = new World(1);
    world.put('f', filled(4, 0));
    assert.deepEqual(world.disk.flipBit('./f', 2, 3), { path: 'f', offset: 2 });
    assert.deepEqual([...world.read('f')], [0, 0, 8, 0]);
    world.disk.crash();
    assert.deepEqual([...world.read('f')], [0, 0, 8, 0]);
  });

  it('does not show through what waits for its sync, which mends it', () => {
    const world = new World(1);
    world.put('f', filled(4, 0));
    const file = world.file('f');
    file.write(2, [filled(1, 1)], nothing);
    world.run();
    world.disk.flipBit('f', 2, 7);
    assert.deepEqual([...world.read('f')], [0, 0, 1, 0]);
    file.sync(nothing);
    world.run();
    world.disk.crash();
    assert.deepEqual([...world.read('f')], [0, 0, 1, 0]);
  });

  it('needs a durable byte of a file', () => {
    const world = new World(1);
    assert.equal(world.disk.flipBit('f', 0, 0), null);
    world.put('f', filled(4, 0));
    assert.equal(world.disk.flipBit('f', 4, 0), null);
    world.file('f').write(4, [filled(4, 0)], nothing);
    world.run();
    assert.equal(world.disk.flipBit('f', 4, 0), null);
    assert.deepEqual(world.disk.struckFaults, []);
  });

  it('is drawn among the files that match, and rather where there is something', () => {
    const found = new Set<string>();
    let meaningful = 0;
    for (const seed of seeds) {
      const world = new World(seed);
      const content = new Uint8Array(1000).fill(7, 0, 300);
      for (const path of ['a', 'b', 'other']) world.put(path, content);
      world.put('empty', new Uint8Array(0));
      const place = world.disk.corrupt(new Prng(seed), (path) => path !== 'other');
      assert.ok(place);
      assert.deepEqual(differences(world.read(place.path), content), [place.offset]);
      found.add(place.path);
      if (place.offset < 300) meaningful += 1;
    }
    assert.deepEqual([...found].sort(), ['a', 'b']);
    assert.ok(meaningful > seeds.length * 0.9);
    assert.equal(
      new World(1).disk.corrupt(new Prng(1), () => true),
      null,
    );
  });
});

describe('a misdirected write', () => {
  it('lands in another sector of a matching file, durably, and its place keeps the old', () => {
    const hit = new Set<string>();
    for (const seed of seeds) {
      const world = new World(seed);
      const old = filled(4 * sector, 1);
      for (const path of ['a', 'b', 'other']) world.put(path, old);
      world.disk.injectMisdirectedWrite((path) => path !== 'other', 1);
      assert.equal(world.write(world.file('a'), sector, filled(40, 2), filled(60, 2)), null);
      world.disk.crash();
      assert.deepEqual(world.read('other'), old);
      const changed = ['a', 'b'].flatMap((path) =>
        differences(world.read(path), old).map((at) => ({ path, at })),
      );
      assert.equal(changed.length, 100);
      const first = changed[0];
      assert.ok(first);
      assert.equal(first.at % sector, 0);
      assert.ok(changed.every(({ path, at }, i) => path === first.path && at === first.at + i));
      assert.notDeepEqual(first, { path: 'a', at: sector });
      hit.add(first.path);
    }
    assert.deepEqual([...hit].sort(), ['a', 'b']);
  });

  it('is lost where there is no other place, and the next one is as it should be', () => {
    const world = new World(1);
    world.put('f', filled(100, 1));
    world.disk.injectMisdirectedWrite(() => true, 1);
    const file = world.file('f');
    assert.equal(world.write(file, 0, filled(100, 2)), null);
    assert.deepEqual(world.read('f'), filled(100, 1));
    assert.equal(world.write(file, 0, filled(100, 3)), null);
    assert.deepEqual(world.read('f'), filled(100, 3));
  });

  it('never makes a file longer', () => {
    for (const seed of seeds) {
      const world = new World(seed);
      world.put('f', filled(sector + 10, 1));
      world.disk.injectMisdirectedWrite(() => true, 1);
      world.write(world.file('f'), 2 * sector, filled(3 * sector, 2));
      assert.equal(world.read('f').length, sector + 10);
    }
  });
});

describe('a failed read', () => {
  it('is an I/O error, so many times, and harms nothing', () => {
    const world = new World(1);
    world.put('f', filled(4, 1));
    world.disk.injectReadFault((path) => path === 'f', 2);
    assert.throws(
      () => world.read('f'),
      (error) => error instanceof FileSystemError && error.kind === 'io',
    );
    const answers: string[] = [];
    const file = world.file('f');
    for (let i = 0; i < 2; i++) {
      file.read(0, 4, (error, bytes) => answers.push(error?.kind ?? `${bytes}`));
    }
    world.run();
    assert.deepEqual(answers, ['io', '1,1,1,1']);
  });
});

describe('injected faults', () => {
  it('can be taken back before they strike', () => {
    const world = new World(1);
    world.put('f', filled(4, 1));
    world.disk.injectSyncFault('fail', () => true, 5);
    world.disk.injectReadFault(() => true, 5);
    world.disk.injectMisdirectedWrite(() => true, 5);
    world.disk.clearFaults();
    assert.equal(world.write(world.file('f'), 0, filled(4, 2)), null);
    assert.deepEqual(world.read('f'), filled(4, 2));
    assert.deepEqual(world.disk.struckFaults, []);
  });
});

describe('the capacity', () => {
  it('may be lowered below what is used and raised again', () => {
    const world = new World(1);
    world.put('f', filled(100, 1));
    const file = world.file('f');
    world.disk.capacityBytes = 50;
    assert.equal(world.write(file, 0, filled(100, 2)), null);
    assert.equal(world.write(file, 100, filled(1, 2)), 'full');
    world.disk.capacityBytes = 200;
    assert.equal(world.write(file, 100, filled(1, 2)), null);
    assert.equal(world.disk.usedBytes, 101);
  });
});

describe('the latency', () => {
  it('may be changed to seconds for the operations that begin from then on', () => {
    const world = new World(1);
    world.put('f', filled(4, 1));
    const file = world.file('f');
    const ends: number[] = [];
    const beganMs = world.scheduler.nowMs;
    world.disk.latency = { minMs: 3000, maxMs: 3000, perMebibyteMs: 0 };
    file.sync(() => ends.push(world.scheduler.nowMs - beganMs));
    file.sync(() => ends.push(world.scheduler.nowMs - beganMs));
    world.run();
    assert.deepEqual(ends, [3000, 6000]);
  });
});

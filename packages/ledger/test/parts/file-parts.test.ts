import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Completion, FileSystemError, Prng } from '@quorate/base';
import { LedgerError } from '../../src/ledger-error.ts';
import { FileParts } from '../../src/parts/file-parts.ts';
import { PartLane, type PartPlace } from '../../src/parts/part-store.ts';
import { bytesOf, directory, PartsDisk } from './parts-disk.ts';

interface Part {
  readonly place: PartPlace;
  readonly bytes: Uint8Array;
}

function put(parts: FileParts, lane: PartLane, length: number, seed: number): Part {
  const bytes = bytesOf(length, seed);
  return { place: parts.add(lane, bytes), bytes };
}

function assertThere(parts: FileParts, those: readonly Part[]): void {
  for (const { place, bytes } of those) {
    assert.deepEqual(Uint8Array.from(parts.read(place)), bytes);
    const from = bytes.length >>> 1;
    const some = parts.readSome(place, from, bytes.length - from);
    assert.deepEqual(Uint8Array.from(some), bytes.subarray(from));
  }
}

const isDamaged = (named: RegExp) => (error: unknown) =>
  error instanceof LedgerError && error.code === 'LEDGER_PART_DAMAGED' && named.test(error.message);

test('a part is read back at once, while it is written, when it is durable, and later', () => {
  const machine = new PartsDisk();
  const parts = machine.open();
  const put1 = put(parts, PartLane.history, 1000, 1);
  const put2 = put(parts, PartLane.history, 70_000, 2);
  const put3 = put(parts, PartLane.ids, 1, 3);
  const all = [put1, put2, put3];
  assertThere(parts, all);
  assert.equal(put1.place.file, put2.place.file);
  assert.notEqual(put1.place.file, put3.place.file);
  while (machine.scheduler.step(Number.POSITIVE_INFINITY)) assertThere(parts, all);
  assert.equal(parts.pendingBytes, 71_001);
  assert.equal(machine.sync(parts), null);
  assert.equal(parts.pendingBytes, 0);
  assertThere(parts, all);
  machine.losePower();
  assertThere(machine.open(), all);
});

test('much that is put in is written and made durable before anybody asks for it', () => {
  const machine = new PartsDisk();
  const parts = machine.open();
  const all: Part[] = [];
  const bytes = bytesOf(1 << 20, 1);
  for (let at = 0; at < 20; at++) all.push({ place: parts.add(PartLane.history, bytes), bytes });
  machine.settle();
  assert.ok(parts.pendingBytes <= 8 << 20, `${parts.pendingBytes} bytes wait`);
  assertThere(parts, all.slice(-1));
});

test('what is put in while a sync is under way is durable by the next one', () => {
  const machine = new PartsDisk();
  const parts = machine.open();
  const all = [put(parts, PartLane.history, 1000, 1)];
  let first: Error | null | undefined;
  parts.sync((error) => {
    first = error;
  });
  for (let seed = 2; seed < 30; seed++) {
    machine.run(0.3);
    all.push(put(parts, PartLane.history, 500 + seed, seed));
    assertThere(parts, all);
  }
  machine.settle();
  assert.equal(first, null);
  assert.equal(machine.sync(parts), null);
  machine.losePower();
  assertThere(machine.open(), all);
});

test('a sync that fails is answered so, and after the next one all is durable', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const machine = new PartsDisk(seed);
    const parts = machine.open();
    const all = [put(parts, PartLane.history, 3000, 1)];
    assert.equal(machine.sync(parts), null);
    all.push(put(parts, PartLane.history, 5000, 2), put(parts, PartLane.accounts, 700, 3));
    machine.settle();
    machine.disk.injectSyncFault('fail', () => true, 1);
    assert.ok(machine.sync(parts) instanceof Error);
    assertThere(parts, all);
    all.push(put(parts, PartLane.history, 900, 4));
    assert.equal(machine.sync(parts), null);
    assert.equal(parts.pendingBytes, 0);
    machine.losePower();
    assertThere(machine.open(), all);
  }
});

test('a disk that is full is said so, and after there is room all is durable', () => {
  const machine = new PartsDisk();
  const parts = machine.open();
  const all = [put(parts, PartLane.history, 3000, 1)];
  machine.settle();
  machine.disk.capacityBytes = machine.disk.usedBytes + 1000;
  all.push(put(parts, PartLane.history, 5000, 2), put(parts, PartLane.ids, 5000, 3));
  assert.ok(machine.sync(parts) instanceof Error);
  all.push(put(parts, PartLane.history, 10, 4));
  assert.ok(machine.sync(parts) instanceof Error);
  assertThere(parts, all);
  machine.disk.capacityBytes = Number.POSITIVE_INFINITY;
  assert.equal(machine.sync(parts), null);
  assert.equal(parts.pendingBytes, 0);
  machine.losePower();
  assertThere(machine.open(), all);
});

test('whoever restores waits while the disk takes nothing, and it is said once', () => {
  const machine = new PartsDisk();
  const parts = new FileParts(machine.place(), 1000);
  machine.disk.capacityBytes = machine.disk.usedBytes;
  for (let kilobytes = 0; kilobytes < 2; kilobytes++)
    parts.add(PartLane.history, new Uint8Array(1000));
  let isDrained = false;
  parts.drained(() => {
    isDrained = true;
  });
  machine.run(5000);
  assert.equal(isDrained, false);
  assert.equal(machine.warnings.length, 1);
  machine.disk.capacityBytes = Number.POSITIVE_INFINITY;
  machine.run(5000);
  assert.equal(isDrained, true);
  assert.equal(parts.pendingBytes, 0);
});

test('what was durable survives a loss of power at any moment, and the lane goes on behind', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const prng = new Prng(seed);
    const machine = new PartsDisk(seed);
    let parts = machine.open();
    let durable: Part[] = [];
    for (let life = 0; life < 4; life++) {
      let since: Part[] = [];
      for (let step = prng.below(8); step >= 0; step--) {
        since.push(put(parts, PartLane.history, 1 + prng.below(3000), prng.below(1000)));
        machine.run(prng.float() * 3);
        if (!prng.chance(0.4)) continue;
        assert.equal(machine.sync(parts), null);
        durable = [...durable, ...since];
        since = [];
      }
      assertThere(parts, [...durable, ...since]);
      machine.losePower();
      parts = machine.open();
      assertThere(parts, durable);
      const places = durable.map(({ place }) => place);
      parts.resume(PartLane.history, prng.chance(0.5) ? places : places.toReversed());
      assertThere(parts, durable);
    }
    const files = new Set(durable.map(({ place }) => place.file));
    assert.ok(files.size <= 1 || durable.length === 0, `replay: seed ${seed}`);
  }
});

test('a lane that goes on writes over what nobody refers to, and over nothing else', () => {
  const machine = new PartsDisk();
  const before = machine.open();
  const used = [put(before, PartLane.history, 1000, 1), put(before, PartLane.history, 500, 2)];
  const unused = put(before, PartLane.history, 2000, 3);
  assert.equal(machine.sync(before), null);
  machine.losePower();
  const parts = machine.open();
  parts.resume(
    PartLane.history,
    used.map(({ place }) => place),
  );
  const next = put(parts, PartLane.history, 100, 4);
  assert.deepEqual([next.place.file, next.place.offset], [unused.place.file, 1500]);
  assert.equal(machine.sync(parts), null);
  assertThere(parts, [...used, next]);
  assert.throws(() => parts.read(unused.place), isDamaged(/checksum/));
});

test('a lane that is told nothing begins another file, whatever the directory has', () => {
  const machine = new PartsDisk();
  const before = machine.open();
  const old = [PartLane.history, PartLane.accounts, PartLane.ids].map((lane, at) =>
    put(before, lane, 100, at),
  );
  assert.equal(machine.sync(before), null);
  machine.disk.blocking.writeFileDurably(`${directory}/something`, bytesOf(10, 1));
  machine.disk.blocking.writeFileDurably(`${directory}/history-17x`, bytesOf(10, 1));
  machine.losePower();
  const parts = machine.open();
  const files = [PartLane.history, PartLane.ids].map((lane) => put(parts, lane, 50, 9).place.file);
  assert.deepEqual(files, [4, 5]);
  parts.resume(
    PartLane.history,
    old.slice(0, 1).map(({ place }) => place),
  );
  assert.equal(put(parts, PartLane.history, 50, 9).place.file, 4);
  assertThere(parts, old);
});

test('after a turn a lane goes on in another file', () => {
  const machine = new PartsDisk();
  const parts = machine.open();
  const first = put(parts, PartLane.accounts, 10, 1);
  parts.turn(PartLane.accounts);
  const second = put(parts, PartLane.accounts, 10, 2);
  assert.notEqual(first.place.file, second.place.file);
  assertThere(parts, [first, second]);
});

test('a part that is not what was put in is refused, by file and byte', () => {
  const machine = new PartsDisk();
  const before = machine.open();
  const [sound, broken] = [1, 2].map((seed) => put(before, PartLane.history, 1000, seed));
  assert.ok(sound !== undefined && broken !== undefined);
  assert.equal(machine.sync(before), null);
  machine.disk.flipBit(`${directory}/history-1`, 1500, 3);
  assertThere(before, [sound]);
  assert.throws(() => before.read(broken.place), isDamaged(/history-1 at byte 1000 .*checksum/));
  machine.disk.injectReadFault(() => true, 1);
  assert.throws(() => before.read(sound.place), isDamaged(/history-1 at byte 0 /));
  machine.losePower();
  machine.disk.blocking.writeFileDurably(`${directory}/history-1`, bytesOf(1200, 1));
  const parts = machine.open();
  assert.throws(() => parts.read(broken.place), isDamaged(/history-1 at byte 1000 .*ends/));
  assert.throws(() => parts.readSome(broken.place, 300, 7), isDamaged(/history-1 at byte 1000 /));
  machine.disk.blocking.remove(`${directory}/history-1`);
  const without = machine.open();
  assert.throws(() => without.read(sound.place), isDamaged(/file 1 at byte 0 .*not there/));
  assert.throws(() => without.resume(PartLane.history, [sound.place]), isDamaged(/file 1/));
});

test('who restores waits while much is pending, and no longer', () => {
  const machine = new PartsDisk();
  const parts = machine.open();
  let calls = 0;
  const count = (): void => void calls++;
  parts.drained(count);
  assert.equal(calls, 1);
  const bytes = bytesOf(1 << 20, 1);
  for (let at = 0; at < 65; at++) parts.add(PartLane.history, bytes);
  parts.drained(count);
  assert.equal(calls, 1);
  machine.settle();
  assert.equal(calls, 2);
  assert.equal(parts.pendingBytes, 0);
});

test('a file that cannot be opened at the start leaves none of the others open', (t) => {
  const machine = new PartsDisk();
  const before = machine.open();
  for (const [at, lane] of [PartLane.history, PartLane.accounts, PartLane.ids].entries())
    put(before, lane, 100, at);
  assert.equal(machine.sync(before), null);
  machine.losePower();
  const open: string[] = [];
  const closed: string[] = [];
  const { blocking } = machine.disk;
  const openFile = blocking.openFile.bind(blocking);
  t.mock.method(blocking, 'openFile', (path: string) => {
    if (open.length === 2) throw new FileSystemError('permission', path, 'it is not ours');
    const file = openFile(path);
    open.push(path);
    const close = file.close.bind(file);
    t.mock.method(file, 'close', (done: Completion) => {
      closed.push(path);
      close(done);
    });
    return file;
  });
  assert.throws(() => machine.open(), /it is not ours/);
  assert.equal(open.length, 2);
  assert.deepEqual(closed, open);
});

test('whoever waits for a sync hears of it when all is closed', () => {
  const machine = new PartsDisk();
  const parts = machine.open();
  put(parts, PartLane.history, 1000, 1);
  put(parts, PartLane.ids, 1000, 2);
  const answers: (Error | null)[] = [];
  parts.sync((error) => void answers.push(error));
  let hasEnded = false;
  parts.close(() => {
    hasEnded = true;
  });
  assert.equal(hasEnded, false);
  machine.settle();
  assert.equal(hasEnded, true);
  assert.equal(answers.length, 1);
  assert.ok(answers[0] instanceof Error);
});

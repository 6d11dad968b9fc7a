import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Completion, type FileSystem, Prng } from '@quorate/base';
import { FileParts } from '../../src/parts/file-parts.ts';
import { PartLane, type PartPlace } from '../../src/parts/part-store.ts';
import { bytesOf, directory, PartsDisk } from './parts-disk.ts';

const lanes = [PartLane.history, PartLane.accounts, PartLane.ids] as const;

/** One part in a file of its own. */
function putAlone(parts: FileParts, lane: PartLane, seed: number): PartPlace {
  parts.turn(lane);
  return parts.add(lane, bytesOf(100, seed));
}

test('files that are not retained go, and the lane goes on in another one', () => {
  const machine = new PartsDisk();
  const parts = machine.open();
  const [first, second, third] = [1, 2, 3].map((seed) => putAlone(parts, PartLane.ids, seed));
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  assert.equal(machine.sync(parts), null);
  parts.retain(new Set([second.file]));
  machine.settle();
  assert.deepEqual(machine.list(), ['ids-2']);
  assert.throws(() => parts.read(third), /file 3/);
  const next = parts.add(PartLane.ids, bytesOf(10, 4));
  assert.deepEqual([next.file, next.offset], [4, 0]);
  assert.equal(machine.sync(parts), null);
  assert.deepEqual(Uint8Array.from(parts.read(next)), bytesOf(10, 4));
  assert.deepEqual(Uint8Array.from(parts.read(second)), bytesOf(100, 2));
  assert.deepEqual(machine.warnings, []);
});

test('nothing goes while anybody has pinned it, and files begun since stay for good', () => {
  const machine = new PartsDisk();
  const parts = machine.open();
  const old = putAlone(parts, PartLane.ids, 1);
  const [unpinFirst, unpinSecond] = [parts.pin(), parts.pin()];
  parts.retain(new Set());
  const late = putAlone(parts, PartLane.ids, 2);
  assert.equal(machine.sync(parts), null);
  unpinSecond();
  machine.settle();
  assert.deepEqual(machine.list(), ['ids-1', 'ids-2']);
  assert.deepEqual(Uint8Array.from(parts.read(old)), bytesOf(100, 1));
  unpinFirst();
  machine.settle();
  assert.deepEqual(machine.list(), ['ids-2']);
  assert.deepEqual(Uint8Array.from(parts.read(late)), bytesOf(100, 2));
});

test('of two lists of what to retain, the later one holds', () => {
  const machine = new PartsDisk();
  const parts = machine.open();
  const [first, second] = [putAlone(parts, PartLane.ids, 1), putAlone(parts, PartLane.ids, 2)];
  const unpin = parts.pin();
  parts.retain(new Set([first.file]));
  parts.retain(new Set([second.file]));
  unpin();
  assert.equal(machine.sync(parts), null);
  assert.deepEqual(machine.list(), ['ids-2']);
});

test('a file goes at whatever moment it is not retained any more, also as it is made', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const prng = new Prng(seed);
    const machine = new PartsDisk(seed);
    const parts = machine.open();
    const kept = lanes.map((lane) => putAlone(parts, lane, 1));
    machine.run(prng.float() * 3);
    for (const lane of lanes) putAlone(parts, lane, 2);
    if (prng.chance(0.5)) parts.sync(() => undefined);
    machine.run(prng.float() * 5);
    parts.retain(new Set(kept.map(({ file }) => file)));
    assert.equal(machine.sync(parts), null);
    const expected = ['accounts-2', 'history-1', 'ids-3'];
    assert.deepEqual(machine.list(), expected, `replay: seed ${seed}`);
    for (const place of kept) assert.deepEqual(Uint8Array.from(parts.read(place)), bytesOf(100, 1));
    assert.deepEqual(machine.warnings, []);
  }
});

test('a file that is removed before the disk has made it is removed after that', () => {
  const machine = new PartsDisk();
  const creations: (() => void)[] = [];
  const slow: FileSystem = {
    blocking: machine.disk.blocking,
    create: (path, done) => void creations.push(() => machine.disk.create(path, done)),
    open: (path, done) => machine.disk.open(path, done),
    size: (path, done) => machine.disk.size(path, done),
    rename: (from, to, done) => machine.disk.rename(from, to, done),
    remove: (path, done: Completion) => machine.disk.remove(path, done),
    syncDirectory: (path, done) => machine.disk.syncDirectory(path, done),
  };
  const parts = new FileParts(machine.place(slow));
  parts.add(PartLane.ids, bytesOf(10, 1));
  parts.retain(new Set());
  machine.settle();
  for (const create of creations) create();
  machine.settle();
  assert.deepEqual(machine.list(), []);
  assert.deepEqual(machine.warnings, []);
});

test('files of an earlier life go when they are not retained, numbers go on behind them', () => {
  const machine = new PartsDisk();
  const before = machine.open();
  const places = lanes.flatMap((lane) => [1, 2].map((seed) => putAlone(before, lane, seed)));
  assert.equal(machine.sync(before), null);
  machine.losePower();
  const parts = machine.open();
  const next = parts.add(PartLane.history, bytesOf(10, 1));
  assert.equal(next.file, 7);
  parts.retain(new Set([2, 5, 7]));
  assert.equal(machine.sync(parts), null);
  assert.deepEqual(machine.list(), ['history-2', 'history-7', 'ids-5']);
  const kept = places.filter(({ file }) => file === 2 || file === 5);
  assert.equal(kept.length, 2);
  for (const place of kept) parts.read(place);
});

test('a file that is gone already is no failure', () => {
  const machine = new PartsDisk();
  const before = machine.open();
  putAlone(before, PartLane.ids, 1);
  assert.equal(machine.sync(before), null);
  machine.losePower();
  const parts = machine.open();
  machine.disk.blocking.remove(`${directory}/ids-1`);
  parts.retain(new Set());
  machine.settle();
  assert.deepEqual(machine.warnings, []);
});

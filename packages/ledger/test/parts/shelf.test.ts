import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { MemoryParts } from '../../src/parts/memory-parts.ts';
import { PartLane, type PartPlace } from '../../src/parts/part-store.ts';
import { Shelf } from '../../src/parts/shelf.ts';
import { bytesOf } from './parts-disk.ts';

interface Book {
  readonly bytes: Uint8Array;
}

/** A shelf, and the bytes of what it had to read again. */
function shelfOf(parts: MemoryParts | null, mostLoadedBytes: number) {
  const loads: Uint8Array[] = [];
  const load = (bytes: Uint8Array): Book => {
    loads.push(bytes);
    return { bytes };
  };
  return { shelf: new Shelf<Book>({ parts, load, mostLoadedBytes }), loads };
}

test('without parts everything stays in memory, however much it is', () => {
  const { shelf, loads } = shelfOf(null, 1000);
  const books = Array.from({ length: 200 }, (_, seed) => ({ bytes: bytesOf(100, seed) }));
  for (const book of books) shelf.add(book, book.bytes);
  for (const [at, book] of books.entries()) {
    assert.equal(shelf.at(at), book);
    assert.equal(shelf.placeOf(at), null);
  }
  assert.deepEqual([shelf.count, shelf.files.size, loads.length], [200, 0, 0]);
});

test('what is put away and read again is the same', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const prng = new Prng(seed);
    const most = 500 + prng.below(3000);
    const { shelf } = shelfOf(new MemoryParts(), most);
    const all: Uint8Array[] = [];
    for (let step = 0; step < 400; step++) {
      if (all.length === 0 || prng.chance(0.3)) {
        const bytes = bytesOf(1 + prng.below(400), step);
        shelf.add({ bytes }, bytes);
        all.push(bytes);
        continue;
      }
      const at = prng.below(all.length);
      assert.deepEqual(shelf.at(at).bytes, all[at], `replay: seed ${seed}`);
    }
    assert.equal(shelf.count, all.length);
  }
});

test('no more is in memory than may be, but for what was asked for last', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const prng = new Prng(seed);
    const parts = new MemoryParts();
    const length = 100;
    const items = 5 + prng.below(10);
    const { shelf, loads } = shelfOf(parts, length * items);
    for (let at = 0; at < 60; at++) shelf.add({ bytes: bytesOf(length, at) }, bytesOf(length, at));
    loads.length = 0;
    for (let at = 59; at >= 0; at--) shelf.at(at);
    // So many were not there: all but those that could be.
    assert.ok(loads.length >= 60 - items, `${loads.length} of 60 were loaded, seed ${seed}`);
    loads.length = 0;
    for (let round = 0; round < 5; round++) for (let at = 0; at < items - 1; at++) shelf.at(at);
    // What is looked at again and again is loaded once, perhaps twice, as the hand comes by.
    assert.ok(loads.length <= 2 * items, `${loads.length} loads of ${items} items, seed ${seed}`);
  }
});

test('an item larger than all that may be in memory is there, and the others go', () => {
  const { shelf, loads } = shelfOf(new MemoryParts(), 100);
  const large = bytesOf(500, 1);
  const small = bytesOf(50, 2);
  shelf.add({ bytes: small }, small);
  shelf.add({ bytes: large }, large);
  assert.deepEqual(shelf.at(1).bytes, large);
  assert.equal(loads.length, 0);
  assert.deepEqual(shelf.at(0).bytes, small);
  assert.equal(loads.length, 1);
});

test('what is stored already is loaded when it is asked for, and its files are known', () => {
  const parts = new MemoryParts();
  const places: PartPlace[] = [];
  for (let at = 0; at < 10; at++) {
    if (at % 4 === 0) parts.turn(PartLane.history);
    places.push(parts.add(PartLane.history, bytesOf(10, at)));
  }
  const { shelf, loads } = shelfOf(parts, 45);
  for (const place of places) shelf.addStored(place);
  assert.deepEqual([...shelf.files], [1, 2, 3]);
  assert.equal(loads.length, 0);
  for (let at = 0; at < 10; at++) {
    assert.deepEqual(shelf.at(at).bytes, bytesOf(10, at));
    assert.deepEqual(shelf.placeOf(at), places[at]);
  }
  assert.equal(loads.length, 10);
});

test('who only glances at an item leaves the others where they are', () => {
  const { shelf, loads } = shelfOf(new MemoryParts(), 250);
  const all = Array.from({ length: 6 }, (_, at) => ({ bytes: bytesOf(100, at) }));
  assert.ok(shelf.areAllLoaded);
  for (const one of all) shelf.add(one, one.bytes);
  const loaded = (): number[] => [...all.keys()].filter((at) => shelf.isLoaded(at));
  const before = loaded();
  assert.equal(before.length, 2);
  assert.ok(!shelf.areAllLoaded);
  for (const [at, { bytes }] of all.entries()) assert.deepEqual(shelf.glanceAt(at).bytes, bytes);
  assert.deepEqual([loaded(), loads.length, shelf.reads], [before, 4, 4]);
  shelf.at(all.length - 1 - before.length);
  assert.equal(shelf.reads, 5);
  assert.notDeepEqual(loaded(), before);
});

test('a shelf knows at any time whether all is loaded', () => {
  const prng = new Prng(3);
  const parts = new MemoryParts();
  const { shelf } = shelfOf(parts, 1000);
  for (let step = 0; step < 300; step++) {
    const drawn = prng.below(20);
    if (drawn === 0) shelf.addStored(parts.add(PartLane.history, bytesOf(90, step)));
    else if (drawn === 1) shelf.add({ bytes: bytesOf(90, step) }, bytesOf(90, step));
    else if (shelf.count > 0) shelf.at(prng.below(shelf.count));
    const isAny = Array.from({ length: shelf.count }, (_, at) => at).some(
      (at) => !shelf.isLoaded(at),
    );
    assert.equal(shelf.areAllLoaded, !isAny);
  }
});

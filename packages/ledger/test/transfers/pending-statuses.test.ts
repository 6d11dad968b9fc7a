import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssertionFailed, Prng } from '@quorate/base';
import { MemoryParts } from '../../src/parts/memory-parts.ts';
import type { PartPlace } from '../../src/parts/part-store.ts';
import {
  type FrozenStatuses,
  PendingStatus,
  PendingStatuses,
} from '../../src/transfers/pending-statuses.ts';

const { none, open, posted, voided, expired } = PendingStatus;

/** Statuses of each chunk that has any, a byte a row. */
function bytesOf(frozen: Iterable<FrozenStatuses>, parts: MemoryParts): Map<number, Uint8Array> {
  const chunks = new Map<number, Uint8Array>();
  for (const one of frozen) {
    const bytes = one.place === null ? one.bytes : one.rows.over(parts.read(one.place).subarray(4));
    chunks.set(one.chunk, bytes.slice());
  }
  return chunks;
}

/** @returns statuses made of what a checkpoint would have */
function restored(
  frozen: Iterable<FrozenStatuses>,
  parts: MemoryParts,
  rows: number,
): PendingStatuses {
  const statuses = new PendingStatuses(parts, rows);
  for (const one of frozen)
    if (one.place === null) statuses.restore(one.chunk, one.bytes.slice());
    else statuses.restoreStored(one.chunk, one.place, one.rows.copy());
  return statuses;
}

/** Statuses beside a plain list of them, with batches drawn at random. */
class StatusesBesideList {
  readonly parts: MemoryParts | null;
  readonly rows: number;
  readonly list: PendingStatus[] = [];
  statuses: PendingStatuses;
  readonly #prng: Prng;
  readonly #open = new Set<number>();

  constructor(prng: Prng, parts: MemoryParts | null, rows: number) {
    this.parts = parts;
    this.rows = rows;
    this.#prng = prng;
    this.statuses = new PendingStatuses(parts, rows);
  }

  /** @param pending part of the new transfers that are; @param resolved of those that are open */
  batch(pending: number, resolved: number): void {
    const prng = this.#prng;
    for (let more = prng.below(this.rows); more > 0; more--) {
      const isPending = prng.chance(pending);
      if (isPending) this.#set(this.list.length, open);
      else this.list.push(none);
    }
    const outcomes = [posted, voided, expired];
    for (const position of [...this.#open]) {
      if (!prng.chance(resolved)) continue;
      this.#set(position, outcomes[prng.below(3)] ?? posted);
      // A chain that failed takes back what it did.
      if (prng.chance(0.1)) this.#set(position, open);
    }
    this.statuses.settle(Math.floor(this.list.length / this.rows));
  }

  check(): void {
    for (const [position, status] of this.list.entries())
      assert.equal(this.statuses.get(position), status, `position ${position}`);
    assert.equal(this.statuses.openCount, this.#open.size);
  }

  /** Of each chunk, as far as there are transfers. */
  bytes(): Map<number, Uint8Array> {
    const chunks = new Map<number, Uint8Array>();
    for (let at = 0; at * this.rows < this.list.length; at++) {
      const bytes = new Uint8Array(this.rows);
      bytes.set(this.list.slice(at * this.rows, (at + 1) * this.rows));
      if (bytes.some((status) => status !== none)) chunks.set(at, bytes);
    }
    return chunks;
  }

  #set(position: number, status: PendingStatus): void {
    this.list[position] = status;
    this.statuses.set(position, status);
    if (status === open) this.#open.add(position);
    else this.#open.delete(position);
  }
}

/** Small ones, and one in which what is put away is put away again. */
const sizes = [16, 48, 300];

test('statuses are those that were set last, wherever they are', () => {
  let [stored, frozenStored] = [0, 0];
  for (let seed = 1; seed <= 60; seed++) {
    const prng = new Prng(seed);
    const parts = seed % 4 === 0 ? null : new MemoryParts();
    const books = new StatusesBesideList(prng, parts, sizes[seed % 3] ?? 16);
    const [pending, resolved] = [prng.float(), prng.float() * 0.3];
    const snapshots: [Iterable<FrozenStatuses>, Map<number, Uint8Array>][] = [];
    for (let step = 0; step < 60; step++) {
      books.batch(step % 7 < 4 ? pending : 0, resolved);
      if (prng.chance(0.3))
        snapshots.push([books.statuses.freeze(books.list.length), books.bytes()]);
      const isEnding = prng.chance(0.5) || step === 59;
      const [frozen, wanted] = (isEnding ? snapshots.shift() : undefined) ?? [[], new Map()];
      const all = [...frozen];
      assert.deepEqual(bytesOf(all, parts ?? new MemoryParts()), wanted, `seed ${seed}`);
      frozenStored += all.filter(({ place }) => place !== null).length;
      if (parts !== null && prng.chance(0.1))
        books.statuses = restored(books.statuses.freeze(books.list.length), parts, books.rows);
    }
    books.check();
    stored += books.statuses.stored.count;
    if (parts === null) assert.equal(books.statuses.stored.count, 0);
  }
  assert.ok(stored > 200 && frozenStored > 1000, `${stored}, ${frozenStored}`);
});

test('of a chunk in which little is pending, a checkpoint has that little and a place', () => {
  const parts = new MemoryParts();
  const statuses = new PendingStatuses(parts);
  const rows = 65_536;
  for (let chunk = 0; chunk < 10; chunk++)
    for (let row = 0; row < rows; row += 16) statuses.set(chunk * rows + row, open);
  for (let chunk = 0; chunk < 10; chunk++)
    for (let row = 48; row < rows; row += 16) statuses.set(chunk * rows + row, posted);
  for (let batch = 0; batch < 10; batch++) statuses.settle(10);
  const sizesOf = (): (number | null)[] =>
    [...statuses.freeze(10 * rows)].map((one) => (one.place === null ? null : one.rows.size));
  // What is pending in the newest is often resolved soon.
  const few = [3, 3, 3, 3, 3, 3];
  assert.deepEqual(sizesOf(), [...few, null, null, null, null]);
  statuses.settle(14);
  statuses.settle(14);
  assert.deepEqual(sizesOf(), [...few, 3, 3, 3, 3]);
  assert.equal(statuses.stored.count, 10);
  // That what was pending is resolved is a few bytes, too.
  for (let chunk = 0; chunk < 10; chunk++)
    for (const row of [0, 16, 32]) statuses.set(chunk * rows + row, voided);
  for (let batch = 0; batch < 10; batch++) statuses.settle(14);
  assert.equal(statuses.openCount, 0);
  assert.deepEqual(sizesOf(), [...few, 3, 3, 3, 3]);
  assert.equal(statuses.stored.count, 10);
  assert.equal(statuses.get(9 * rows + 16), voided);
  assert.equal(statuses.get(9 * rows + 48), posted);
});

test('a start does not read what is stored', () => {
  let reads = 0;
  class CountingParts extends MemoryParts {
    override read(place: PartPlace): Uint8Array {
      reads++;
      return super.read(place);
    }
  }
  const parts = new CountingParts();
  const before = new PendingStatuses(parts, 48);
  for (let chunk = 0; chunk < 20; chunk++)
    for (const row of [1, 2, 3]) before.set(chunk * 48 + row, open);
  before.settle(30);
  const statuses = restored(before.freeze(20 * 48), parts, 48);
  assert.deepEqual([statuses.openCount, statuses.get(49), reads], [60, open, 0]);
  statuses.set(49, expired);
  assert.deepEqual([statuses.openCount, statuses.get(49), reads], [59, expired, 0]);
  assert.deepEqual([statuses.get(52), reads], [none, 1]);
  // What had been resolved before is put away after it.
  for (const row of [2, 3]) statuses.set(48 + row, voided);
  const again = restored(statuses.freeze(20 * 48), parts, 48);
  const { count } = again.stored;
  again.settle(30);
  assert.deepEqual([again.stored.count, again.get(49)], [count + 1, expired]);
});

test('where all is pending, and resolved one by one, little is put away in vain', () => {
  const rows = 65_536;
  const statuses = new PendingStatuses(new MemoryParts());
  for (let row = 0; row < rows; row++) statuses.set(row, open);
  const sizesThen = new Set<number>();
  for (let row = 0; row < rows; row++) {
    statuses.set(row, expired);
    statuses.settle(20);
    if (row % 15 !== 0) continue;
    const [chunk] = statuses.freeze(rows);
    if (chunk !== undefined && chunk.place !== null) sizesThen.add(chunk.rows.size);
  }
  assert.deepEqual([...sizesThen], [4096, 256, 16]);
  assert.equal(statuses.stored.count, 3);
});

test('between two batches little is put away, and the rest after the next ones', () => {
  const rows = 65_536;
  const statuses = new PendingStatuses(new MemoryParts());
  for (let chunk = 0; chunk < 9; chunk++) statuses.set(chunk * rows, open);
  const counts: number[] = [];
  for (let batch = 0; batch < 6; batch++) {
    statuses.settle(20);
    counts.push(statuses.stored.count);
  }
  assert.deepEqual(counts, [2, 4, 6, 8, 9, 9]);
});

test('many that are open are not put away, nor is what is not full', () => {
  const rows = 160;
  const statuses = new PendingStatuses(new MemoryParts(), rows);
  for (let row = 0; row < 11; row++) statuses.set(row, open);
  statuses.set(rows, open);
  statuses.set(rows, posted);
  statuses.settle(1);
  statuses.settle(1);
  assert.equal(statuses.stored.count, 0);
  statuses.settle(2);
  assert.equal(statuses.stored.count, 1);
  statuses.set(10, posted);
  statuses.settle(5);
  assert.equal(statuses.stored.count, 2);
});

test('what was resolved when it was put away does not change any more', () => {
  const statuses = new PendingStatuses(new MemoryParts(), 48);
  statuses.set(3, open);
  statuses.set(4, open);
  statuses.set(4, posted);
  statuses.settle(9);
  assert.equal(statuses.stored.count, 1);
  statuses.set(3, voided);
  assert.throws(() => statuses.set(4, voided), AssertionFailed);
  assert.throws(() => statuses.set(5, open), AssertionFailed);
});

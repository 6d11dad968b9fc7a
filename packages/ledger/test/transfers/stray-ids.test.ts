import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { hashUint128 } from '../../src/numbers/uint128.ts';
import { StrayIds } from '../../src/transfers/stray-ids.ts';
import { drawId, lanesOf } from './id-runs/ids-on-disk.ts';

const seed = 9;

/** A table beside the map that it should be. */
class Table {
  readonly ids: StrayIds;
  readonly map = new Map<bigint, number>();

  constructor(expected: number, lastBase?: number) {
    this.ids = new StrayIds(seed, expected, lastBase);
  }

  add(id: bigint, value: number): void {
    const lanes = lanesOf(id);
    const isNew = this.ids.add(...lanes, hashUint128(...lanes, seed), value);
    assert.equal(isNew, !this.map.has(id), `id ${id}`);
    if (isNew) this.map.set(id, value);
  }

  removeNewest(): void {
    const newest = [...this.map.keys()].at(-1);
    if (newest === undefined) return;
    this.ids.removeNewest();
    this.map.delete(newest);
  }

  check(id: bigint): void {
    const lanes = lanesOf(id);
    const found = this.ids.find(...lanes, hashUint128(...lanes, seed));
    assert.equal(found, this.map.get(id) ?? -1, `id ${id}`);
  }

  checkAll(): void {
    assert.equal(this.ids.count, this.map.size);
    for (const id of this.map.keys()) this.check(id);
    const values: number[] = [];
    this.ids.forEach(0, this.ids.count, (_lanes, _at, value) => values.push(value));
    assert.deepEqual(values, [...this.map.values()]);
  }
}

test('a table that was cleared has no id of before, and takes others in, again and again', () => {
  for (const [expected, lastBase] of [
    [500, undefined],
    [500, 1200],
    [3, undefined],
    [0, 1200],
  ] as const) {
    const prng = new Prng(1);
    const table = new Table(expected, lastBase);
    for (let round = 0; round < 12; round++) {
      const before = [...table.map.keys()];
      table.ids.clear();
      table.map.clear();
      table.ids.prepare(0.5);
      for (const id of before) table.check(id);
      for (let count = prng.below(800); count > 0; count--) {
        if (before.length > 0 && prng.chance(0.2)) table.add(prng.pick(before), count);
        else if (prng.chance(0.1)) table.removeNewest();
        else table.add(drawId(prng, prng.below(4)), prng.chance(0.1) ? -2 : 2 ** 40 + count);
      }
      table.checkAll();
      for (const id of before) table.check(id);
    }
  }
});

test('a table for some ids takes more, and its newest are taken out again', () => {
  const prng = new Prng(2);
  const table = new Table(10);
  for (let at = 0; at < 5000; at++) {
    const isOut = at % 1000 > 900;
    if (isOut) table.removeNewest();
    else table.add(drawId(prng, prng.below(4)), at);
    if (at % 500 === 0) table.checkAll();
  }
  table.checkAll();
});

test('a table that is prepared, in however many steps, is an empty one', () => {
  const prng = new Prng(3);
  const table = new Table(300_000);
  for (let share = 0; share <= 1.2; share += 0.1) table.ids.prepare(share);
  for (let at = 0; at < 3000; at++) table.add(drawId(prng, prng.below(4)), at);
  table.checkAll();
});

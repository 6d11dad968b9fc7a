import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { TableSort } from '../../../src/transfers/id-runs/table-sort.ts';
import { StrayIds } from '../../../src/transfers/stray-ids.ts';
import { drawId, lanesOf } from './ids-on-disk.ts';

function tableOf(ids: readonly bigint[]): StrayIds {
  const table = new StrayIds(1);
  for (const [at, id] of ids.entries()) table.add(...lanesOf(id), at);
  return table;
}

/** @returns ids in the order that the sort has found, and what it has cost by id */
function sorted(ids: readonly bigint[], budget: number): { ids: bigint[]; cost: number } {
  const sort = new TableSort(tableOf(ids));
  let cost = 0;
  while (!sort.isDone) cost += sort.step(budget);
  return { ids: [...sort.order].map((entry) => ids[entry] ?? -1n), cost: cost / ids.length };
}

function ascending(ids: readonly bigint[]): bigint[] {
  return [...ids].sort((a, b) => (a < b ? -1 : 1));
}

test('ids of every manner are sorted, in steps of any size', () => {
  const prng = new Prng(1);
  for (const count of [1, 2, 255, 3000]) {
    for (const styles of [[0], [1], [2], [3], [0, 1, 2, 3]]) {
      const ids = new Set<bigint>();
      while (ids.size < count) ids.add(drawId(prng, prng.pick(styles)));
      for (const budget of [0.01, 1, 7, 100_000])
        assert.deepEqual(sorted([...ids], budget).ids, ascending([...ids]));
    }
  }
});

test('more ids than a chunk of the table has are sorted', () => {
  const prng = new Prng(2);
  const ids = Array.from({ length: 70_000 }, () => drawId(prng, 0));
  assert.deepEqual(sorted(ids, 5000).ids, ascending(ids));
});

test('no choice of ids makes it much slower', () => {
  // Four high bytes differ, but only of one id; the others come in the wrong order.
  const ids: bigint[] = [2n ** 128n - 2n];
  for (let at = 4000n; at > 0n; at--) ids.push(at * 0x0001_0001n);
  const { ids: found, cost } = sorted(ids, 100);
  assert.deepEqual(found, ascending(ids));
  assert.ok(cost < 3.5, `cost ${cost}`);
});

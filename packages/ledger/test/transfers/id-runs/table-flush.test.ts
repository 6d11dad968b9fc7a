import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { hashUint128 } from '../../../src/numbers/uint128.ts';
import { MemoryParts } from '../../../src/parts/memory-parts.ts';
import { RunCursor } from '../../../src/transfers/id-runs/run-cursor.ts';
import { RunFiles } from '../../../src/transfers/id-runs/run-files.ts';
import { RunWriter } from '../../../src/transfers/id-runs/run-writer.ts';
import { FlushSpace, TableFlush } from '../../../src/transfers/id-runs/table-flush.ts';
import { StrayIds } from '../../../src/transfers/stray-ids.ts';
import { drawId, lanesOf } from './ids-on-disk.ts';

const seed = 1;

function tableOf(ids: readonly bigint[]): StrayIds {
  const table = new StrayIds(seed);
  for (const [at, id] of ids.entries()) {
    const lanes = lanesOf(id);
    table.add(...lanes, hashUint128(...lanes, seed), at);
  }
  return table;
}

/** @returns ids in the order in which they are in the run, and what it has cost by id */
function flushed(
  ids: readonly bigint[],
  budget: number,
  space = new FlushSpace(),
): { ids: bigint[]; cost: number; isSlow: boolean } {
  const parts = new MemoryParts();
  const writer = new RunWriter(new RunFiles(parts), ids.length, seed, 1000, null);
  const flush = new TableFlush(tableOf(ids), writer, space);
  let cost = 0;
  while (flush.run === null) {
    const step = flush.step(budget);
    assert.ok(step > 0, 'each step counts');
    cost += step;
  }
  const cursor = new RunCursor(parts, flush.run);
  const found: bigint[] = [];
  do found.push(ids[cursor.words[cursor.at + 4] ?? -1] ?? -1n);
  while (cursor.next());
  return { ids: found, cost: cost / ids.length, isSlow: flush.isSlow };
}

function ascending(ids: readonly bigint[]): bigint[] {
  return [...ids].sort((a, b) => (a < b ? -1 : 1));
}

test('ids of every manner are sorted, in steps of any size, in memory used before', () => {
  const prng = new Prng(1);
  const space = new FlushSpace();
  for (const count of [1, 2, 255, 3000]) {
    for (const styles of [[0], [1], [2], [3], [0, 1, 2, 3]]) {
      const ids = new Set<bigint>();
      while (ids.size < count) ids.add(drawId(prng, prng.pick(styles)));
      for (const budget of [0.01, 1, 7, 100_000])
        assert.deepEqual(flushed([...ids], budget, space).ids, ascending([...ids]));
    }
  }
});

test('ids that differ in any one lane, or in a few bits of it, are sorted', () => {
  for (const shift of [0n, 3n, 29n, 32n, 63n, 64n, 90n, 96n, 116n]) {
    const ids = Array.from({ length: 2000 }, (_, at) => (BigInt((at * 1777) % 2000) << shift) + 9n);
    assert.deepEqual(flushed(ids, 300).ids, ascending(ids), `shift ${shift}`);
  }
});

test('more ids than a chunk of the table has are sorted', () => {
  const prng = new Prng(2);
  const ids = Array.from({ length: 140_000 }, () => drawId(prng, 0));
  const { ids: found, cost, isSlow } = flushed(ids, 5000);
  assert.deepEqual(found, ascending(ids));
  assert.ok(!isSlow && cost < 1.9, `cost ${cost}`);
});

test('no choice of ids makes it much slower', () => {
  // High bytes differ, but only of two ids; the others, in a bucket, come in the wrong order.
  const ids: bigint[] = [2n ** 128n - 2n, 2n ** 120n - 2n];
  for (let at = 4000n; at > 0n; at--) ids.push(at * 0x0001_0001n);
  const { ids: found, cost, isSlow } = flushed(ids, 100);
  assert.deepEqual(found, ascending(ids));
  assert.ok(isSlow && cost < 3.5, `cost ${cost}`);
});

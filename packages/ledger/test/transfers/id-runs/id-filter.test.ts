import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import {
  addToFilter,
  mayHold as bitsOf,
  filterWords,
} from '../../../src/transfers/id-runs/id-filter.ts';

function mayHold(filter: Int32Array, from: number, to: number, hash: number): boolean {
  return (bitsOf(filter, from, to, hash) & 1) === 1;
}

test('a filter has no false misses and few false hits, wherever it lies in its array', () => {
  const prng = new Prng(1);
  for (const count of [1, 30, 2000, 65_536]) {
    const from = 16 * 3;
    const to = from + filterWords(count);
    const filter = new Int32Array(to + 16);
    const hashes = Array.from({ length: count }, () => prng.uint32() | 0);
    for (const hash of hashes) addToFilter(filter, from, to, hash);
    for (const hash of hashes) assert.ok(mayHold(filter, from, to, hash));
    let hits = 0;
    for (let at = 0; at < 20_000; at++) if (mayHold(filter, from, to, prng.uint32() | 0)) hits++;
    assert.ok(hits < 20_000 * 0.006, `${hits} false hits with ${count} ids`);
    const around = [...filter.subarray(0, from), ...filter.subarray(to)];
    assert.ok(around.every((word) => word === 0));
  }
});

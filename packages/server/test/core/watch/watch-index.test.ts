import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes, Prng } from '@quorate/base';
import fc from 'fast-check';
import { IntervalTree } from '../../../src/core/watch/interval-tree.ts';
import { WatchIndex } from '../../../src/core/watch/watch-index.ts';
import { isEmpty, type Watched, watchedOf } from '../../../src/core/watch/watched.ts';
import { text } from '../called-service.ts';

function holds({ start, end, isSingle }: Watched, key: Uint8Array): boolean {
  const order = compareBytes(key, start);
  if (isSingle) return order === 0;
  return order >= 0 && (end === null || compareBytes(key, end) < 0);
}

const bytes = fc.uint8Array({ maxLength: 3, max: 4 });

test('it finds whom a key concerns, and nobody else, whatever came and went', () => {
  const items = fc.array(fc.tuple(bytes, bytes), { maxLength: 60 });
  const run = fc.property(items, fc.array(fc.nat(59)), fc.array(bytes), (ranges, gone, asked) => {
    const index = new WatchIndex<{ watched: Watched }>(new Prng(1));
    const all = ranges
      .map(([key, rangeEnd]) => ({ watched: watchedOf(key, rangeEnd) }))
      .filter(({ watched }) => !isEmpty(watched));
    for (const item of all) index.add(item);
    const left = new Set(all);
    for (const at of gone) {
      const item = all[at];
      if (item === undefined) continue;
      index.delete(item);
      left.delete(item);
    }
    for (const key of asked) {
      const found = new Set<object>();
      index.visit(key, (item) => found.add(item));
      assert.deepEqual(found, new Set([...left].filter(({ watched }) => holds(watched, key))));
    }
  });
  fc.assert(run, { numRuns: 500 });
});

/** Bytes that count how often their first is looked at. */
function watchedBytes(bytes: Uint8Array, looked: () => void): Uint8Array {
  return new Proxy(bytes, {
    get(target, name) {
      if (name === '0') looked();
      return Reflect.get(target, name, target);
    },
  });
}

test('a look-up among many intervals compares with few of them', () => {
  const tree = new IntervalTree<number>(new Prng(1));
  let looks = 0;
  for (let i = 0; i < 10_000; i++) {
    const key = `key/${String(i).padStart(5, '0')}`;
    const start = watchedBytes(text(`${key}/`), () => looks++);
    tree.add({ start, end: watchedBytes(text(`${key}0`), () => looks++) }, i);
  }
  looks = 0;
  const found: number[] = [];
  tree.visit(text('key/05000/x'), (item) => found.push(item));
  assert.deepEqual(found, [5000]);
  assert.ok(looks > 0 && looks < 150, `${looks} comparisons`);
});

test('keys longer than a call can take arguments are found too', () => {
  const index = new WatchIndex<{ watched: Watched }>(new Prng(1));
  const key = new Uint8Array(300_000).fill(7);
  const item = { watched: watchedOf(key, text('')) };
  index.add(item);
  const found: object[] = [];
  index.visit(key, (one) => found.push(one));
  index.visit(key.subarray(1), (one) => found.push(one));
  assert.deepEqual(found, [item]);
});

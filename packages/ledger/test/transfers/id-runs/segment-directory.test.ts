import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { SegmentDirectory } from '../../../src/transfers/id-runs/segment-directory.ts';
import { drawId, lanesOf } from './ids-on-disk.ts';

test('the segment of an id is found, however unevenly segments begin', () => {
  const prng = new Prng(1);
  for (const styles of [[0], [1], [2], [3], [0, 1, 2, 3]]) {
    for (const count of [1, 2, 3, 100]) {
      const firsts = new Set<bigint>();
      while (firsts.size < count) firsts.add(drawId(prng, prng.pick(styles)));
      const sorted = [...firsts].sort((a, b) => (a < b ? -1 : 1));
      const place = { file: 1, offset: 0, length: 0, crc: 0 };
      const rest = { place, count: 1, crcs: new Int32Array(1), last: new Int32Array(4) };
      const directory = new SegmentDirectory(
        sorted.map((first) => {
          return { ...rest, fences: Int32Array.from(lanesOf(first)) };
        }),
      );
      const wanted = [...sorted, ...sorted.map((id) => id + 1n), ...sorted.map((id) => id - 1n)];
      for (let at = 0; at < 200; at++) wanted.push(drawId(prng, prng.below(4)));
      for (const id of [0n, 2n ** 128n - 1n, ...wanted]) {
        const expected = sorted.findLastIndex((first) => first <= id);
        assert.equal(directory.find(...lanesOf(id)), expected, `id ${id}`);
      }
    }
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { SpreadIds } from '../../../src/transfers/id-runs/spread-ids.ts';
import { drawId, lanesOf } from './ids-on-disk.ts';

test('all ids of a batch are there once, at their rows, and those far apart in order', () => {
  const prng = new Prng(1);
  const spread = new SpreadIds();
  for (const count of [1, 2, 100, 8190]) {
    for (const style of [0, 1, 2, 3]) {
      const ids = Array.from({ length: count }, () => drawId(prng, style));
      const lanes = Int32Array.from(ids.flatMap((id) => lanesOf(id)));
      spread.arrange(lanes, count);
      const rows = [...spread.rows.subarray(0, count)];
      assert.deepEqual(
        [...rows].sort((a, b) => a - b),
        ids.map((_, row) => row),
      );
      const arranged = rows.flatMap((row) => [...lanes.subarray(row * 4, row * 4 + 4)]);
      assert.deepEqual([...spread.lanes.subarray(0, count * 4)], arranged);
      if (style !== 0) continue;
      const highest = rows.map((row) => (lanes[row * 4 + 3] ?? 0) >>> 0);
      for (const [at, high] of highest.entries())
        assert.ok(at === 0 || high > (highest[at - 1] ?? 0) - 2 ** 23, `at ${at}`);
    }
  }
});

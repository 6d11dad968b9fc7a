import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { PendingStatus } from '../../src/transfers/pending-status.ts';
import { RowStatuses } from '../../src/transfers/row-statuses.ts';

test('rows that are open have their statuses, also after they were written and read', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const prng = new Prng(seed);
    const rows = 1 + prng.below(seed % 5 === 0 ? 65_536 : 300);
    const share = prng.float();
    const list = Uint8Array.from({ length: rows }, () =>
      prng.chance(share) ? PendingStatus.open : prng.below(5),
    );
    const wasOpen = [...list.keys()].filter((row) => list[row] === PendingStatus.open);
    const before = list.slice();
    let statuses = RowStatuses.openOf(list);
    assert.deepEqual([statuses.size, statuses.open], [wasOpen.length, wasOpen.length]);
    for (const row of wasOpen) {
      if (!prng.chance(0.6)) continue;
      list[row] = 1 + prng.below(4);
      statuses.set(row, list[row] as PendingStatus);
    }
    const written = statuses.encode();
    assert.equal(written.length, wasOpen.length * 3);
    const read = RowStatuses.decode(written, rows);
    assert.ok(read !== null);
    const copy = statuses.copy();
    for (const row of wasOpen) statuses.set(row, PendingStatus.open);
    for (statuses of [read, copy]) {
      assert.deepEqual(statuses.over(before), list, `seed ${seed}`);
      assert.equal(statuses.open, list.filter((status) => status === 1).length);
      for (let row = 0; row < rows; row++)
        assert.equal(statuses.get(row), before[row] === 1 ? list[row] : null);
    }
  }
});

test('rows not in order, or not there, and statuses that there are not are refused', () => {
  const bytes = Uint8Array.of(3, 0, 1, 7, 0, 4, 0, 1, 2);
  assert.equal(RowStatuses.decode(bytes, 257)?.size, 3);
  assert.equal(RowStatuses.decode(new Uint8Array(0), 1)?.size, 0);
  assert.equal(RowStatuses.decode(bytes, 256), null);
  assert.equal(RowStatuses.decode(bytes.subarray(1), 257), null);
  for (const [at, byte] of [
    [3, 3],
    [3, 2],
    [2, 0],
    [5, 5],
    [8, 255],
  ] as const)
    assert.equal(RowStatuses.decode(bytes.with(at, byte), 257), null, `byte ${at} is ${byte}`);
});

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { AssertionFailed, Prng } from '@quorate/base';
import type { SnapshotMeta } from '@quorate/schema';
import { randomSnapshot } from '../conformance/log-model.ts';
import {
  assertStorableMeta,
  getSnapshotMeta,
  putSnapshotMeta,
  snapshotMetaBytes,
} from '../src/snapshot-meta-bytes.ts';
import { snapshotMeta } from './wal-fixture.ts';

/** As it lies in a larger buffer, with other bytes around it. */
function stored(meta: SnapshotMeta): { view: DataView; end: number } {
  const bytes = new Uint8Array(7 + snapshotMetaBytes(meta) + 5).fill(0xa5);
  const view = new DataView(bytes.buffer, 2);
  const end = putSnapshotMeta(view, 5, meta);
  assert.equal(end, 5 + snapshotMetaBytes(meta));
  assert.deepEqual([...bytes.subarray(2 + end)], [0xa5, 0xa5, 0xa5, 0xa5, 0xa5]);
  return { view, end };
}

suite("a snapshot's meta", () => {
  test('comes back as it was stored, with all that is known of the members', () => {
    const prng = new Prng(5);
    for (let i = 0; i < 300; i++) {
      const meta = randomSnapshot(prng, prng.below(2 ** 50), prng.below(2 ** 50));
      assertStorableMeta(meta);
      const { view, end } = stored(meta);
      assert.deepEqual(getSnapshotMeta(view, 5, end), meta);
    }
  });

  test('of version 0.1.0 is still read', () => {
    const ids = [1, 2, 2 ** 40, 1, 3, 7, 3];
    const view = new DataView(new ArrayBuffer(44 + 8 * ids.length));
    for (const [at, value] of [9, 3, 1009].entries())
      view.setBigUint64(at * 8, BigInt(value), true);
    view.setUint32(24, 1, true);
    for (const [at, count] of [3, 2, 1, 1].entries()) view.setUint32(28 + at * 4, count, true);
    for (const [at, id] of ids.entries()) view.setBigUint64(44 + at * 8, BigInt(id), true);
    const { configuration } = snapshotMeta(9, 3);
    const expected: SnapshotMeta = {
      index: 9,
      term: 3,
      timestampMicros: 1009,
      withheld: false,
      configuration: {
        ...configuration,
        voters: [1, 2, 2 ** 40],
        votersOutgoing: [1, 3],
        learners: [7],
        learnersNext: [3],
        autoLeave: true,
      },
    };
    const end = view.byteLength;
    assert.deepEqual(getSnapshotMeta(view, 0, end), expected);
    for (let length = 0; length < end; length++) {
      assert.equal(getSnapshotMeta(view, 0, length), null, `${length} bytes`);
    }
    view.setBigUint64(52, 1n, true);
    assert.equal(getSnapshotMeta(view, 0, end), null, 'an id twice');
    view.setBigUint64(52, 2n, true);
    view.setUint32(28, 1025, true);
    assert.equal(getSnapshotMeta(view, 0, end), null, 'more ids than there are');
  });

  test('that is damaged is not read, and nothing is thrown', () => {
    const { view, end } = stored(snapshotMeta(9, 3));
    assert.equal(getSnapshotMeta(view, 5, end - 1), null);
    view.setUint32(5 + 24, 99, true);
    assert.equal(getSnapshotMeta(view, 5, end), null);
    view.setUint32(5 + 24, 2, true);
    view.setUint32(5 + 20, 0xffffffff, true);
    assert.equal(getSnapshotMeta(view, 5, end), null);
  });

  test('that could not be read back is not stored', () => {
    const meta = snapshotMeta(9, 3);
    const { configuration } = meta;
    for (const bad of [
      { ...meta, term: -1 },
      { ...meta, configuration: { ...configuration, voters: [2, 1] } },
      { ...meta, configuration: { ...configuration, learners: [2 ** 53] } },
    ]) {
      assert.throws(() => assertStorableMeta(bad), AssertionFailed);
    }
  });
});

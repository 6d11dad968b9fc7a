import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng, present } from '@quorate/base';
import { maxBatchEvents } from '../../src/model/limits.ts';
import { drawId, IdsOnDisk, lanesOf } from './id-runs/ids-on-disk.ts';

/** One seed again: SEED=7 npx node --test, and the path of this file. */
const only = process.env['SEED'];
const file = 'packages/ledger/test/transfers/marked-ids.test.ts';

/** Ids of which some are known, and some come several times; some follow the one before. */
function drawBatch(prng: Prng, disk: IdsOnDisk): bigint[] {
  const known = [...disk.map.keys()];
  const style = prng.below(4);
  const batch: bigint[] = [];
  for (let count = 1 + prng.below(600); batch.length < count; ) {
    const way = prng.below(20);
    const last = batch.at(-1);
    if (way === 0 && known.length > 0) batch.push(prng.pick(known));
    else if (way === 1 && batch.length > 0) batch.push(prng.pick(batch));
    else if (way < 5 && last !== undefined) batch.push(last + 1n);
    else batch.push(drawId(prng, style));
  }
  return batch;
}

/** Takes in a batch as apply does; `mark` is called for as many ids as it is asked to. */
function takeIn(disk: IdsOnDisk, batch: readonly bigint[], rowsAhead: number): void {
  const { ids, map } = disk;
  const lanes = Int32Array.from(batch.flatMap((id) => lanesOf(id)));
  const marks = new Uint8Array(maxBatchEvents).fill(1);
  ids.markStored(lanes, batch.length, marks);
  for (const [row, id] of batch.entries()) {
    if (row % rowsAhead === 0) ids.mark(lanes, row, Math.min(batch.length, row + rowsAhead), marks);
    const isKnown = map.has(id);
    if (marks[row] === 0) {
      assert.equal(ids.addMarked(...lanesOf(id), disk.positions), !isKnown, `id ${id}`);
    } else {
      disk.check(id);
      if (!isKnown) ids.add(...lanesOf(id), disk.positions);
    }
    if (!isKnown) map.set(id, disk.positions++);
  }
  ids.settle();
}

test('a batch that is marked takes in each id once, wherever the others are', () => {
  for (let seed = 1; seed <= 8; seed++) {
    if (only !== undefined && Number(only) !== seed) continue;
    const prng = new Prng(seed);
    const disk = new IdsOnDisk(1 + prng.below(900), 1 + prng.below(400), seed);
    try {
      for (let batch = 0; batch < 40; batch++) {
        takeIn(disk, drawBatch(prng, disk), prng.pick([1, 7, 256, 1000]));
        // Filters of another seed than that of the process.
        if (prng.chance(0.1)) disk.restart(disk.ids.checkpoint(), prng.uint32() | 0);
      }
      disk.checkAll();
    } catch (error) {
      throw new Error(`SEED=${seed} npx node --test ${file}`, { cause: error });
    }
  }
});

test('nearly all unused ids are marked so, with most of the others on disk', () => {
  const prng = new Prng(1);
  const disk = new IdsOnDisk(500, 300);
  const draw = (count: number): bigint[] => Array.from({ length: count }, () => drawId(prng, 0));
  for (let batch = 0; batch < 20; batch++) takeIn(disk, draw(800), 256);
  assert.ok(disk.ids.checkpoint().runs.length > 1);
  const batch = draw(8000);
  const lanes = Int32Array.from(batch.flatMap((id) => lanesOf(id)));
  const marks = new Uint8Array(maxBatchEvents);
  disk.ids.markStored(lanes, batch.length, marks);
  disk.ids.mark(lanes, 0, batch.length, marks);
  let marked = 0;
  for (const mark of marks) marked += mark;
  assert.ok(marked < 400, `${marked} of 8000`);
  const known = [...disk.map.keys()].slice(0, 100);
  const knownLanes = Int32Array.from(known.flatMap((id) => lanesOf(id)));
  const areMarked = (): boolean => {
    disk.ids.markStored(knownLanes, 100, marks);
    disk.ids.mark(knownLanes, 0, 100, marks);
    return marks.subarray(0, 100).every((mark) => mark === 1);
  };
  assert.ok(areMarked());
  disk.restart(disk.ids.checkpoint(), 5);
  assert.ok(areMarked());
  assert.equal(disk.map.get(present(known[0], 'an id is known')), 0);
});

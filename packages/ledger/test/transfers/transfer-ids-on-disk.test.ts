import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { MemoryParts } from '../../src/parts/memory-parts.ts';
import { TransferIds, unusedId } from '../../src/transfers/transfer-ids.ts';
import { drawId, entriesOf, IdsOnDisk, lanesOf } from './id-runs/ids-on-disk.ts';

/** One seed again: SEED=7 npx node --test, and the path of this file. */
const only = process.env['SEED'];
const file = 'packages/ledger/test/transfers/transfer-ids-on-disk.test.ts';

/** Runs a test with some seeds; says how to repeat the one that fails. */
function withSeeds(count: number, run: (prng: Prng, seed: number) => void): void {
  for (let seed = 1; seed <= count; seed++) {
    if (only !== undefined && Number(only) !== seed) continue;
    try {
      run(new Prng(seed), seed);
    } catch (error) {
      throw new Error(`SEED=${seed} npx node --test ${file}`, { cause: error });
    }
  }
}

test('ids are found as in a map while tables are written and runs are merged', () => {
  withSeeds(8, (prng, seed) => {
    const disk = new IdsOnDisk(1 + prng.below(20), 1 + prng.below(400), seed);
    for (let batch = 0; batch < 300; batch++) {
      disk.batch(prng, 1 + prng.below(40));
      if (prng.chance(0.2)) disk.addRun(drawId(prng, prng.below(4)), 1 + prng.below(30));
      const known = [...disk.map.keys()].slice(-200);
      for (let at = 0; at < 20; at++) disk.check(prng.pick(known));
      for (let at = 0; at < 20; at++) disk.check(drawId(prng, prng.below(4)));
    }
    disk.checkAll();
    const levels = disk.ids.checkpoint().runs.map(({ level }) => level);
    assert.ok(Math.max(...levels) >= 2, `levels ${levels}`);
  });
});

test('at no level more than a few runs wait to be merged', () => {
  for (const batchIds of [1, 7, 200]) {
    const prng = new Prng(batchIds);
    const disk = new IdsOnDisk(64, 100);
    while (disk.map.size < 12_000) {
      disk.batch(prng, batchIds);
      const levels = disk.ids.checkpoint().runs.map(({ level }) => level);
      for (const level of new Set(levels)) {
        const runs = levels.filter((other) => other === level).length;
        assert.ok(runs <= 16, `${runs} runs of level ${level}`);
      }
      const inMemory = disk.ids.checkpoint().entryCount;
      assert.ok(inMemory <= 2 * 64 + 3 * batchIds, `${inMemory} ids in memory`);
    }
    disk.checkAll();
  }
});

test('a checkpoint at any time is all that is needed to go on, and does not change', () => {
  withSeeds(6, (prng, seed) => {
    const disk = new IdsOnDisk(30, 70, seed);
    for (let round = 0; round < 12; round++) {
      for (let batch = prng.below(40); batch > 0; batch--) disk.batch(prng, prng.below(30));
      disk.addRun(drawId(prng, 2), 1 + prng.below(30));
      const checkpoint = disk.ids.checkpoint();
      const before = entriesOf(checkpoint);
      const frozen = JSON.stringify(checkpoint.runs);
      const map = new Map(disk.map);
      const { positions } = disk;
      for (let batch = prng.below(20); batch > 0; batch--) disk.batch(prng, prng.below(30));
      assert.deepEqual(entriesOf(checkpoint), before);
      assert.equal(JSON.stringify(checkpoint.runs), frozen);
      if (prng.chance(0.5)) {
        // Back to the checkpoint, as after a crash.
        for (const id of disk.map.keys()) if (!map.has(id)) disk.map.delete(id);
        disk.positions = positions;
        const again = new Set(before.map(([id]) => id));
        assert.equal(again.size, before.length);
        disk.restart(checkpoint, prng.uint32());
      }
      disk.checkAll();
      for (let at = 0; at < 100; at++) disk.check(drawId(prng, prng.below(4)));
    }
  });
});

test('files of no run and no checkpoint are not read any more', () => {
  withSeeds(5, (prng, seed) => {
    const disk = new IdsOnDisk(25, 60, seed);
    let checkpoint = disk.ids.checkpoint();
    let most = 0;
    for (let batch = 0; batch < 400; batch++) {
      disk.batch(prng, prng.below(30));
      if (prng.chance(0.05)) checkpoint = disk.ids.checkpoint();
      disk.parts.retain(new Set([...disk.ids.runFiles(), ...disk.filesOf(checkpoint)]));
      if (disk.parts.files.length > most) most = disk.parts.files.length;
      for (const { segments } of checkpoint.runs)
        for (const place of segments) disk.parts.read(place);
      if (batch % 50 === 0) disk.checkAll();
    }
    disk.checkAll();
    assert.ok(most < 150, `${most} files`);
  });
});

test('another node gets the same answers from a whole snapshot, with a disk and without', () => {
  const prng = new Prng(3);
  const disk = new IdsOnDisk(60, 700);
  for (let batch = 0; batch < 300; batch++) disk.batch(prng, 20);
  disk.addRun(2n ** 70n, 500);
  const parts = new MemoryParts();
  const others = [new TransferIds(77, parts, { tableIds: 60, segmentIds: 90 }), new TransferIds(5)];
  for (const other of others) {
    disk.sendTo(other, disk.ids.checkpoint());
    assert.equal(other.count, disk.map.size);
    for (const [id, value] of disk.map) assert.equal(other.find(...lanesOf(id)), value);
    for (let at = 0; at < 2000; at++) {
      const id = drawId(prng, prng.below(4));
      assert.equal(other.find(...lanesOf(id)), disk.map.get(id) ?? unusedId);
    }
  }
  // What runs have in common with those of the first node is only their ids.
  const files = others[0]?.runFiles() ?? new Set();
  assert.deepEqual(files, new Set(parts.files));
});

test('a range of ids is unused only if none of it is in memory or on disk', () => {
  withSeeds(4, (prng, seed) => {
    const disk = new IdsOnDisk(40, 300, seed);
    for (let batch = 0; batch < 100; batch++) disk.batch(prng, 20);
    const ids = [...disk.map.keys()];
    for (let at = 0; at < 1500; at++) {
      const first = prng.pick(ids) - BigInt(prng.below(60)) + 5n;
      const count = 1 + prng.below(50);
      let isUnused = true;
      for (let event = 0; event < count; event++)
        if (disk.map.has(first + BigInt(event))) isUnused = false;
      const said = disk.ids.areUnused(...lanesOf(first), count);
      assert.equal(said, isUnused, `${count} ids from ${first}`);
    }
  });
});

test('ids of a batch are taken back whatever has gone to disk before it', () => {
  const prng = new Prng(4);
  const disk = new IdsOnDisk(10, 50);
  for (let batch = 0; batch < 200; batch++) {
    disk.batch(prng, 5);
    const undone = [drawId(prng, 0), drawId(prng, 0)];
    for (const id of undone) disk.ids.add(...lanesOf(id), disk.positions++);
    for (const id of undone.reverse()) disk.ids.removeNewest(...lanesOf(id));
    disk.positions -= 2;
    for (const id of undone) disk.check(id);
  }
  disk.checkAll();
});

test('positions beyond 32 bits come back from disk', () => {
  const parts = new MemoryParts();
  const ids = new TransferIds(1, parts, { tableIds: 3, segmentIds: 10 });
  const positions = [0, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 5, 2 ** 53 - 1];
  for (const [at, position] of positions.entries()) ids.add(at + 1, 0, 0, -at, position);
  for (let round = 0; round < 20; round++) ids.settle();
  ids.add(99, 99, 99, 99, 4);
  for (let round = 0; round < 20; round++) ids.settle();
  assert.equal(ids.checkpoint().runs.length, 1);
  for (const [at, position] of positions.entries())
    assert.equal(ids.find(at + 1, 0, 0, -at), position);
});

test('after each batch about as much is written, whatever has to be merged', () => {
  const tableIds = 500;
  const batchIds = 100;
  const disk = new IdsOnDisk(tableIds, 20);
  const prng = new Prng(6);
  const draw = (): void => {
    for (let at = 0; at < batchIds; at++) disk.add(drawId(prng, 0));
    disk.ids.settle();
  };
  let written = 0;
  const { parts } = disk;
  const add = parts.add.bind(parts);
  parts.add = (lane, bytes) => {
    written++;
    return add(lane, bytes);
  };
  let most = 0;
  let sum = 0;
  const batches = 1000;
  for (let batch = 0; batch < batches; batch++) {
    written = 0;
    draw();
    if (written > most) most = written;
    sum += written;
  }
  // A run of 32,000 ids was merged beside those of 4,000, and tables written beside both.
  const levels = disk.ids.checkpoint().runs.map(({ level }) => level);
  assert.ok(levels.includes(2), `levels ${levels}`);
  assert.ok(sum / batches > 10, `${sum} segments in all`);
  assert.ok(most <= 25, `${most} segments in a batch`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { MemoryParts } from '../../../src/parts/memory-parts.ts';
import { PartLane, type PartPlace } from '../../../src/parts/part-store.ts';
import { headBytesOf } from '../../../src/transfers/id-runs/id-segment.ts';
import { TransferIds } from '../../../src/transfers/transfer-ids.ts';
import { IdsOnDisk, lanesOf } from './ids-on-disk.ts';

/** One run of 1,500 ids in three segments, and the places of those. */
function someRun(): { disk: IdsOnDisk; places: readonly PartPlace[] } {
  const prng = new Prng(1);
  const disk = new IdsOnDisk(1500, 600);
  while (disk.map.size < 1500) disk.batch(prng, 100);
  while (disk.ids.checkpoint().runs.length === 0) disk.batch(prng, 50);
  return { disk, places: disk.ids.checkpoint().runs[0]?.segments ?? [] };
}

const damaged = { code: 'LEDGER_PART_DAMAGED' };
const invalid = { code: 'LEDGER_SNAPSHOT_INVALID' };

test('a block that is not what was written is found when it is read', () => {
  const { disk, places } = someRun();
  for (const place of places) {
    const bytes = disk.parts.read(place);
    for (let at = bytes.length - 1; at > headBytesOf(600); at -= 900) {
      const flip = (): void => {
        bytes[at] = (bytes[at] ?? 0) ^ 4;
      };
      flip();
      disk.restart(disk.ids.checkpoint(), 5);
      assert.throws(() => {
        disk.checkAll();
      }, damaged);
      flip();
    }
  }
  disk.restart(disk.ids.checkpoint(), 5);
  disk.checkAll();
});

test('a damaged block is found when runs are merged', () => {
  const { disk, places } = someRun();
  const bytes = disk.parts.read(places[1] ?? assert.fail());
  bytes[bytes.length - 5] = (bytes[bytes.length - 5] ?? 0) ^ 1;
  const prng = new Prng(2);
  assert.throws(() => {
    for (let batch = 0; batch < 500; batch++) disk.batch(prng, 50);
  }, damaged);
});

test('a damaged head, or a place that holds something else, is found when it is loaded', () => {
  const { disk, places } = someRun();
  const place = places[0] ?? assert.fail();
  const bytes = disk.parts.read(place);
  const load = (other: PartPlace): void => {
    const loader = new TransferIds(1, disk.parts).loadRuns(10_000);
    loader.beginRun(0);
    loader.addPlace(other);
  };
  for (let at = 0; at < headBytesOf(600); at += 13) {
    bytes[at] = (bytes[at] ?? 0) ^ 64;
    assert.throws(() => {
      load(place);
    }, damaged);
    bytes[at] = (bytes[at] ?? 0) ^ 64;
  }
  load(place);
  for (const length of [0, 7, 8, 100, place.length - 1]) {
    assert.throws(() => {
      load({ ...place, length });
    }, damaged);
  }
});

test('segments from outside are refused when anything in them is wrong', () => {
  const { disk, places } = someRun();
  for (const parts of [new MemoryParts(), null]) {
    const load = (runs: readonly (readonly Uint8Array[])[], level = 0, end = 10_000): void => {
      const loader = new TransferIds(1, parts).loadRuns(end);
      for (const run of runs) {
        loader.beginRun(level);
        for (const bytes of run) loader.addBytes(bytes);
      }
      loader.end();
    };
    const refused = (...args: Parameters<typeof load>): void => {
      assert.throws(() => {
        load(...args);
      }, invalid);
    };
    const [first, second, third] = places.map((place) => disk.parts.read(place));
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    load([[first, second, third]]);
    load([[second], [first, third]]);
    refused([[second, first]]);
    refused([[first, first]]);
    refused([[first]], -1);
    refused([[first]], 32);
    refused([[first]], 0, 10);
    refused([[new Uint8Array(0)]]);
    refused([[first.subarray(0, 100)]]);
    refused([[first.subarray(0, first.length - 24)]]);
    for (let at = 0; at < first.length; at += 41) {
      const changed = first.slice();
      changed[at] = (changed[at] ?? 0) ^ 16;
      refused([[changed]]);
    }
  }
});

test('a node without a disk refuses places', () => {
  const { places } = someRun();
  const loader = new TransferIds(1).loadRuns(10_000);
  loader.beginRun(0);
  assert.throws(() => {
    loader.addPlace(places[0] ?? assert.fail());
  }, invalid);
});

test('ids that are still in memory are found whatever has become of the disk', () => {
  const { disk } = someRun();
  disk.parts.turn(PartLane.ids);
  disk.ids.add(1, 2, 3, 4, 77);
  disk.parts.retain(new Set());
  assert.equal(disk.ids.find(1, 2, 3, 4), 77);
  assert.throws(() => {
    for (const id of disk.map.keys()) disk.ids.find(...lanesOf(id));
  });
});

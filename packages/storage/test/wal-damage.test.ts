import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { portableChecksum } from '@quorate/base';
import { type LogModel, modelOf } from '../conformance/log-model.ts';
import { openWriteAheadLog, StorageError } from '../src/index.ts';
import { SegmentBytes } from '../src/wal/segment-bytes.ts';
import { segmentHeaderBytes } from '../src/wal/wal-format.ts';
import { VirtualWorld } from './virtual-world.ts';
import {
  codeOf,
  commit,
  entries,
  entry,
  incarnation,
  openLog,
  segmentFile,
  segments,
  snapshotMeta,
  write,
} from './wal-fixture.ts';

type Files = Map<string, Uint8Array>;

function filesOf(world: VirtualWorld): Files {
  const names = segments(world).map((name) => `data/wal/${name}`);
  return new Map(names.map((name) => [name, world.disk.blocking.readFile(name)]));
}

function worldOf(files: Files): VirtualWorld {
  const world = new VirtualWorld(1);
  const { blocking } = world.disk;
  blocking.makeDirectory('data/wal');
  blocking.writeFileDurably('data/log-begun', new Uint8Array(0));
  for (const [name, bytes] of files) blocking.writeFileDurably(name, bytes);
  return world;
}

/** A small log over three segments, and the state after each of its batches. */
function smallLog(): { files: Files; states: LogModel[] } {
  const world = new VirtualWorld(7);
  const states: LogModel[] = [];
  let log = openLog(world, 1024);
  const writes = [
    write(1, { hardState: { term: 1, votedFor: 1, commitIndex: 0 }, snapshot: snapshotMeta(0, 0) }),
    write(1, { entries: entries(1, 3, 1, 20) }),
    write(2, { hardState: { term: 4, votedFor: 2, commitIndex: 0 } }),
    write(1, { entries: entries(4, 8, 1, 60) }),
    write(1, { truncateAfter: 6, entries: [entry(7, 2, 'again')] }),
    write(1, { entries: entries(8, 12, 2, 72) }),
    write(2, { entries: entries(1, 2, 4, 10) }),
    write(1, { hardState: { term: 3, votedFor: 0, commitIndex: 9 } }),
  ];
  states.push(modelOf(log.recovered));
  for (const one of writes) {
    commit(world, log, one);
    world.kill();
    log = openLog(world, 1024);
    states.push(modelOf(log.recovered));
  }
  const files = filesOf(world);
  // The spare one.
  files.delete([...files.keys()].at(-1) as string);
  return { files, states };
}

/** @returns which of the states was recovered, or null when the log was refused */
function recover(files: Files, states: readonly LogModel[], label: string): number | null {
  const world = worldOf(files);
  try {
    const found = modelOf(openLog(world, 1024).recovered);
    const state = states.findIndex((candidate) => isDeepStrictEqual(candidate, found));
    assert.ok(state >= 0, `${label}: recovered what was never the state`);
    return state;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    // A damaged version may be one that is to come.
    assert.match(error.code, /^STORAGE_(CORRUPT|VERSION_UNSUPPORTED)$/, label);
    assert.deepEqual(filesOf(world), files, `${label}: a refusal changes nothing`);
    return null;
  }
}

suite('damage to the log', () => {
  const { files, states } = smallLog();
  const complete = states.length - 1;
  const names = [...files.keys()];

  test('a flipped bit in any byte is a clean cut of the last batch, or refused', () => {
    let refused = 0;
    let cut = 0;
    for (const [name, bytes] of files) {
      for (let at = 0; at < bytes.length; at++) {
        const damaged = bytes.slice();
        damaged[at] = (damaged[at] as number) ^ (1 << (at & 7));
        const label = `${name} at ${at}`;
        const state = recover(new Map(files).set(name, damaged), states, label);
        if (state === null) refused += 1;
        else assert.ok(state >= complete - 1, `${label}: more than the last batch was cut`);
        if (state === complete - 1) cut += 1;
      }
    }
    assert.ok(refused > 2000 && cut > 200, `refused ${refused}, cut ${cut}`);
  });

  test('damage to the batch that opens a segment is refused once the next one was begun', () => {
    const last = names.at(-1) as string;
    const damaged = (files.get(last) as Uint8Array).slice();
    damaged[100] = (damaged[100] as number) ^ 1;
    const spare = segmentFile(names.length + 2);
    const both = new Map(files).set(last, damaged).set(spare, new Uint8Array(100));
    assert.equal(recover(both, states, 'with a spare'), null);
  });

  test('a log whose file was cut short is refused, unless it looks like a spare one', () => {
    const headerBytes = 40;
    for (const [at, name] of names.entries()) {
      const bytes = files.get(name) as Uint8Array;
      for (let length = 0; length < bytes.length; length++) {
        const kept = new Map([...files].slice(0, at));
        kept.set(name, bytes.slice(0, length));
        const state = recover(kept, states, `${name} cut at ${length}`);
        if (name !== names.at(-1)) continue;
        // Appends change no file's size, so no torn write explains a shorter file.
        assert.equal(state, length < headerBytes ? complete - 1 : null);
      }
    }
  });

  test('a log that is gone is not taken for a new one while a snapshot of it is there', () => {
    const { ports, disk } = worldOf(new Map());
    disk.blocking.remove('data/log-begun');
    disk.blocking.makeDirectory('data/snapshots');
    disk.blocking.writeFileDurably('data/snapshots/1-90-1.snap', new Uint8Array(1));
    assert.equal(
      codeOf(() =>
        openWriteAheadLog({ ports, directory: 'data', incarnation, segmentBytes: 1024 }),
      ),
      'STORAGE_CORRUPT',
    );
  });

  test('a segment that is missing in the middle, or the oldest, is refused', () => {
    for (const name of names.slice(0, -1)) {
      const left = new Map(files);
      left.delete(name);
      assert.equal(recover(left, states, `without ${name}`), null);
    }
  });

  test('a segment of another place or another directory is refused', () => {
    const [first = '', second = ''] = names;
    const swapped = new Map(files).set(second, files.get(first) as Uint8Array);
    assert.equal(recover(swapped, states, 'a copy of the first as the second'), null);
    const { ports } = worldOf(files);
    const other = { ports, directory: 'data', incarnation: incarnation - 1, segmentBytes: 1024 };
    assert.equal(
      codeOf(() => openWriteAheadLog(other)),
      'STORAGE_CORRUPT',
    );
  });

  test('a log of a newer format is refused as such', () => {
    const world = worldOf(files);
    const bytes = (files.get(names[0] as string) as Uint8Array).slice();
    const view = new DataView(bytes.buffer);
    view.setUint32(8, 2, true);
    const before = portableChecksum.crc32(bytes.subarray(0, 12), 0);
    view.setUint32(12, portableChecksum.crc32(bytes.subarray(16, 40), before), true);
    world.disk.blocking.writeFileDurably(names[0] as string, bytes);
    assert.equal(
      codeOf(() => openLog(world)),
      'STORAGE_VERSION_UNSUPPORTED',
    );
  });

  test('a log of a newer format is refused before its checksum is judged', () => {
    const world = worldOf(files);
    const [name = ''] = names;
    const bytes = (files.get(name) as Uint8Array).slice();
    bytes[8] = 2;
    world.disk.blocking.writeFileDurably(name, bytes);
    assert.throws(
      () => openLog(world),
      (error: Error) => /format version 2;/.test(error.message) && !/repair/.test(error.message),
    );
    bytes[8] = 1;
    bytes[0] = 0;
    world.disk.blocking.writeFileDurably(name, bytes);
    assert.throws(() => openLog(world), /at offset 0: the header of the oldest segment is damaged/);
  });

  test('a log whose segments are gone is not taken for a new one', () => {
    const world = worldOf(new Map());
    assert.equal(
      codeOf(() => openLog(world)),
      'STORAGE_CORRUPT',
    );
  });
});

suite('a torn write', () => {
  test('is voided on the disk, so that a shorter batch after it ends the log', () => {
    const world = new VirtualWorld(5);
    let log = openLog(world, 8192);
    commit(world, log, write(1, { entries: entries(1, 1, 1, 10) }));
    commit(world, log, write(1, { entries: entries(2, 9, 1, 400) }));
    world.kill();
    const file = segmentFile(2);
    const bytes = world.disk.blocking.readFile(file);
    const segment = new SegmentBytes(file, 2, incarnation, bytes, portableChecksum);
    const torn = segment.batchAt(segmentHeaderBytes)?.nextOffset ?? 0;
    world.disk.flipBit(file, torn + 100, 3);

    log = openLog(world, 8192);
    assert.deepEqual(world.warnings, ['a torn write at the end of the log was cut']);
    assert.equal(log.recovered.get(1)?.entries.length, 1);
    assert.ok(
      world.disk.blocking
        .readFile(file)
        .subarray(torn)
        .every((byte) => byte === 0),
    );
    commit(world, log, write(1, { entries: [entry(2, 2, 'short')] }));
    world.kill();
    world.disk.crash();
    log = openLog(world, 8192);
    assert.deepEqual(
      log.recovered.get(1)?.entries.map(({ term }) => term),
      [1, 2],
    );
    assert.equal(world.warnings.length, 1);
  });

  test('a lost fsync that later writes built on is refused, not skipped', () => {
    const outcomes = new Set<string>();
    for (let seed = 1; seed <= 60; seed++) {
      const world = new VirtualWorld(seed);
      const log = openLog(world, 65_536);
      commit(world, log, write(1, { entries: entries(1, 2, 1, 700) }));
      // The disk lies from here on: any of the batches may be missing after the power cut.
      world.disk.injectSyncFault('lose', (path) => path === segmentFile(2), 100);
      for (let index = 3; index < 7; index++) {
        commit(world, log, write(1, { entries: entries(index, index, 1, 700) }));
      }
      world.crash();
      const code = codeOf(() => openLog(world, 65_536));
      outcomes.add(code);
      if (code !== 'none') assert.equal(code, 'STORAGE_CORRUPT');
    }
    assert.deepEqual([...outcomes].sort(), ['STORAGE_CORRUPT', 'none']);
  });
});

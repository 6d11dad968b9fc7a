import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { portableChecksum } from '@quorate/base';
import type { GroupWrite } from '@quorate/raft';
import { type LogModel, lastIndexOf, type ModelGroup, modelOf } from '../conformance/log-model.ts';
import { claimDataDirectory, type RepairReport, repairDataDirectory } from '../src/index.ts';
import { SegmentBytes } from '../src/wal/segment-bytes.ts';
import { segmentHeaderBytes } from '../src/wal/wal-format.ts';
import { VirtualWorld } from './virtual-world.ts';
import { commit, openLog, segments } from './wal-fixture.ts';

export type Files = Map<string, Uint8Array>;

/** A log, what it held after each of its batches, and whose it is. */
export interface History {
  readonly files: Files;
  /** By the number of the last batch; 0 is not used. */
  readonly states: readonly LogModel[];
  readonly incarnation: number;
}

export function filesOf(world: VirtualWorld): Files {
  const names = segments(world).map((name) => `data/wal/${name}`);
  return new Map(names.map((name) => [name, world.disk.blocking.readFile(name)]));
}

function claim(world: VirtualWorld): number {
  const { fileSystem, crypto } = world.ports;
  const whose = { directory: 'data', clusterId: '00c0ffee00c0ffee', nodeId: 7 };
  const held = claimDataDirectory({ fileSystem, crypto, ...whose });
  held.release();
  return held.incarnation;
}

/** Each write is a batch of its own. */
export function historyOf(writes: readonly GroupWrite[], segmentBytes: number): History {
  const world = new VirtualWorld(7);
  const incarnation = claim(world);
  let log = openLog(world, segmentBytes, incarnation);
  const states: LogModel[] = [new Map(), modelOf(log.recovered)];
  for (const one of writes) {
    commit(world, log, one);
    world.kill();
    log = openLog(world, segmentBytes, incarnation);
    states.push(modelOf(log.recovered));
  }
  world.run();
  world.kill();
  return { files: filesOf(world), states, incarnation };
}

/** A machine on whose disk these files are, and nothing runs. */
export function worldOf({ incarnation }: History, files: Files, seed = 1): VirtualWorld {
  const world = new VirtualWorld(7);
  assert.equal(claim(world), incarnation, 'the same seed draws the same incarnation');
  const { blocking } = world.disk;
  blocking.makeDirectory('data/wal');
  blocking.writeFileDurably('data/log-begun', new Uint8Array(0));
  for (const [name, bytes] of files) blocking.writeFileDurably(name, bytes);
  for (const directory of ['.', 'data', 'data/wal']) blocking.syncDirectory(directory);
  for (let draw = 0; draw < seed; draw++) world.prng.float();
  return world;
}

export function flipped(files: Files, name: string, at: number, bit: number): Files {
  const bytes = (files.get(name) as Uint8Array).slice();
  bytes[at] = (bytes[at] as number) ^ (1 << bit);
  return new Map(files).set(name, bytes);
}

/** Runs a repair to its end and gives its report, or throws its error. */
export function repair(
  world: VirtualWorld,
  given: { readonly dryRun?: boolean; readonly groups?: readonly number[] | null } = {},
): RepairReport {
  const { dryRun = false, groups = [1, 2] } = given;
  const { ports } = world;
  let answer: { error: Error | null; report: RepairReport | null } | undefined;
  repairDataDirectory({ ports, directory: 'data', dryRun, groups }, (error, report) => {
    answer = { error, report };
  });
  world.run();
  if (answer?.error) throw answer.error;
  assert.ok(answer?.report, 'the repair was answered');
  return answer.report;
}

/** The number of the batch that holds a byte, and of the log's last batch. */
export function batchAt({ files, incarnation }: History, name: string, at: number): number {
  const sequence = Number(name.slice(-20, -4));
  const bytes = files.get(name) as Uint8Array;
  const segment = new SegmentBytes(name, sequence, incarnation, bytes, portableChecksum);
  let number = 0;
  for (
    let batch = segment.batchAt(segmentHeaderBytes);
    batch !== null;
    batch = segment.batchAt(batch.nextOffset)
  ) {
    number = batch.number;
    if (at < batch.nextOffset) break;
  }
  return number;
}

/**
 * Holds a repaired group to what it promised before.
 *
 * @param truth as it was before the damage
 * @param before as it was before the batch that is damaged
 */
export function holdsPromises(found: ModelGroup, truth: ModelGroup, before: ModelGroup): void {
  const { term, votedFor } = found.hardState;
  assert.deepEqual([term, votedFor], [truth.hardState.term, truth.hardState.votedFor], 'the vote');
  const last = lastIndexOf(found);
  const wasLast = lastIndexOf(truth);
  const base = found.snapshot?.index ?? 0;
  if (found.repairUntil === 0) {
    const same = isDeepStrictEqual(found.entries, truth.entries);
    assert.ok(same || base >= wasLast, 'without a mark it has all that it acknowledged');
  } else {
    assert.ok(found.repairUntil >= wasLast, 'the mark is where it may have acknowledged');
    assert.ok(found.repairUntil > last, 'the mark is ahead of the log');
  }
  const entryOf = (group: ModelGroup, index: number) =>
    group.entries.find((entry) => entry.index === index);
  for (let index = base + 1; index <= found.hardState.commitIndex; index++) {
    assert.deepEqual(entryOf(found, index), entryOf(truth, index), 'what is committed');
  }
  for (const entry of before.entries) {
    if (entry.index <= base || !isDeepStrictEqual(entryOf(truth, entry.index), entry)) continue;
    assert.deepEqual(entryOf(found, entry.index), entry, 'no less than before the damage');
  }
}

/** What the log holds when it is opened. */
export function reopened(
  world: VirtualWorld,
  { incarnation }: History,
  segmentBytes: number,
): LogModel {
  const log = openLog(world, segmentBytes, incarnation);
  const model = modelOf(log.recovered);
  world.run();
  world.kill();
  return model;
}

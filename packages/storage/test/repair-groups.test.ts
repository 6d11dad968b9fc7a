import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { portableChecksum } from '@quorate/base';
import type { GroupWrite } from '@quorate/raft';
import {
  type Configuration,
  type Entry,
  EntryKind,
  encodeConfiguration,
  majorityConfiguration,
  type SnapshotMeta,
} from '@quorate/schema';
import { openSnapshotStore } from '../src/index.ts';
import { SegmentBytes } from '../src/wal/segment-bytes.ts';
import { filesOf, type History, historyOf, reopened, repair, worldOf } from './repair-fixture.ts';
import type { VirtualWorld } from './virtual-world.ts';
import { cut, entries, entry, segmentFile, segments, snapshotMeta, write } from './wal-fixture.ts';

const segmentBytes = 64 * 1024;
const hard = (term: number, votedFor: number, commitIndex: number) => ({
  hardState: { term, votedFor, commitIndex },
});
const begin = (group: number, meta: SnapshotMeta = snapshotMeta(0, 0)): GroupWrite =>
  write(group, { ...hard(1, 1, 0), snapshot: meta, logStart: { index: 0, term: 0 } });

/** Where each batch of the segment being written begins. */
function batches({ incarnation }: History, world: VirtualWorld): { file: string; at: number[] } {
  const name = segments(world).at(-2) ?? '';
  const file = `data/wal/${name}`;
  const bytes = world.disk.blocking.readFile(file);
  const sequence = Number(name.slice(0, -4));
  const segment = new SegmentBytes(file, sequence, incarnation, bytes, portableChecksum);
  const at: number[] = [];
  for (let batch = segment.batchAt(40); batch; batch = segment.batchAt(batch.nextOffset)) {
    at.push(batch.offset);
  }
  return { file, at };
}

/** Fills the whole batch, header and all, with something else. */
function wreck(history: History, world: VirtualWorld, number: number): void {
  const { file, at } = batches(history, world);
  const offset = at[number] as number;
  const end = at[number + 1] as number;
  const junk = new Uint8Array(end - offset).fill(0xa5);
  world.disk.blocking.overwriteDurably(file, offset, junk);
}

function keepSnapshot(world: VirtualWorld, group: number, meta: SnapshotMeta): string {
  const store = openSnapshotStore({ ports: world.ports, directory: 'data' });
  store.create(group, meta, (_, writer) => {
    writer?.write(new Uint8Array(3000).fill(group), () => writer.commit(() => undefined));
  });
  world.run();
  return `data/snapshots/${group}-${meta.index}-${meta.term}.snap`;
}

suite('a repaired group', () => {
  test('does not take what was overwritten in the damage for committed', () => {
    const history = historyOf(
      [
        begin(1),
        write(1, { ...hard(2, 1, 5), entries: entries(1, 10, 2, 30) }),
        write(1, { ...hard(3, 0, 5), truncateAfter: 5, entries: entries(6, 7, 3, 30) }),
        write(1, { ...hard(3, 0, 8), entries: [entry(8, 3, 'committed')] }),
      ],
      segmentBytes,
    );
    const world = worldOf(history, history.files);
    wreck(history, world, 2);
    assert.equal(repair(world, { groups: [1] }).outcome, 'repaired');
    const found = reopened(world, history, segmentBytes).get(1);
    // 6 and 7 may be those of term 2, which nobody but this node has any more.
    assert.deepEqual(found?.hardState, { term: 3, votedFor: 0, commitIndex: 5 });
    assert.deepEqual([found?.entries.length, found?.repairUntil], [7, 8]);
  });

  test('that may have been appended to and cut back again wants one entry more', () => {
    const history = historyOf(
      [
        begin(1),
        write(1, { ...hard(2, 1, 5), entries: entries(1, 10, 2, 30) }),
        write(1, { ...hard(3, 0, 5), truncateAfter: 5, entries: entries(6, 10, 3, 30) }),
        write(1, { ...hard(4, 0, 5), entries: [entry(11, 4, '')] }),
        write(1, { ...hard(5, 2, 5), truncateAfter: 10 }),
      ],
      segmentBytes,
    );
    const world = worldOf(history, history.files);
    wreck(history, world, 2);
    repair(world, { groups: [1] });
    const found = reopened(world, history, segmentBytes).get(1);
    assert.deepEqual([found?.entries.length, found?.repairUntil], [10, 11]);
  });

  test('that cannot have changed in the damage is whole, however much was lost', () => {
    const history = historyOf(
      [
        begin(1),
        begin(2),
        write(2, { ...hard(5, 0, 3), entries: entries(1, 3, 5, 30) }),
        write(1, { ...hard(2, 1, 5), entries: entries(1, 90, 2, 300) }),
        write(1, { ...hard(2, 1, 5), entries: entries(91, 180, 2, 300) }),
        write(1, { ...hard(2, 1, 5), entries: entries(181, 300, 2, 300) }),
      ],
      32 * 1024,
    );
    const world = worldOf(history, history.files);
    const file = segmentFile(2);
    // The lost batch is followed by a segment that tells how every group stood.
    world.disk.blocking.overwriteDurably(file, 1000, new Uint8Array(500).fill(1));
    const { groups, outcome } = repair(world);
    assert.equal(outcome, 'repaired');
    assert.deepEqual(
      groups.map((group) => [group.outcome, group.lastIndex, group.repairUntil]),
      [
        ['kept', 1, 300],
        ['whole', 3, 0],
      ],
    );
  });

  test('is refused as long as another may be hidden in the damage', () => {
    const history = historyOf(
      [
        begin(1),
        begin(2),
        write(1, { ...hard(2, 1, 5), entries: entries(1, 3, 2, 300) }),
        write(1, { ...hard(2, 1, 5), entries: entries(4, 6, 2, 300) }),
      ],
      segmentBytes,
    );
    const damagedWorld = (): VirtualWorld => {
      const world = worldOf(history, history.files);
      wreck(history, world, 2);
      return world;
    };
    const world = damagedWorld();
    const { outcome, mayHideGroups, groups } = repair(world, { groups: null });
    assert.deepEqual([outcome, mayHideGroups], ['impossible', true]);
    assert.deepEqual(
      groups.map((group) => group.outcome),
      ['emptied', 'lost'],
    );
  });

  test('is whole where the checksum alone, or a header, was damaged', () => {
    const history = historyOf(
      [
        begin(1),
        write(1, { ...hard(2, 1, 3), entries: entries(1, 3, 2, 300) }),
        write(1, { ...hard(2, 1, 5), entries: entries(4, 6, 2, 300) }),
      ],
      segmentBytes,
    );
    for (const inBatch of [0, 4, 8, 16, 20, 24, 28, 32]) {
      const world = worldOf(history, history.files);
      const { file, at } = batches(history, world);
      world.disk.flipBit(file, (at[1] as number) + inBatch, 2);
      const { groups, outcome } = repair(world, { groups: [1] });
      assert.equal(outcome, 'repaired', `${inBatch}`);
      assert.deepEqual(
        groups.map((group) => [group.outcome, group.lastIndex, group.repairUntil]),
        [['whole', 6, 0]],
        `${inBatch}`,
      );
    }
  });
});

suite('a group of which this node is the only voter', () => {
  const alone = majorityConfiguration([7], [4]);
  const three = majorityConfiguration([3, 5, 7], []);
  const first = (configuration: Configuration): SnapshotMeta => ({
    ...snapshotMeta(0, 0),
    configuration,
  });
  const change = (index: number, configuration: Configuration): Entry => ({
    ...entry(index, 2, encodeConfiguration(configuration)),
    kind: EntryKind.configuration,
  });
  const repairOf = (history: History, inBatch: number | null) => {
    const world = worldOf(history, history.files);
    const { file, at } = batches(history, world);
    if (inBatch === null) wreck(history, world, 2);
    else world.disk.flipBit(file, (at[1] as number) + inBatch, 2);
    const before = filesOf(world);
    const { groups, outcome, damagedFiles } = repair(world, { groups: [1] });
    const [group = assert.fail('there is a group')] = groups;
    const isUnchanged = isDeepStrictEqual(filesOf(world), before);
    return { outcome, damagedFiles, isUnchanged, group };
  };
  const log = (begun: Configuration, changes: readonly Entry[]): History =>
    historyOf(
      [
        begin(1, first(begun)),
        write(1, { ...hard(2, 7, 3), entries: [...changes, ...entries(2, 3, 2, 300)] }),
        write(1, { ...hard(2, 7, 3), entries: entries(4, 6, 2, 300) }),
        write(1, { ...hard(2, 7, 6), entries: entries(7, 8, 2, 300) }),
      ],
      segmentBytes,
    );

  test('is not repaired where something of it would have to come from others', () => {
    const found = repairOf(log(alone, entries(1, 1, 2, 300)), null);
    assert.deepEqual([found.outcome, found.damagedFiles], ['impossible', null]);
    assert.ok(found.isUnchanged);
    const { outcome, isAlone, reason } = found.group;
    assert.deepEqual([outcome, isAlone], ['lost', true]);
    assert.match(reason ?? '', /no other voter is known/);
  });

  test('is repaired where nothing of it was lost', () => {
    const { outcome, group } = repairOf(log(alone, entries(1, 1, 2, 300)), 4);
    assert.deepEqual([outcome, group.outcome, group.lastIndex], ['repaired', 'whole', 8]);
  });

  test('is told by the last change of its members in the log', () => {
    const added = repairOf(log(alone, [change(1, three)]), null);
    assert.deepEqual([added.outcome, added.group.outcome], ['repaired', 'kept']);
    const removed = repairOf(log(three, [change(1, alone)]), null);
    assert.deepEqual([removed.outcome, removed.group.outcome], ['impossible', 'lost']);
  });

  test('is not taken for one while it does not know its members yet, or is none', () => {
    for (const configuration of [majorityConfiguration([], []), majorityConfiguration([4], [7])]) {
      const { outcome, group } = repairOf(log(configuration, entries(1, 1, 2, 300)), null);
      assert.deepEqual([outcome, group.outcome, group.isAlone], ['repaired', 'kept', false]);
    }
  });

  test('has no others in witnesses, which have no data', () => {
    const nothing = { incarnation: 1, locality: '', address: '', priority: 0, promote: false };
    const members = [{ ...nothing, id: 9, witness: true }];
    const configuration = { ...majorityConfiguration([7, 9], []), members };
    const { group } = repairOf(log(configuration, entries(1, 1, 2, 300)), null);
    assert.deepEqual([group.outcome, group.isAlone], ['lost', true]);
  });
});

suite('a group with a snapshot', () => {
  const meta = snapshotMeta(60, 2);
  const log = (cutAt: number): History =>
    historyOf(
      [
        begin(1),
        write(1, { ...hard(2, 1, 60), entries: entries(1, 70, 2, 30) }),
        write(1, {
          ...hard(2, 1, 60),
          snapshot: meta,
          logStart: { index: cutAt, term: cutAt === 0 ? 0 : 2 },
        }),
        write(1, { ...hard(2, 1, 65), entries: entries(71, 75, 2, 30) }),
        write(1, { ...hard(2, 1, 65), entries: entries(76, 80, 2, 30) }),
      ],
      segmentBytes,
    );

  const outcomeOf = (world: VirtualWorld) => {
    const { groups, damage, outcome } = repair(world, { groups: [1] });
    const [{ outcome: what, lastIndex, repairUntil } = assert.fail('there is a group')] = groups;
    return { outcome, what, lastIndex, repairUntil, damage: damage.map((one) => one.what) };
  };

  test('keeps it, and the log behind it up to the damage', () => {
    const history = log(40);
    const world = worldOf(history, history.files);
    keepSnapshot(world, 1, meta);
    wreck(history, world, 3);
    const { damage, ...rest } = outcomeOf(world);
    assert.deepEqual(rest, { outcome: 'repaired', what: 'kept', lastIndex: 70, repairUntil: 80 });
    assert.equal(damage.length, 1);
    const found = reopened(world, history, segmentBytes).get(1);
    assert.deepEqual(found?.snapshot, meta);
    assert.deepEqual([found?.logStart.index, found?.entries.length], [40, 30]);
  });

  test('goes on from it when the log before it is lost', () => {
    const history = log(40);
    const world = worldOf(history, history.files);
    keepSnapshot(world, 1, meta);
    wreck(history, world, 1);
    const { damage, ...rest } = outcomeOf(world);
    assert.deepEqual(rest, { outcome: 'repaired', what: 'kept', lastIndex: 60, repairUntil: 80 });
    const found = reopened(world, history, segmentBytes).get(1);
    assert.deepEqual([found?.logStart.index, found?.entries.length], [60, 0]);
    assert.equal(damage.length, 1);
  });

  for (const [how, spoil] of [
    ['damaged', (world: VirtualWorld, file: string) => world.disk.flipBit(file, 500, 1)],
    ['missing', (world: VirtualWorld, file: string) => world.disk.blocking.remove(file)],
  ] as const) {
    test(`that is ${how} is emptied, and is sent everything`, () => {
      const history = log(40);
      const world = worldOf(history, history.files);
      const file = keepSnapshot(world, 1, meta);
      spoil(world, file);
      const expected = { what: 'emptied', lastIndex: 0, repairUntil: 80 };
      const damage = [`the snapshot is ${how}`];
      assert.deepEqual(outcomeOf(world), { outcome: 'repaired', ...expected, damage });
      const found = reopened(world, history, segmentBytes).get(1);
      assert.deepEqual(found?.hardState, { term: 2, votedFor: 1, commitIndex: 0 });
      assert.deepEqual(found?.snapshot, { ...snapshotMeta(0, 0), timestampMicros: 0 });
      assert.deepEqual(world.disk.blocking.list('data/snapshots'), []);
      // Nothing is thrown away.
      const folder = world.disk.blocking.list('data').find((name) => name.startsWith('damaged-'));
      const names = world.disk.blocking.list(`data/${folder}`);
      assert.equal(names.includes('1-60-2.snap'), how === 'damaged');
    });
  }

  test('that is damaged is replayed from the beginning when the log reaches back', () => {
    const history = log(0);
    const world = worldOf(history, history.files);
    world.disk.flipBit(keepSnapshot(world, 1, meta), 500, 1);
    const expected = { what: 'whole', lastIndex: 80, repairUntil: 0 };
    const damage = ['the snapshot is damaged'];
    assert.deepEqual(outcomeOf(world), { outcome: 'repaired', ...expected, damage });
    const found = reopened(world, history, segmentBytes).get(1);
    assert.deepEqual([found?.snapshot?.index, found?.entries.length], [0, 80]);
    assert.equal(found?.hardState.commitIndex, 65);
  });

  test('needs no file for a snapshot whose state is withheld', () => {
    const withheld = { ...meta, withheld: true };
    const history = historyOf(
      [
        begin(1),
        write(1, { ...hard(2, 1, 60), entries: entries(1, 70, 2, 30) }),
        write(1, { ...hard(2, 1, 60), snapshot: withheld, logStart: { index: 60, term: 2 } }),
        write(1, { ...cut(1, 60, 2), ...hard(2, 1, 60), snapshot: withheld }),
      ],
      segmentBytes,
    );
    const world = worldOf(history, history.files);
    assert.equal(repair(world, { groups: [1] }).outcome, 'intact');
  });
});

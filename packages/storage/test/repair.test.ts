import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Prng } from '@quorate/base';
import type { GroupWrite, LogStore } from '@quorate/raft';
import { PowerFailure } from '@quorate/sim';
import type { LogModel } from '../conformance/log-model.ts';
import {
  batchAt,
  type Files,
  filesOf,
  flipped,
  type History,
  historyOf,
  holdsPromises,
  reopened,
  repair,
  worldOf,
} from './repair-fixture.ts';
import type { VirtualWorld } from './virtual-world.ts';
import {
  codeOf,
  commit,
  cut,
  entries,
  entry,
  openLog,
  segmentFile,
  segments,
  snapshotMeta,
  write,
} from './wal-fixture.ts';

const segmentBytes = 1024;
const hard = (term: number, votedFor: number, commitIndex: number) => ({
  hardState: { term, votedFor, commitIndex },
});
const begin = (group: number, term: number): GroupWrite =>
  write(group, {
    ...hard(term, 1, 0),
    snapshot: snapshotMeta(0, 0),
    logStart: { index: 0, term: 0 },
  });

/** Two groups, every kind of record, four segments; each write begins with a hard state. */
const history: History = historyOf(
  [
    begin(1, 1),
    begin(2, 4),
    write(1, { ...hard(1, 1, 0), entries: entries(1, 3, 1, 20) }),
    write(2, { ...hard(4, 1, 0), entries: entries(1, 2, 4, 10) }),
    write(1, { ...hard(1, 1, 2), entries: entries(4, 8, 1, 60) }),
    write(1, { ...hard(2, 3, 5), truncateAfter: 6, entries: [entry(7, 2, 'again')] }),
    write(2, { ...hard(6, 2, 2) }),
    write(1, { ...hard(2, 3, 7), entries: entries(8, 12, 2, 72) }),
    write(2, { ...hard(6, 2, 2), entries: [entry(3, 6, '')] }),
    write(1, { ...hard(3, 0, 9), entries: entries(13, 13, 3, 30) }),
    write(1, { ...hard(3, 0, 13), entries: entries(14, 16, 3, 100) }),
    write(2, { ...hard(7, 0, 3), entries: [entry(4, 7, 'more')] }),
    write(1, { ...hard(4, 2, 14), entries: entries(17, 18, 4, 50) }),
  ],
  segmentBytes,
);
const truth = history.states.at(-1) as LogModel;
const lastBatch = history.states.length - 1;

type Verdict = 'intact' | 'whole' | 'marked' | 'impossible';

/** Repairs what is damaged in one batch, and holds the result to what was promised. */
function verdictOf(files: Files, number: number): Verdict {
  const world = worldOf(history, files);
  let repaired: ReturnType<typeof repair>;
  try {
    repaired = repair(world);
  } catch (error) {
    // One bit makes it a version that is to come: that is not for this one to mend.
    assert.match(String(error), /says that it has format version/);
    return 'impossible';
  }
  const { outcome, groups } = repaired;
  if (outcome === 'impossible') return 'impossible';
  const found = reopened(world, history, segmentBytes);
  if (outcome === 'intact') {
    const last = number === lastBatch ? lastBatch - 1 : lastBatch;
    const isLegal = [last, lastBatch].some((at) => {
      assert.deepEqual([...found.keys()], [...truth.keys()]);
      return [...found].every(
        ([group, state]) => state.hardState.term === history.states[at]?.get(group)?.hardState.term,
      );
    });
    assert.ok(isLegal, 'nothing but a torn last batch is not called damage');
    return 'intact';
  }
  assert.deepEqual(
    [...found.keys()].sort((a, b) => a - b),
    [1, 2],
  );
  for (const [group, state] of found) {
    const before = history.states[number - 1]?.get(group) ?? { ...state, entries: [] };
    holdsPromises(state, truth.get(group) ?? assert.fail('a group too many'), before);
  }
  for (const { group, repairUntil } of groups) {
    assert.equal(found.get(group)?.repairUntil, repairUntil, 'the report says the mark');
  }
  return groups.every(({ repairUntil }) => repairUntil === 0) ? 'whole' : 'marked';
}

/** How the log stands on the disk, by whatever name. */
function standing(world: VirtualWorld): string {
  const { blocking } = world.disk;
  const folders = blocking.list('data').filter((name) => name.startsWith('damaged-'));
  return `${blocking.list('data/wal').length} ${folders.join()}`;
}

function flippedAt(sequence: number, at: number): Files {
  return flipped(history.files, segmentFile(sequence), at, 3);
}

suite('repair of a log', () => {
  test('after a flipped bit in any field keeps every promise', () => {
    const verdicts = { intact: 0, whole: 0, marked: 0, impossible: 0 };
    let from = 0;
    for (const [name, bytes] of history.files) {
      // Fields have at least 4 bytes, but for a record's kinds.
      from = (from + 1) % 3;
      for (let at = from; at < bytes.length; at += 3) {
        const number = batchAt(history, name, at);
        const files = flipped(history.files, name, at, at & 7);
        try {
          verdicts[verdictOf(files, number)] += 1;
        } catch (error) {
          throw new Error(`${name} at ${at}, in batch ${number}`, { cause: error });
        }
      }
    }
    const { whole, marked, impossible, intact } = verdicts;
    const report = JSON.stringify(verdicts);
    assert.ok(whole > 200 && marked > 1000 && intact > 300, report);
    assert.ok(impossible > 10 && impossible < 100, report);
  });

  test('after any stretch was overwritten keeps every promise', () => {
    const prng = new Prng(12);
    const names = [...history.files.keys()];
    const verdicts = { intact: 0, whole: 0, marked: 0, impossible: 0 };
    for (let run = 0; run < 400; run++) {
      const name = prng.pick(names);
      const bytes = (history.files.get(name) as Uint8Array).slice();
      const from = prng.below(bytes.length);
      const to = Math.min(bytes.length, from + 1 + prng.below(prng.pick([8, 60, 200, 900])));
      // A last batch that is damaged is a torn one, which nobody was promised.
      if (batchAt(history, name, to) === lastBatch) continue;
      const [junk, isJunk] = [prng.below(256), prng.chance(0.7)];
      if (isJunk) bytes.fill(junk, from, to);
      else bytes.copyWithin(from, prng.below(bytes.length - (to - from) + 1), bytes.length);
      const number = batchAt(history, name, from);
      const files = new Map(history.files).set(name, bytes);
      if (!isJunk && batchAt(history, name, bytes.length - 1) === lastBatch) continue;
      try {
        verdicts[verdictOf(files, number)] += 1;
      } catch (error) {
        throw new Error(`run ${run}: ${name} from ${from} to ${to}`, { cause: error });
      }
    }
    assert.ok(verdicts.marked > 200, JSON.stringify(verdicts));
  });

  test('leaves a log that is whole as it is, torn or not', () => {
    const last = [...history.files].filter(([, bytes]) => bytes.some((byte) => byte !== 0));
    const [name, bytes] = last.at(-1) as [string, Uint8Array];
    const torn = new Map(history.files).set(name, bytes.slice().fill(7, bytes.length - 30));
    for (const files of [history.files, torn]) {
      const world = worldOf(history, files);
      const { outcome, damagedFiles } = repair(world);
      assert.deepEqual([outcome, damagedFiles], ['intact', null]);
      assert.deepEqual(filesOf(world), files);
    }
  });

  test('a segment that nobody may have removed yet shows that the end of the log is lost', () => {
    // Segments went because of what a later batch said, and the disk lost that batch.
    const [oldest = ''] = history.files.keys();
    const files = new Map(history.files);
    files.delete(oldest);
    const world = worldOf(history, files);
    const { outcome, damage } = repair(world);
    assert.equal(outcome, 'impossible');
    assert.match(damage.at(-1)?.what ?? '', /^entries \d+ to \d+ of group 1 are in no segment: /);
    assert.deepEqual(filesOf(world), files);
  });

  test('changes nothing in a dry run, and says the same', () => {
    const world = worldOf(history, flippedAt(3, 400));
    const before = filesOf(world);
    const dry = repair(world, { dryRun: true });
    assert.deepEqual(filesOf(world), before);
    assert.deepEqual(repair(world), { ...dry, outcome: 'repaired' });
    assert.equal(dry.outcome, 'repairable');
  });

  test('is done once: a second finds nothing to do', () => {
    const world = worldOf(history, flippedAt(3, 400));
    const first = repair(world);
    assert.equal(first.outcome, 'repaired');
    const after = standing(world);
    const second = repair(world);
    assert.deepEqual([second.outcome, second.damage], ['intact', []]);
    assert.equal(standing(world), after);
    const found = reopened(world, history, segmentBytes);
    assert.equal(found.get(1)?.repairUntil, 18);
  });

  test('on a full disk changes nothing, and gives back what it took', () => {
    const files = flippedAt(3, 400);
    const world = worldOf(history, files);
    world.disk.capacityBytes = world.disk.usedBytes + 600;
    assert.throws(() => repair(world), { name: 'FileSystemError', kind: 'full' });
    assert.deepEqual(filesOf(world), files);
    world.disk.capacityBytes = Number.POSITIVE_INFINITY;
    assert.equal(repair(world).outcome, 'repaired');
  });

  test('keeps what it replaced', () => {
    const files = flippedAt(3, 400);
    const world = worldOf(history, files);
    const { damagedFiles } = repair(world);
    const { blocking } = world.disk;
    for (const [name, bytes] of files) {
      const moved = `${damagedFiles}/${name.slice(name.lastIndexOf('/') + 1)}`;
      assert.deepEqual(blocking.readFile(moved), bytes);
    }
  });

  test('is undone by putting back what it replaced', () => {
    const world = worldOf(history, flippedAt(3, 400));
    const before = filesOf(world);
    const found = repair(world, { dryRun: true });
    const { damagedFiles } = repair(world);
    const { blocking } = world.disk;
    for (const name of filesOf(world).keys()) blocking.remove(name);
    for (const name of before.keys()) {
      blocking.rename(`${damagedFiles}/${name.slice(name.lastIndexOf('/') + 1)}`, name);
    }
    assert.deepEqual(filesOf(world), before);
    assert.deepEqual(repair(world, { dryRun: true }), found);
  });

  test("refuses a directory that a process holds, and one that is nobody's", () => {
    const world = worldOf(history, history.files);
    const lock = world.disk.blocking.lock('data');
    assert.equal(
      codeOf(() => repair(world)),
      'STORAGE_LOCKED',
    );
    lock.release();
    world.disk.blocking.remove('data/identity');
    assert.equal(
      codeOf(() => repair(world)),
      'STORAGE_DIRECTORY_NOT_OURS',
    );
  });

  test('interrupted by a power cut at any step leaves the damaged log or the repaired one', () => {
    const files = flippedAt(3, 400);
    const whole = worldOf(history, files);
    repair(whole);
    const repaired = reopened(whole, history, segmentBytes);
    const ends = { damaged: 0, repaired: 0 };
    for (let step = 1; ; step++) {
      let isCut = false;
      for (let seed = 1; seed <= 6; seed++) {
        const world = worldOf(history, files, seed);
        world.disk.blocking.failPowerAfter(step);
        try {
          repair(world);
        } catch (error) {
          if (!(error instanceof PowerFailure)) throw error;
          isCut = true;
        }
        world.disk.blocking.failPowerAfter(Number.POSITIVE_INFINITY);
        world.crash();
        const label = `step ${step}, seed ${seed}`;
        if (seed % 2 === 0) repair(world);
        const code = codeOf(() => {
          const found = reopened(world, history, segmentBytes);
          assert.deepEqual(found, repaired, label);
          ends.repaired += 1;
        });
        if (code === 'none') continue;
        assert.equal(code, 'STORAGE_CORRUPT', label);
        assert.ok(seed % 2 === 1, `${label}: a second repair ends it`);
        // It is still there, to be repaired.
        ends.damaged += 1;
        assert.equal(repair(world).outcome, 'repaired', label);
        assert.deepEqual(reopened(world, history, segmentBytes), repaired, label);
      }
      if (!isCut) break;
    }
    assert.ok(ends.damaged > 3 && ends.repaired > 20, JSON.stringify(ends));
  });
});

suite('the mark of a repair', () => {
  /** Group 1 has entries to 5 and a mark at 18, group 2 lost nothing. */
  function marked(): { world: VirtualWorld; log: LogStore } {
    const world = worldOf(history, flippedAt(3, 560));
    repair(world);
    const log = openLog(world, segmentBytes, history.incarnation);
    const one = log.recovered.get(1);
    assert.deepEqual([one?.entries.at(-1)?.index, one?.repairUntil], [5, 18]);
    assert.equal(log.recovered.get(2)?.repairUntil, 0);
    return { world, log };
  }

  function markAfter(world: VirtualWorld): number | undefined {
    world.kill();
    return openLog(world, segmentBytes, history.incarnation).recovered.get(1)?.repairUntil;
  }

  test('survives segments, until the log has reached it', () => {
    const { world, log } = marked();
    commit(world, log, write(1, { ...hard(9, 0, 5), entries: entries(6, 8, 9, 10) }));
    commit(world, log, cut(1, 8, 9), cut(2, 4, 7));
    for (let index = 9; index <= 17; index++) {
      commit(world, log, write(1, { ...hard(9, 0, 8), entries: entries(index, index, 9, 300) }));
    }
    assert.ok(!segments(world).includes('0000000000000009.seg'), 'its first segment is gone');
    assert.equal(markAfter(world), 18);
  });

  test('is gone for good once the log has reached it, and was cut back', () => {
    const { world, log } = marked();
    commit(world, log, write(1, { ...hard(9, 0, 5), entries: entries(6, 18, 9, 10) }));
    commit(world, log, write(1, { ...hard(10, 0, 5), truncateAfter: 7 }));
    assert.equal(markAfter(world), 0);
  });

  test('is gone once a snapshot has reached it', () => {
    const { world, log } = marked();
    const snapshot = { ...cut(1, 20, 9), ...hard(9, 0, 20), truncateAfter: 0 };
    commit(world, log, snapshot);
    assert.equal(markAfter(world), 0);
  });

  test('outlives a second repair', () => {
    const { world, log } = marked();
    commit(world, log, write(1, { ...hard(9, 0, 5), entries: entries(6, 8, 9, 200) }));
    commit(world, log, write(1, { ...hard(9, 0, 5), entries: entries(9, 9, 9, 200) }));
    world.run();
    world.kill();
    const [file = ''] = segments(world);
    world.disk.flipBit(`data/wal/${file}`, 400, 1);
    assert.equal(repair(world).outcome, 'repaired');
    assert.equal(markAfter(world), 18);
  });
});

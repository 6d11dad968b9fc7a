import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { GroupWrite } from '@quorate/raft';
import type { LogModel } from './log-model.ts';
import {
  batchAt,
  type Files,
  flipped,
  type History,
  historyOf,
  holdsPromises,
  reopened,
  repair,
  worldOf,
} from './repair-fixture.ts';
import { entries, entry, snapshotMeta, write } from './wal-fixture.ts';

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

function label(name: string, at: number): string {
  return `${name.slice(-8)} at ${at}`;
}

type Verdict = 'intact' | 'whole' | 'marked' | 'impossible';

/** Repairs what is damaged in one batch, and holds the result to what was promised. */
function verdictOf(files: Files, number: number): Verdict {
  const world = worldOf(history, files);
  const { outcome, groups } = repair(world);
  if (outcome === 'impossible') return 'impossible';
  const found = reopened(world, history, segmentBytes);
  if (outcome === 'intact') {
    const last = number === lastBatch ? lastBatch - 1 : lastBatch;
    const isLegal = [last, lastBatch].some((at) => {
      assert.deepEqual([...found.keys()], [...truth.keys()]);
      return [...found].every(
        ([group, state]) =>
          state.hardState.term === history.states[at]?.get(group)?.hardState.term,
      );
    });
    assert.ok(isLegal, 'nothing but a torn last batch is not called damage');
    return 'intact';
  }
  assert.deepEqual([...found.keys()].sort(), [1, 2]);
  for (const [group, state] of found) {
    const before = history.states[number - 1]?.get(group) ?? { ...state, entries: [] };
    holdsPromises(state, truth.get(group) ?? assert.fail('a group too many'), before);
  }
  for (const { group, repairUntil } of groups) {
    assert.equal(found.get(group)?.repairUntil, repairUntil, 'the report says the mark');
  }
  return groups.every(({ repairUntil }) => repairUntil === 0) ? 'whole' : 'marked';
}

suite('repair of a log', () => {
  test('after a flipped bit in any byte keeps every promise', () => {
    const verdicts = new Map<Verdict, number>();
    for (const [name, bytes] of history.files) {
      for (let at = 0; at < bytes.length; at++) {
        const number = batchAt(history, name, at);
        const files = flipped(history.files, name, at, at & 7);
        let verdict: Verdict;
        try {
          verdict = verdictOf(files, number);
        } catch (error) {
          throw new Error(`${label(name, at)}, in batch ${number}`, { cause: error });
        }
        verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
      }
    }
    console.log(verdicts);
  });
});

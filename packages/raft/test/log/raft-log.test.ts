import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Entry } from '@quorate/schema';
import { EntryKind } from '@quorate/schema';
import { entryBytes, RaftLog } from '../../src/log/raft-log.ts';
import { entries, entry } from '../support/messages.ts';

/** Entries 6 to 15: three of term 2, four of term 3, three of term 5; cut off behind (5, 1). */
function log(): RaftLog {
  return new RaftLog({ index: 5, term: 1 }, [
    ...entries(6, 8, 2),
    ...entries(9, 12, 3),
    ...entries(13, 15, 5),
  ]);
}

describe('a log', () => {
  it('knows terms from its start to its end, and nothing beyond', () => {
    const it = log();
    assert.deepEqual(
      [4, 5, 6, 12, 13, 15, 16].map((index) => it.termAt(index)),
      [null, 1, 2, 3, 5, 5, null],
    );
    assert.equal(it.entryAt(5), null);
    assert.equal(it.entryAt(6)?.index, 6);
    assert.equal(it.lastIndex, 15);
    assert.equal(it.lastTerm, 5);
  });

  it('without entries ends where it starts', () => {
    const empty = new RaftLog({ index: 7, term: 3 }, []);
    assert.equal(empty.lastIndex, 7);
    assert.equal(empty.lastTerm, 3);
    assert.equal(empty.lastTimestampMicros, null);
    assert.equal(empty.termAt(7), 3);
    assert.deepEqual(empty.slice(8, 7, 100), []);
  });

  it('is recovered and appended to without a gap', () => {
    assert.throws(() => new RaftLog({ index: 5, term: 1 }, [entry(7, 2)]), /without a gap/);
    assert.throws(() => log().append([entry(17, 5)]), /without a gap/);
    assert.throws(() => log().append([entry(16, 4)]), /terms never fall/);
  });

  it('compares as up to date by term, then by length', () => {
    const it = log();
    assert.equal(it.isUpToDate(15, 5), true);
    assert.equal(it.isUpToDate(14, 5), false);
    assert.equal(it.isUpToDate(99, 4), false);
    assert.equal(it.isUpToDate(1, 6), true);
  });

  it('is truncated at its end', () => {
    const it = log();
    it.truncateAfter(20);
    assert.equal(it.lastIndex, 15);
    it.truncateAfter(9);
    assert.equal(it.lastIndex, 9);
    it.truncateAfter(5);
    assert.equal(it.lastIndex, 5);
    assert.throws(() => it.truncateAfter(4), /start of the log/);
  });

  it('is cut at its beginning, keeping the term it is cut at', () => {
    const it = log();
    it.compactTo(12);
    assert.deepEqual(it.start, { index: 12, term: 3 });
    assert.equal(it.termAt(12), 3);
    assert.equal(it.entryAt(12), null);
    assert.equal(it.entryAt(13)?.index, 13);
    it.compactTo(15);
    assert.equal(it.lastIndex, 15);
    assert.equal(it.lastTerm, 5);
    assert.throws(() => it.compactTo(16), /reaches index 16/);
  });

  it('that was reset holds nothing of what it held', () => {
    const it = log();
    it.reset({ index: 40, term: 6 });
    assert.equal(it.lastIndex, 40);
    assert.equal(it.lastTerm, 6);
    assert.equal(it.entryAt(15), null);
  });
});

describe('a slice of a log', () => {
  const indexes = (from: number, to: number, maxBytes: number): number[] =>
    log()
      .slice(from, to, maxBytes)
      .map(({ index }) => index);
  const one = entryBytes(entry(1, 1));

  it('has the entries asked for', () => {
    assert.deepEqual(indexes(6, 8, 1e6), [6, 7, 8]);
    assert.deepEqual(indexes(14, 99, 1e6), [14, 15]);
    assert.deepEqual(indexes(16, 99, 1e6), []);
  });

  it('has at least one entry, and no more bytes than asked for', () => {
    assert.deepEqual(indexes(6, 15, 1), [6]);
    assert.deepEqual(indexes(6, 15, 2 * one), [6, 7]);
    assert.deepEqual(indexes(6, 8, 3 * one), [6, 7, 8]);
    assert.deepEqual(indexes(6, 15, 3 * one - 1), [6, 7]);
  });

  it('does not reach before the start', () => {
    assert.throws(() => log().slice(5, 9, 1e6), /still holds what is sliced/);
  });
});

describe('a slice that is asked for again', () => {
  it('is the same array, since nobody changes it', () => {
    const it = log();
    assert.equal(it.slice(7, 9, 1e6), it.slice(7, 9, 1e6));
    assert.notDeepEqual(it.slice(7, 9, 1e6), it.slice(7, 8, 1e6));
    assert.notDeepEqual(it.slice(7, 9, 1e6), it.slice(8, 10, 1e6));
  });

  it('has what stands there now', () => {
    const it = log();
    assert.deepEqual(it.slice(13, 15, 1e6), entries(13, 15, 5));
    it.truncateAfter(12);
    it.append(entries(13, 15, 6));
    assert.deepEqual(it.slice(13, 15, 1e6), entries(13, 15, 6));
    it.reset({ index: 12, term: 6 });
    it.append(entries(13, 15, 7));
    assert.deepEqual(it.slice(13, 15, 1e6), entries(13, 15, 7));
  });
});

describe('what entries count for', () => {
  it('is known between any two, also after the log was cut and cut again', () => {
    const texts = ['a', 'bb', 'ccc', 'dddd', 'eeeee'];
    const it = new RaftLog(
      { index: 5, term: 1 },
      texts.map((text, at) => entry(6 + at, 1, text)),
    );
    const bytes = (from: number, to: number): number =>
      it.bytesBetween(from, to) - 32 * (to - from);
    assert.deepEqual([bytes(5, 10), bytes(6, 8), bytes(9, 9)], [15, 5, 0]);
    it.compactTo(6);
    it.compactTo(7);
    assert.deepEqual([bytes(7, 10), bytes(8, 9)], [12, 4]);
    it.truncateAfter(8);
    it.append([entry(9, 2, 'ffffff')]);
    assert.equal(bytes(8, 9), 6);
  });
});

/** Of a command whose data a witness is not given. */
function withheld(index: number): Entry {
  return { ...entry(index, 1), kind: EntryKind.withheld };
}

describe('commands without their data', () => {
  const partly = (): RaftLog =>
    new RaftLog({ index: 0, term: 0 }, [
      entry(1, 1),
      withheld(2),
      entry(3, 1),
      withheld(4),
      entry(5, 1),
    ]);

  it('are noticed, also among what was recovered', () => {
    assert.equal(log().hasWithheld, false);
    assert.equal(partly().hasWithheld, true);
    const it = log();
    it.append([{ ...withheld(16), term: 5 }]);
    assert.equal(it.hasWithheld, true);
  });

  it('are there until the first of them is truncated', () => {
    const it = partly();
    for (const [after, left] of [
      [4, true],
      [2, true],
      [1, false],
    ] as const) {
      it.truncateAfter(after);
      assert.equal(it.hasWithheld, left, `after ${after}`);
    }
  });

  it('are there until the last of them is cut off', () => {
    const it = partly();
    for (const [at, left] of [
      [1, true],
      [2, true],
      [3, true],
      [4, false],
      [5, false],
    ] as const) {
      it.compactTo(at);
      assert.equal(it.hasWithheld, left, `cut at ${at}`);
    }
  });

  it('are gone when the log is replaced', () => {
    const it = partly();
    it.reset({ index: 9, term: 2 });
    assert.equal(it.hasWithheld, false);
  });
});

describe('where two logs may agree', () => {
  it('is the last entry of a term that is not higher (bug 32)', () => {
    const it = log();
    assert.equal(it.lastIndexWithTermAtMost(15, 5), 15);
    assert.equal(it.lastIndexWithTermAtMost(15, 4), 12);
    assert.equal(it.lastIndexWithTermAtMost(15, 2), 8);
    assert.equal(it.lastIndexWithTermAtMost(10, 3), 10);
  });

  it('is at the end at most, and at the start at least', () => {
    const it = log();
    assert.equal(it.lastIndexWithTermAtMost(99, 9), 15);
    assert.equal(it.lastIndexWithTermAtMost(15, 0), 5);
    assert.equal(it.lastIndexWithTermAtMost(3, 9), 3, 'before the start nothing is known');
  });

  it('is what a search entry by entry would find', () => {
    const it = log();
    for (let index = 5; index <= 17; index++) {
      for (let term = 0; term <= 6; term++) {
        let naive = Math.min(index, it.lastIndex);
        while (naive > 5 && (it.termAt(naive) ?? 0) > term) naive--;
        assert.equal(it.lastIndexWithTermAtMost(index, term), naive);
      }
    }
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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
    assert.deepEqual(indexes(6, 15, 3 * one - 1), [6, 7]);
  });

  it('does not reach before the start', () => {
    assert.throws(() => log().slice(5, 9, 1e6), /still holds what is sliced/);
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

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { History } from '../../src/kv/history.ts';

function at(times: readonly (readonly [atMs: number, revision: number])[]): {
  history: History;
  violations: string[];
} {
  const violations: string[] = [];
  let nowMs = 0;
  const history = new History(
    (error) => violations.push(error.message),
    () => nowMs,
  );
  for (const [atMs, revision] of times) {
    nowMs = atMs;
    history.ended(revision, 0, true);
  }
  return { history, violations };
}

describe('what had been seen by then', () => {
  it('is the highest revision that any operation had shown', () => {
    const { history } = at([
      [10, 2],
      [20, 5],
      [20, 4],
      [30, 6],
    ]);
    assert.deepEqual(
      [0, 9, 10, 19, 20, 29, 30, 99].map((atMs) => history.seenBy(atMs)),
      [0, 0, 2, 2, 5, 5, 6, 6],
    );
  });

  it('is what a read that may be stale must show at least', () => {
    const { history, violations } = at([[10, 2]]);
    history.readStale(2, history.seenBy(10), 100);
    assert.deepEqual(violations, []);
    history.readStale(1, history.seenBy(10), 100);
    assert.match(violations[0] ?? '', /^bounded staleness: a read that may be 100 ms old/);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countText, Progress, rateText } from '../../src/ledger/import/progress.ts';

function progressWith(drawn: string[] | null, said: string[]) {
  let nowMs = 0;
  const progress = new Progress({
    note: (text) => void said.push(text),
    drawLine: drawn === null ? null : (text) => void drawn.push(text),
    totalBytes: 1000,
    fromBytes: 200,
    noun: 'events',
    nowMs: () => nowMs,
  });
  const passes = (ms: number): void => {
    nowMs += ms;
  };
  return { progress, passes };
}

describe('progress', () => {
  it('says now and then how far it is, how fast, and how long it will take', () => {
    const said: string[] = [];
    const { progress, passes } = progressWith(null, said);
    passes(4999);
    progress.update(300, 5000);
    assert.deepEqual(said, []);
    passes(5001);
    progress.update(600, 20_000);
    assert.deepEqual(said, ['60 %: 20,000 events, 2,000/s, 10 s left']);
  });

  it('draws a bar over itself at a terminal, and takes it away', () => {
    const drawn: string[] = [];
    const said: string[] = [];
    const { progress, passes } = progressWith(drawn, said);
    progress.clear();
    passes(200_000);
    progress.update(600, 20_000);
    progress.clear();
    progress.clear();
    assert.deepEqual(said, []);
    assert.deepEqual(drawn, [
      `[${'#'.repeat(14)}${'-'.repeat(10)}]  60 %  20,000 events, 100/s, 3 min 20 s left`,
      '',
    ]);
  });

  it('counts in groups of three', () => {
    assert.deepEqual([0, 999, 1000, 1_234_567].map(countText), ['0', '999', '1,000', '1,234,567']);
    assert.equal(rateText(5, 0), '0/s');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { spreadOf } from '../../bench/election/figures.ts';
import { numberOf, phasesOf, timingsOf } from '../../bench/election/settings.ts';

describe('spreadOf', () => {
  it('takes percentiles by nearest rank', () => {
    const times = Array.from({ length: 200 }, (_, at) => 200 - at);
    const { count, minMs, p50Ms, p99Ms, maxMs } = spreadOf(times);
    assert.deepEqual([count, minMs, p50Ms, p99Ms, maxMs], [200, 1, 100, 198, 200]);
  });

  it('has the longest of few as p99', () => {
    assert.equal(spreadOf([3, 1, 2]).p99Ms, 3);
  });

  it('is all zeros of nothing', () => {
    assert.deepEqual(Object.values(spreadOf([])), [0, 0, 0, 0, 0]);
  });
});

describe('settings', () => {
  it('are read as they are written in the usage', () => {
    assert.deepEqual(timingsOf('timings', '40/200,100/500'), [
      { heartbeatIntervalMs: 40, electionTimeoutMs: 200 },
      { heartbeatIntervalMs: 100, electionTimeoutMs: 500 },
    ]);
    assert.deepEqual([...phasesOf('only', 'wan,idle')], ['wan', 'idle']);
    assert.equal(numberOf('rounds', '7', 1, 10), 7);
  });

  it('that do not fit are refused with their flag', () => {
    for (const text of ['', '40', '40/', '0/200', '40/200ms', '40/200,']) {
      assert.throws(() => timingsOf('timings', text), /--timings/, text);
    }
    assert.throws(() => phasesOf('only', 'sleep'), /--only: 'sleep'/);
    for (const text of ['0', '11', '1.5', 'x', '']) {
      assert.throws(() => numberOf('rounds', text, 1, 10), /--rounds/, text);
    }
  });
});

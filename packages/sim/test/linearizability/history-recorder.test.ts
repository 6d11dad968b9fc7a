import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HistoryRecorder } from '../../src/linearizability/history-recorder.ts';

describe('the recorder of histories', () => {
  it('keeps calls and returns in the order in which it was told of them', () => {
    const recorder = new HistoryRecorder<string, number>();
    const first = recorder.invoke(7, 'first');
    const second = recorder.invoke(8, 'second');
    recorder.ok(second, 2);
    recorder.ok(first, 1);
    assert.deepEqual(recorder.history(), [
      { kind: 'completed', client: 7, input: 'first', output: 1, callAt: 0, returnAt: 3 },
      { kind: 'completed', client: 8, input: 'second', output: 2, callAt: 1, returnAt: 2 },
    ]);
  });

  it('leaves out what failed, and keeps open what is unknown or under way', () => {
    const recorder = new HistoryRecorder<string, number>();
    recorder.fail(recorder.invoke(1, 'failed'));
    recorder.unknown(recorder.invoke(2, 'unknown'));
    recorder.invoke(3, 'under way');
    assert.deepEqual(recorder.history(), [
      { kind: 'open', client: 2, input: 'unknown', callAt: 1 },
      { kind: 'open', client: 3, input: 'under way', callAt: 2 },
    ]);
  });

  it('lets an operation be closed once, and only one that was invoked', () => {
    const recorder = new HistoryRecorder<string, number>();
    const id = recorder.invoke(1, 'x');
    recorder.unknown(id);
    assert.throws(() => recorder.ok(id, 1), /closed once/);
    assert.throws(() => recorder.fail(99), /what was invoked/);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkLinearizability } from '../../src/linearizability/check.ts';
import { HistoryRecorder } from '../../src/linearizability/history-recorder.ts';
import {
  type KeyValueInput,
  type KeyValueOutput,
  keyValueModel,
  revisedKeyValueModel,
} from '../../src/linearizability/models/key-value.ts';

type Recorder = HistoryRecorder<KeyValueInput, KeyValueOutput>;

function verdict(isRevised: boolean, tell: (recorder: Recorder) => void): string {
  const recorder: Recorder = new HistoryRecorder();
  tell(recorder);
  const model = isRevised ? revisedKeyValueModel : keyValueModel;
  const result = checkLinearizability(model, recorder.history());
  return result.kind === 'violation' ? `violation: ${result.part.name}` : result.kind;
}

function put(key: string, value: string): KeyValueInput {
  return { kind: 'put', key, value };
}

function get(key: string): KeyValueInput {
  return { kind: 'get', key };
}

function did(recorder: Recorder, input: KeyValueInput, output: KeyValueOutput): void {
  recorder.ok(recorder.invoke(0, input), output);
}

describe('a key-value store', () => {
  it('keeps its keys apart, and names the one that is wrong', () => {
    const two = (seen: string) =>
      verdict(false, (recorder) => {
        did(recorder, put('a', 'x'), { kind: 'put' });
        did(recorder, put('b', 'y'), { kind: 'put' });
        did(recorder, get('a'), { kind: 'get', value: 'x' });
        did(recorder, get('b'), { kind: 'get', value: seen });
      });
    assert.equal(two('y'), 'linearizable');
    assert.equal(two('x'), 'violation: key b');
  });

  it('deletes what is there, once', () => {
    const twice = (second: boolean) =>
      verdict(false, (recorder) => {
        did(recorder, put('a', 'x'), { kind: 'put' });
        did(recorder, { kind: 'delete', key: 'a' }, { kind: 'delete', deleted: true });
        did(recorder, get('a'), { kind: 'get', value: null });
        did(recorder, { kind: 'delete', key: 'a' }, { kind: 'delete', deleted: second });
      });
    assert.equal(twice(false), 'linearizable');
    assert.equal(twice(true), 'violation: key a');
  });

  it('compares with what is there, or with nothing', () => {
    const swap = (expected: string | null, succeeded: boolean) =>
      verdict(false, (recorder) => {
        const input = { kind: 'cas', key: 'a', expected, value: 'y' } as const;
        did(recorder, input, { kind: 'cas', succeeded });
        did(recorder, get('a'), { kind: 'get', value: succeeded ? 'y' : null });
      });
    assert.equal(swap(null, true), 'linearizable');
    assert.equal(swap('x', false), 'linearizable');
    assert.equal(swap('x', true), 'violation: key a');
    assert.equal(swap(null, false), 'violation: key a');
  });
});

describe('a key-value store with revisions', () => {
  it('shows with a value the revision of its put', () => {
    const shown = (revision: number) =>
      verdict(true, (recorder) => {
        did(recorder, put('a', 'x'), { kind: 'put', revision: 5 });
        did(recorder, get('a'), { kind: 'get', value: 'x', revision });
      });
    assert.equal(shown(5), 'linearizable');
    assert.equal(shown(6), 'violation: key a');
  });

  it('does not go back, though the value is the same', () => {
    const rewritten = (isRevised: boolean) =>
      verdict(isRevised, (recorder) => {
        did(recorder, put('a', 'x'), { kind: 'put', revision: 5 });
        did(recorder, put('a', 'x'), { kind: 'put', revision: 7 });
        did(recorder, get('a'), { kind: 'get', value: 'x', revision: 5 });
      });
    assert.equal(rewritten(true), 'violation: key a');
    assert.equal(rewritten(false), 'linearizable');
  });

  it('learns the revision of a put without an answer from who sees it first', () => {
    const seen = (first: number, second: number) =>
      verdict(true, (recorder) => {
        did(recorder, put('a', 'x'), { kind: 'put', revision: 5 });
        recorder.unknown(recorder.invoke(1, put('a', 'y')));
        did(recorder, get('a'), { kind: 'get', value: 'y', revision: first });
        did(recorder, get('a'), { kind: 'get', value: 'y', revision: second });
      });
    assert.equal(seen(9, 9), 'linearizable');
    assert.equal(seen(9, 8), 'violation: key a');
    assert.equal(seen(4, 4), 'violation: key a');
  });

  it('orders puts that overlapped by their revisions', () => {
    const last = (value: string) =>
      verdict(true, (recorder) => {
        const one = recorder.invoke(1, put('a', 'x'));
        const two = recorder.invoke(2, put('a', 'y'));
        recorder.ok(two, { kind: 'put', revision: 3 });
        recorder.ok(one, { kind: 'put', revision: 2 });
        did(recorder, get('a'), { kind: 'get', value });
      });
    assert.equal(last('y'), 'linearizable');
    assert.equal(last('x'), 'violation: key a');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeCommand, KvStateMachine, type PutRequest } from '@quorate/kv';
import { EtcdStateMachine, keyValueCommand, traceOf } from '@quorate/server/core';
import { withTrace } from '../../src/core/command-trace.ts';
import { text } from './called-service.ts';

const context = Uint8Array.from({ length: 24 }, (_, i) => i + 1);

function put(key: string): Uint8Array {
  const request: PutRequest = {
    kind: 'put',
    key: text(key),
    value: text('v'),
    lease: 0n,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  };
  return keyValueCommand(encodeCommand(request));
}

function applied(...commands: Uint8Array[]) {
  const store = new KvStateMachine();
  const machine = new EtcdStateMachine(store);
  const entries = commands.map((command, i) => {
    return { index: i + 1, term: 1, timestampMicros: i, command };
  });
  return { results: machine.apply(entries), hash: store.hash(), store };
}

describe('a command that is traced', () => {
  it('carries its trace in front', () => {
    const traced = withTrace(put('a'), context, 1000);
    assert.deepEqual(traceOf(traced), context);
    assert.deepEqual(traced.subarray(25), put('a'));
    assert.equal(traceOf(put('a')), null);
  });

  it('does the same as without', () => {
    const plain = applied(put('a'), put('b'), put('c'));
    const traced = applied(put('a'), withTrace(put('b'), context, 1000), put('c'));
    assert.deepEqual(traced.results, plain.results);
    assert.equal(traced.hash, plain.hash);
  });

  it('is malformed where it is cut off, or holds another', () => {
    const traced = withTrace(put('a'), context, 1000);
    for (const command of [traced.subarray(0, 25), withTrace(traced, context, 1000)]) {
      assert.deepEqual(
        applied(command).results.map(({ kind }) => kind),
        ['malformedCommand'],
      );
    }
  });

  it('is the very same bytes when it is not traced, or would be too long', () => {
    const command = put('a');
    assert.equal(withTrace(command, undefined, 1000), command);
    assert.equal(withTrace(command, context, command.length + 24), command);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { encodeCommand, type History, type KvCommand, KvStateMachine } from '@quorate/kv';

const keyOf = (number: number): Uint8Array => new TextEncoder().encode(`k${number}`);
const put = (key: number, value: string): KvCommand => {
  const flags = { prevKv: false, ignoreValue: false, ignoreLease: false };
  const bytes = new TextEncoder().encode(value);
  return { kind: 'put', key: keyOf(key), value: bytes, lease: 0n, ...flags };
};
const remove = (key: number): KvCommand => {
  return { kind: 'deleteRange', key: keyOf(key), rangeEnd: new Uint8Array(0), prevKv: false };
};

function apply(machine: KvStateMachine, ...commands: KvCommand[]): void {
  machine.apply(
    commands.map((command) => {
      return { index: 1, term: 1, timestampMicros: 0, command: encodeCommand(command) };
    }),
  );
}

function shown(history: History): string[] {
  return [...history.records()].flatMap((record) => {
    if (record === null) return [];
    const { revision, sub, key, keyValue } = record;
    const value = keyValue === null ? 'deleted' : new TextDecoder().decode(keyValue.value);
    return [`${revision}.${sub} ${new TextDecoder().decode(key)} ${value}`];
  });
}

test('all that was written comes in its order, with its place in the revision', () => {
  const machine = new KvStateMachine();
  apply(machine, put(1, 'a'), put(2, 'b'), remove(1));
  const all: KvCommand = {
    kind: 'txn',
    compares: [],
    success: [put(3, 'c') as never, put(1, 'd') as never],
    failure: [],
  };
  apply(machine, all);
  const history = machine.history();
  const expected = ['2.0 k1 a', '3.0 k2 b', '4.0 k1 deleted', '5.0 k3 c', '5.1 k1 d'];
  assert.deepEqual(shown(history), expected);
  assert.equal(history.revision, 5);
  assert.equal(history.compactedRevision, -1);
});

test('what was compacted comes as it was then, and stays while the store goes on', () => {
  const machine = new KvStateMachine();
  for (let i = 0; i < 5; i++) apply(machine, put(4 - i, `first ${i}`));
  apply(machine, put(2, 'second'), remove(3), put(0, 'third'));
  apply(machine, { kind: 'compact', revision: 8 });
  const history = machine.history();
  const expected = [
    '2.0 k4 first 0',
    '5.0 k1 first 3',
    '6.0 k0 first 4',
    '7.0 k2 second',
    '8.0 k3 deleted',
    '9.0 k0 third',
  ];
  assert.deepEqual(shown(history), expected);
  for (let i = 0; i < 50; i++) apply(machine, put(i % 5, 'later'));
  apply(machine, { kind: 'compact', revision: 30 }, put(1, 'last'));
  assert.deepEqual(shown(history), expected, 'drawn again, it is the same');
  history.release();
});

test('many keys before the compaction come in the order of their revisions', () => {
  const machine = new KvStateMachine();
  const prng = new Prng(3);
  const keys = 40_000;
  for (let i = 0; i < keys; i++) apply(machine, put(prng.below(keys), 'x'));
  const { revision } = machine.stats;
  apply(machine, { kind: 'compact', revision });
  let last = 0;
  let pauses = 0;
  let live = 0;
  for (const record of machine.history().records()) {
    if (record === null) pauses += 1;
    else {
      assert.ok(record.revision > last);
      last = record.revision;
      live += 1;
    }
  }
  assert.equal(live, machine.stats.keys);
  assert.ok(pauses >= 2);
});

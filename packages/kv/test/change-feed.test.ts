import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ChangeFeed, encodeCommand, type KvCommand, KvStateMachine } from '../src/index.ts';
import { compact, del, FROM_KEY, put } from './requests.ts';

const text = new TextDecoder();

function apply(machine: KvStateMachine, ...commands: KvCommand[]): void {
  machine.apply(
    commands.map((command, at) => ({
      index: at + 1,
      term: 1,
      timestampMicros: at + 1,
      command: encodeCommand(command),
    })),
  );
}

/** `key=value@revision<value before`, or `-key@revision`. */
function changesFrom(feed: ChangeFeed, revision: number): string[] {
  const found: string[] = [];
  feed.scan(revision, (change) => {
    const { isPut, keyValue, previous } = change;
    const now = isPut ? `${text.decode(change.key)}=${text.decode(keyValue.value)}` : '';
    const before = previous === null ? '' : `<${text.decode(previous.value)}`;
    found.push(`${now || `-${text.decode(change.key)}`}@${change.revision}${before}`);
    return true;
  });
  return found;
}

function restore(machine: KvStateMachine, from: KvStateMachine): void {
  const sink = machine.restore();
  const snapshot = from.snapshot();
  for (let next = snapshot.next(); !next.done; next = snapshot.next()) sink.chunk(next.value);
  sink.finish();
}

/** So many commands that everything that may be swept is. */
function sweep(machine: KvStateMachine): void {
  apply(machine, ...Array.from({ length: 20 }, () => del('no such key')));
}

test('changes are read from a revision on, with what they replaced', () => {
  const machine = new KvStateMachine();
  apply(machine, put('a', '1'), put('b', '1'), put('a', '2'), del('a', FROM_KEY), put('a', '3'));
  assert.deepEqual(changesFrom(machine.changes, 0), [
    'a=1@2',
    'b=1@3',
    'a=2@4<1',
    '-a@5<2',
    '-b@5<1',
    'a=3@6',
  ]);
  assert.deepEqual(changesFrom(machine.changes, 5), ['-a@5<2', '-b@5<1', 'a=3@6']);
  assert.deepEqual(changesFrom(machine.changes, 7), []);
});

test('a reader stops when it has enough', () => {
  const machine = new KvStateMachine();
  apply(machine, put('a', '1'), put('a', '2'), put('a', '3'));
  const seen: number[] = [];
  machine.changes.scan(1, ({ revision }) => {
    seen.push(revision);
    return seen.length < 2;
  });
  assert.deepEqual(seen, [2, 3]);
});

test('compaction keeps the changes at its revision, deletions too, but not what was before', () => {
  const machine = new KvStateMachine();
  apply(machine, put('a', '1'), put('b', '1'), del('a', FROM_KEY), put('c', '1'), compact(4));
  sweep(machine);
  const { changes } = machine;
  assert.deepEqual([changes.compactedRevision, changes.completeFrom], [4, 4]);
  assert.deepEqual(changesFrom(changes, 0), ['-a@4', '-b@4', 'c=1@5']);
  const copy = new KvStateMachine();
  restore(copy, machine);
  assert.deepEqual(changesFrom(copy.changes, 0), ['-a@4', '-b@4', 'c=1@5']);
  assert.equal(copy.changes.completeFrom, 4);
});

test('what is kept outlives compactions, until it is no longer asked for', () => {
  const machine = new KvStateMachine();
  const { changes } = machine;
  apply(machine, put('a', '1'), put('a', '2'), put('a', '3'), put('a', '4'));
  changes.keepFrom(3);
  apply(machine, compact(5));
  sweep(machine);
  assert.equal(changes.completeFrom, 3);
  assert.deepEqual(changesFrom(changes, 3), ['a=2@3', 'a=3@4', 'a=4@5']);
  changes.keepFrom(5);
  sweep(machine);
  assert.equal(changes.completeFrom, 5);
  assert.deepEqual(changesFrom(changes, 0), ['a=4@5']);
});

test('what can be dropped when nothing is kept any more is told of', () => {
  const machine = new KvStateMachine();
  const { changes } = machine;
  let told = 0;
  machine.onSweepable(() => {
    told += 1;
  });
  apply(machine, put('a', '1'), put('a', '2'), put('a', '3'));
  changes.keepFrom(3);
  changes.keepFrom(4);
  assert.equal(told, 0);
  apply(machine, put('a', '4'), compact(5));
  assert.equal(told, 1);
  assert.equal(machine.sweep(10), true);
  assert.ok(machine.stats.bytes > machine.stats.bytesInUse, 'the change at 4 is kept');
  changes.keepFrom(6);
  assert.equal(told, 2);
  assert.equal(machine.sweep(10), true);
  assert.equal(machine.stats.bytes, machine.stats.bytesInUse);
  changes.keepFrom(7);
  assert.equal(told, 2);
  const copy = new KvStateMachine();
  copy.onSweepable(() => {
    told += 1;
  });
  restore(copy, machine);
  assert.equal(told, 3);
});

test('what is kept stays kept in a state that was restored', () => {
  const ahead = new KvStateMachine();
  apply(ahead, put('a', '1'), put('a', '2'), put('a', '3'));
  const machine = new KvStateMachine();
  apply(machine, put('a', '1'));
  machine.changes.keepFrom(3);
  restore(machine, ahead);
  apply(machine, compact(4));
  sweep(machine);
  assert.deepEqual(changesFrom(machine.changes, 3), ['a=2@3', 'a=3@4']);
});

test('whoever listens hears of every batch and of a restore', () => {
  const machine = new KvStateMachine();
  const seen: number[] = [];
  machine.changes.onMoved(() => seen.push(machine.changes.revision));
  apply(machine, put('a', '1'), put('a', '2'));
  const ahead = new KvStateMachine();
  apply(ahead, put('a', '1'), put('a', '2'), put('a', '3'));
  restore(machine, ahead);
  assert.deepEqual(seen, [3, 4]);
});

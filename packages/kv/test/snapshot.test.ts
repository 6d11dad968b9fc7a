import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, Prng, portableChecksum } from '@quorate/base';
import { type KvCommand, KvError, KvStateMachine } from '../src/index.ts';
import {
  compact,
  del,
  drawSnapshot,
  entriesOf,
  everything,
  FROM_KEY,
  grant,
  put,
  restoreFrom,
  text,
  tick,
  txn,
} from './requests.ts';

function machineWith(...commands: KvCommand[]): KvStateMachine {
  const machine = new KvStateMachine();
  machine.apply(entriesOf(commands));
  return machine;
}

function restored(chunks: readonly Uint8Array[]): KvStateMachine {
  const machine = new KvStateMachine();
  restoreFrom(machine, chunks);
  return machine;
}

/** All that can be read, at every revision; of the values only a sum each. */
function history(machine: KvStateMachine): unknown[] {
  const all: unknown[] = [];
  for (let revision = 1; revision <= machine.stats.revision; revision++) {
    const result = machine.range(everything({ revision }));
    if (result.kind === 'refused') {
      all.push(result.refusal);
      continue;
    }
    for (const found of result.keyValues) {
      const { createRevision, modRevision, version, lease } = found;
      const value = portableChecksum.crc32(found.value.subarray(-40), found.value.length);
      all.push(
        [revision, text(found.key), createRevision, modRevision, version, lease, value].join(),
      );
    }
  }
  return all;
}

function rejection(chunks: readonly Uint8Array[]): KvError {
  const machine = machineWith(put('mine', 'kept'));
  const before = machine.hash();
  let caught: unknown = null;
  try {
    restoreFrom(machine, chunks);
  } catch (error) {
    caught = error;
  }
  assert.ok(caught instanceof KvError, `a KvError is thrown, not ${caught}`);
  assert.equal(caught.code, 'KV_SNAPSHOT_INVALID');
  assert.equal(machine.hash(), before, 'the state is as before');
  return caught;
}

/** A random command on so many keys, values of up to so many bytes. */
function randomCommand(prng: Prng, keys: number, valueBytes: number, revision: number): KvCommand {
  const key = `key/${prng.below(keys)}`;
  const value = String.fromCharCode(97 + prng.below(26)).repeat(prng.below(valueBytes));
  const kind = prng.below(20);
  if (kind < 12) return put(key, value);
  if (kind < 15) return del(key);
  if (kind < 17) return del(key, `${key}5`);
  if (kind < 19) return txn([], [put(key, value), put(`${key}/x`, 'y'), del('key/1/x')]);
  return compact(Math.max(0, revision - 500 - prng.below(300)));
}

function stir(machine: KvStateMachine, prng: Prng, count: number, valueBytes: number): void {
  for (let i = 0; i < count; i++) {
    machine.apply(entriesOf([randomCommand(prng, 300, valueBytes, machine.stats.revision)]));
  }
}

const SMALL = [
  grant(8n, 10),
  tick(0, 100),
  grant(7n, 20),
  put('a', '1', { lease: 7n }),
  put('b', '2'),
  put('a', '3'),
  compact(3),
  del('b'),
  txn([], [put('c', ''), put('d', 'long '.repeat(40))]),
  put('b', '5'),
];

test('an empty store survives, and so does one compacted while empty', () => {
  assert.deepEqual(restored(drawSnapshot(machineWith())).stats, machineWith().stats);
  const machine = machineWith(compact(1));
  assert.equal(restored(drawSnapshot(machine)).stats.compactedRevision, 1);
});

test('a snapshot brings every revision back down to the compacted one', () => {
  const machine = machineWith(...SMALL);
  const copy = restored(drawSnapshot(machine));
  assert.deepEqual(history(copy), history(machine));
  assert.equal(copy.hash(), machine.hash());
  const { bytes: _, ...stats } = machine.stats;
  assert.deepEqual({ ...copy.stats, bytes: 0 }, { ...stats, bytes: 0 });
});

test('a snapshot replaces whatever was there', () => {
  const copy = machineWith(put('z', '1'), put('z', '2'));
  restoreFrom(copy, drawSnapshot(machineWith(...SMALL)));
  assert.deepEqual(history(copy), history(machineWith(...SMALL)));
});

test('no chunk is above 1 MiB, whatever the values, and the cuts do not matter', () => {
  const machine = machineWith(
    put('large', 'L'.repeat(2_500_000)),
    ...Array.from({ length: 300 }, (_, i) => put(`key ${i}`, 'v'.repeat(5000))),
  );
  const chunks = drawSnapshot(machine);
  assert.ok(chunks.length > 3);
  for (const chunk of chunks) assert.ok(chunk.length > 0 && chunk.length <= 1024 * 1024);
  const whole = concatBytes(chunks);
  const recut: Uint8Array[] = [];
  const prng = new Prng(5);
  for (let at = 0; at < whole.length; ) {
    const size = prng.chance(0.5) ? prng.below(9) : prng.below(60_000);
    recut.push(whole.subarray(at, at + size));
    at += size;
  }
  for (const cut of [chunks, [whole], recut]) assert.equal(restored(cut).hash(), machine.hash());
});

test('a snapshot drawn while commands are applied equals one drawn at once', () => {
  for (const seed of [1, 2]) {
    const prng = new Prng(seed);
    const machine = machineWith();
    stir(machine, prng, 1100, 12_000);
    const atOnce = drawSnapshot(machine);
    const expected = history(machine);
    let chunksSeen = 0;
    const meanwhile = drawSnapshot(machine, () => {
      chunksSeen++;
      stir(machine, prng, 60, 12_000);
      machine.apply(entriesOf([compact(machine.stats.revision - prng.below(3))]));
      if (chunksSeen === 2) machine.apply(entriesOf([del('key', FROM_KEY)]));
    });
    assert.ok(chunksSeen > 3, 'there were chunks to come between');
    assert.deepEqual(meanwhile, atOnce);
    assert.deepEqual(history(restored(meanwhile)), expected);
  }
});

test('a snapshot drawn during a restore is of the state it was begun on', () => {
  const machine = machineWith(...SMALL, put('large', 'L'.repeat(3_000_000)));
  const expected = drawSnapshot(machine);
  const other = drawSnapshot(machineWith(put('other', '1')));
  const meanwhile = drawSnapshot(machine, () => restoreFrom(machine, other));
  assert.deepEqual(meanwhile, expected);
});

test('a snapshot looks at a bounded number of keys a chunk', () => {
  const machine = machineWith(put('a', '1'), compact(2));
  const keys = 40_000;
  machine.apply(entriesOf(Array.from({ length: keys }, (_, i) => put(`key ${i}`, ''))));
  machine.apply(entriesOf([del('key', FROM_KEY)]));
  const chunks = drawSnapshot(machine);
  const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  assert.ok(chunks.length > total / (1024 * 1024) + 2, 'some chunks ended early');
  assert.equal(restored(chunks).hash(), machine.hash());
});

test('what was compacted is kept for a running snapshot and dropped once it ends', () => {
  for (const end of ['return', 'drawn'] as const) {
    const machine = machineWith(...Array.from({ length: 100 }, (_, i) => put('k', `${i}`)));
    const snapshot = machine.snapshot();
    machine.apply(entriesOf([put('last', ''), compact(102)]));
    for (let i = 0; i < 20; i++) machine.apply(entriesOf([del('none')]));
    const held = machine.stats;
    assert.ok(held.bytes > held.bytesInUse * 10);
    if (end === 'return') snapshot.return?.();
    else while (!snapshot.next().done);
    for (let i = 0; i < 20; i++) machine.apply(entriesOf([del('none')]));
    assert.equal(machine.stats.bytes, machine.stats.bytesInUse);
    assert.deepEqual(snapshot.next(), { done: true, value: undefined });
  }
});

test('equal states have equal snapshots, whatever was swept', () => {
  const commands = [
    ...Array.from({ length: 200 }, (_, i) => put(`k${i % 50}`, `${i}`)),
    del('k1', 'k2'),
    compact(202),
  ];
  const unswept = machineWith(...commands);
  const swept = machineWith(...commands);
  for (let i = 0; i < 50; i++) swept.apply(entriesOf([del('none')]));
  assert.notEqual(swept.stats.bytes, unswept.stats.bytes);
  assert.deepEqual(drawSnapshot(swept), drawSnapshot(unswept));
});

test('equal states have equal snapshots whatever was swept at the compacted revision', () => {
  const commands = [
    ...Array.from({ length: 60 }, (_, i) => put(`k${i % 20}`, `${i}`)),
    txn([], [put('k1', 'over'), put('new', ''), del('k5', 'k7')]),
  ];
  const unswept = machineWith(...commands);
  const running = unswept.snapshot();
  const swept = machineWith(...commands);
  for (const machine of [unswept, swept]) machine.apply(entriesOf([compact(62)]));
  while (!swept.sweep(100));
  assert.ok(unswept.sweep(100), 'nothing may be dropped');
  assert.notEqual(swept.stats.bytes, unswept.stats.bytes);
  const expected = drawSnapshot(swept);
  assert.deepEqual(drawSnapshot(unswept), expected);
  running.return?.();
  const copy = restored(expected);
  while (!copy.sweep(100));
  assert.equal(copy.stats.bytes, swept.stats.bytes);
  assert.deepEqual(history(copy), history(swept));
  assert.deepEqual(drawSnapshot(copy), expected);
});

test('a snapshot with what the compacted revision replaced is read, and that is dropped', () => {
  // Drawn when it was kept: a=first, b=before, a=second, c=old; a=third, no b, d=new at 6; c=last.
  const kept =
    'CgAAAAFRS1ZTAgcGAAAVAAAAAgAAAAAAAAAAAgQCAWEGc2Vjb25kFQAAAAIAAAAAAAAAAAMDAQFiBmJlZm9yZRIAAAAC' +
    'AAAAAAAAAAAFBQEBYwNvbGQSAAAAAwYAAAAAAAAAAAFhBXRoaXJkBAAAAAQGAWIQAAAAAwYAAAAAAAAAAAFkA25ldxEA' +
    'AAADBwAAAAAAAAAAAWMEbGFzdAwAAAAGAAMEqdffDiXJ1Dk=';
  const copy = restored([new Uint8Array(Buffer.from(kept, 'base64'))]);
  const { compactedRevision, keys, bytes } = copy.stats;
  assert.deepEqual([compactedRevision, keys], [6, 3]);
  while (!copy.sweep(100));
  assert.ok(copy.stats.bytes < bytes);
  const found = copy.range(everything());
  assert.ok(found.kind === 'range');
  const lives = found.keyValues.map(({ key, createRevision, version }) => {
    return `${text(key)} of ${createRevision}, ${version}`;
  });
  assert.deepEqual(lives, ['a of 2, 3', 'c of 5, 2', 'd of 6, 1']);
  assert.equal(restored(drawSnapshot(copy)).hash(), copy.hash());
});

test('a snapshot cut short anywhere is refused', () => {
  const whole = concatBytes(drawSnapshot(machineWith(...SMALL)));
  for (let length = 0; length < whole.length; length++) {
    const error = rejection([whole.subarray(0, length)]);
    assert.match(error.message, /is cut off/);
  }
});

test('a snapshot with any one bit changed is refused', () => {
  const whole = concatBytes(drawSnapshot(machineWith(...SMALL)));
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const damaged = whole.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    rejection([damaged]);
  }
});

test('chunks missing, repeated, swapped or added are refused', () => {
  const machine = machineWith(
    ...Array.from({ length: 900 }, (_, i) => put(`key ${i}`, `${i}`.repeat(1500))),
  );
  const [first, second, third, ...rest] = drawSnapshot(machine) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    ...Uint8Array[],
  ];
  rejection([first, third, ...rest]);
  rejection([first, second, second, third, ...rest]);
  rejection([first, third, second, ...rest]);
  rejection([second, third, ...rest]);
  rejection([first, second, third, ...rest, Uint8Array.of(0)]);
  rejection([first, second, third, ...rest, first]);
  rejection([]);
});

test('random chunks are refused without much memory', () => {
  const prng = new Prng(9);
  for (let i = 0; i < 300; i++) {
    rejection([Uint8Array.from({ length: prng.below(100) }, () => prng.below(i % 2 ? 256 : 7))]);
  }
  rejection([Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1)]);
});

test('a sink that has failed stays failed', () => {
  const sink = machineWith().restore();
  assert.throws(() => sink.chunk(Uint8Array.of(1, 0, 0, 0, 9)), { code: 'KV_SNAPSHOT_INVALID' });
  for (const chunk of drawSnapshot(machineWith())) {
    assert.throws(() => sink.chunk(chunk), { code: 'KV_SNAPSHOT_INVALID' });
  }
  assert.throws(() => sink.finish(), { code: 'KV_SNAPSHOT_INVALID' });
});

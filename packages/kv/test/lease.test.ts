import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { type KvCommand, KvStateMachine, KvStore } from '../src/index.ts';
import {
  bytes,
  compact,
  del,
  drawSnapshot,
  entriesOf,
  everything,
  FROM_KEY,
  grant,
  pairs,
  put,
  restoreFrom,
  storeWithLeases,
  text,
  tick,
  txn,
} from './requests.ts';

const renew = (...ids: readonly bigint[]): KvCommand => ({ kind: 'leaseKeepAlive', ids });
const revoke = (id: bigint): KvCommand => ({ kind: 'leaseRevoke', id });

function live(store: KvStore): string[] {
  const result = store.range(everything());
  return result.kind === 'range' ? pairs(result.keyValues) : [result.refusal];
}

function expired(store: KvStore, after: number, elapsedMs: number): readonly bigint[] {
  const result = store.execute(tick(after, elapsedMs));
  return result.kind === 'leaseTick' ? result.expired : [];
}

function machineWith(...commands: readonly KvCommand[]): KvStateMachine {
  const machine = new KvStateMachine();
  machine.apply(entriesOf(commands));
  return machine;
}

test('a lease lives from the tick after its grant or last renewal', () => {
  const store = new KvStore();
  store.execute(grant(7n, 2));
  assert.deepEqual(expired(store, 0, 5000), []);
  assert.deepEqual(expired(store, 1, 1999), []);
  assert.deepEqual(store.execute(renew(7n, 8n)), {
    kind: 'leaseKeepAlive',
    ttlSeconds: [2, 0],
    revision: 1,
  });
  assert.deepEqual(expired(store, 2, 1), []);
  assert.deepEqual(expired(store, 3, 1999), []);
  assert.deepEqual(expired(store, 4, 1), [7n]);
  assert.equal(store.stats.leases, 0);
});

test('a tick that does not come after the last one does nothing', () => {
  const store = storeWithLeases(7n);
  assert.deepEqual(expired(store, 0, 0), []);
  const before = store.hash();
  for (const after of [0, 2, 900]) assert.deepEqual(expired(store, after, 80_000_000), []);
  assert.equal(store.hash(), before);
  assert.deepEqual(expired(store, 1, 80_000_000), [7n]);
});

test('leases end in the order of their deadlines, and of their ids where those are equal', () => {
  const store = new KvStore();
  for (const [id, ttl] of [
    [9n, 3],
    [-2n, 2],
    [5n, 2],
    [4n, 1],
  ] as const) {
    store.execute(grant(id, ttl));
    store.execute(put(`k${id}`, '', { lease: id }));
  }
  expired(store, 0, 0);
  store.execute(renew(4n));
  expired(store, 1, 1000);
  const { revision } = store;
  assert.deepEqual(expired(store, 2, 1000), [-2n, 4n, 5n]);
  assert.equal(store.revision, revision + 3, 'each at a revision of its own');
  assert.deepEqual(live(store), ['k9=']);
});

test('the keys of a lease go at one revision, in their order', () => {
  const store = storeWithLeases(7n);
  for (const key of ['c', 'a', 'd', 'b']) store.execute(put(key, '1', { lease: 7n }));
  const { end } = store.versions.log;
  assert.deepEqual(store.execute(revoke(7n)), { kind: 'leaseRevoke', revision: 6 });
  const gone = [0, 1, 2, 3].map((at) => text(store.versions.log.entryAt(end + at).key));
  assert.deepEqual(gone, ['a', 'b', 'c', 'd']);
  assert.deepEqual(live(store), []);
});

test('a lease without keys ends without a revision', () => {
  const store = storeWithLeases(7n, 8n);
  assert.deepEqual(store.execute(revoke(7n)), { kind: 'leaseRevoke', revision: 1 });
  expired(store, 0, 0);
  assert.deepEqual(expired(store, 1, 60_000), [8n]);
  assert.equal(store.revision, 1);
});

test('a key follows its last put: away, back, to another lease, kept, deleted, in a txn', () => {
  const machine = machineWith(
    grant(7n),
    grant(8n),
    ...['away', 'back', 'other', 'kept', 'deleted', 'swept'].map((key) =>
      put(key, '1', { lease: 7n }),
    ),
    put('away', '2'),
    put('back', '2'),
    put('back', '3', { lease: 7n }),
    put('other', '2', { lease: 8n }),
    put('kept', '2', { ignoreLease: true }),
    del('deleted'),
    del('swept'),
    compact(13),
    put('swept', '2'),
    txn([], [put('new', '1', { lease: 8n }), put('kept', '', { ignoreValue: true, lease: 7n })]),
  );
  const keysOf = (id: bigint) => machine.keysOfLease(id).map(text);
  assert.deepEqual(keysOf(7n), ['back', 'kept']);
  assert.deepEqual(keysOf(8n), ['new', 'other']);
  assert.deepEqual(keysOf(9n), []);
});

test('one tick ends a thousand leases, the next ones the rest', () => {
  const store = new KvStore();
  for (let id = 1n; id <= 2500n; id++) store.execute(grant(id, 1));
  expired(store, 0, 0);
  assert.equal(expired(store, 1, 1000).length, 1000);
  assert.equal(expired(store, 2, 0).length, 1000);
  assert.equal(expired(store, 3, 0).length, 500);
});

test('one tick ends no more leases once it has deleted many keys', () => {
  const store = new KvStore();
  for (let id = 1n; id <= 3n; id++) {
    store.execute(grant(id, 1));
    for (let key = 0; key < 5000; key++) store.execute(put(`${id}/${key}`, '', { lease: id }));
  }
  expired(store, 0, 0);
  assert.deepEqual(expired(store, 1, 1000), [1n, 2n]);
  assert.deepEqual(expired(store, 2, 0), [3n]);
});

test('an id that is picked is positive and free, and another for another seed', () => {
  const store = new KvStore();
  const prng = new Prng(3);
  const ids = new Set<bigint>();
  for (let i = 0; i < 500; i++) {
    // Some seeds come again, as they never do in a log.
    const result = store.execute(grant(0n), prng.below(300));
    assert.ok(result.kind === 'leaseGrant' && result.id > 0n && result.id < 2n ** 63n);
    ids.add(result.id);
  }
  assert.equal(ids.size, 500);
});

test('leases come back from a snapshot as they were, and go on alike', () => {
  const commands = [
    grant(1n, 1),
    grant(2n, 2),
    tick(0, 10),
    renew(2n),
    grant(-3n, 3),
    put('k', '', { lease: 2n }),
    tick(1, 20),
    renew(1n),
    grant(4n, 9_000_000_000),
  ];
  const machine = machineWith(...commands);
  const copy = new KvStateMachine();
  restoreFrom(copy, drawSnapshot(machine));
  assert.equal(copy.hash(), machine.hash());
  assert.deepEqual([copy.leaseSchedule.ticks, copy.leaseSchedule.nowMs], [2, 30]);
  assert.deepEqual(copy.leases(), [1n, 2n, -3n, 4n]);
  assert.deepEqual(copy.lease(2n), { id: 2n, ttlSeconds: 2, leftMs: 2000 });
  assert.deepEqual(copy.lease(1n), { id: 1n, ttlSeconds: 1, leftMs: null });
  assert.deepEqual(copy.keysOfLease(2n), [bytes('k')]);
  for (const after of [2, 3, 4, 5]) {
    const entries = entriesOf([tick(after, 999)]);
    assert.deepEqual(copy.apply(entries), machine.apply(entries));
    assert.equal(copy.hash(), machine.hash());
  }
  assert.deepEqual(copy.leases(), [4n]);
});

test('a snapshot is of the leases as they were, whatever becomes of them while it is drawn', () => {
  const grants = Array.from({ length: 40_000 }, (_, at) => grant(BigInt(at + 1), 1 + (at % 5)));
  const machine = machineWith(
    ...grants,
    tick(0, 1),
    renew(1n, 2n, 3n),
    put('k', '', { lease: 9n }),
  );
  const atOnce = drawSnapshot(machine);
  let after = 1;
  const meanwhile = drawSnapshot(machine, () => {
    const changes = [renew(4n, 5n, 6n), revoke(7n), grant(0n, 5), tick(after++, 1500)];
    machine.apply(entriesOf(changes));
  });
  assert.ok(after > 2, 'there were chunks to come between');
  assert.deepEqual(meanwhile, atOnce);
});

test('the hash depends on every lease, its time and its renewals', () => {
  const hashOf = (...commands: readonly KvCommand[]): number => machineWith(...commands).hash();
  const hashes = [
    hashOf(),
    hashOf(grant(1n)),
    hashOf(grant(2n)),
    hashOf(grant(1n + 2n ** 32n)),
    hashOf(grant(1n, 61)),
    hashOf(tick(0, 0)),
    hashOf(tick(0, 1)),
    hashOf(grant(1n), tick(0, 1)),
    hashOf(grant(1n), tick(0, 1), renew(1n)),
  ];
  assert.equal(new Set(hashes).size, hashes.length);
  assert.equal(hashOf(grant(1n), revoke(1n)), hashes[0]);
});

test('the listener is told of ticks, of the first fresh lease after one, and of a restore', () => {
  const machine = new KvStateMachine();
  let told = 0;
  machine.onLeaseSchedule(() => {
    told += 1;
  });
  const count = (...commands: readonly KvCommand[]): number => {
    told = 0;
    for (const command of commands) machine.apply(entriesOf([command]));
    return told;
  };
  assert.equal(count(put('k', '1'), tick(5, 1), del('k', FROM_KEY)), 0);
  assert.equal(count(grant(1n), grant(2n)), 1);
  assert.equal(count(tick(0, 1)), 1);
  assert.equal(count(renew(1n), renew(2n)), 1);
  // Seed 125: a lease that came after the last fresh one had gone was no news, and never ended.
  assert.equal(count(revoke(1n), revoke(2n), grant(3n)), 2);
  const other = drawSnapshot(machineWith(grant(9n)));
  told = 0;
  restoreFrom(machine, other);
  assert.equal(told, 1);
  assert.equal(count(tick(0, 1)), 1);
});

test('a snapshot of another format is refused with its version', () => {
  const [chunk] = drawSnapshot(machineWith()) as [Uint8Array];
  const older = chunk.slice();
  older[9] = 1;
  const sink = new KvStateMachine().restore();
  assert.throws(() => sink.chunk(older), {
    code: 'KV_SNAPSHOT_INVALID',
    message: /its format version is 1, and 2 is read here/,
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, Prng, portableChecksum } from '@quorate/base';
import { encodeCommand, type KvCommand, KvStateMachine } from '@quorate/kv';
import type { AuthTable } from '../../../src/core/auth/auth-format.ts';
import type { AuthRole } from '../../../src/core/auth/auth-model.ts';
import type { ReadableFile } from '../../../src/core/bolt/bolt-reader.ts';
import { readDatabase } from '../../../src/core/database/database-reader.ts';
import { writeDatabase } from '../../../src/core/database/database-writer.ts';
import { text } from '../called-service.ts';

const flags = { prevKv: false, ignoreValue: false, ignoreLease: false };

function apply(machine: KvStateMachine, command: KvCommand): void {
  const entry = { index: 1, term: 1, timestampMicros: 0, command: encodeCommand(command) };
  machine.apply([entry]);
}

const permissions = [{ type: 'readwrite', key: text('a'), rangeEnd: text('c') }] as const;
const reader = {
  name: 'reader',
  permissions: [{ type: 'read', key: text('x'), rangeEnd: text('') }],
};
const user = { name: 'root', passwordHash: '$2b$10$x', hasNoPassword: false, roles: ['root'] };
const bot = { name: 'bot', passwordHash: '', hasNoPassword: true, roles: ['keys', 'reader'] };
const auth: AuthTable = {
  isEnabled: true,
  revision: 12,
  users: new Map([user, bot].map((one) => [one.name, one])),
  roles: new Map([
    ['keys', { name: 'keys', permissions }],
    ['reader', reader as AuthRole],
  ]),
};

const alarms = [
  { member: 7n, type: 1 },
  { member: 2n ** 63n + 5n, type: 2 },
];

function drawn(seed: number): KvStateMachine {
  const prng = new Prng(seed);
  const machine = new KvStateMachine();
  for (const id of [5n, -3n]) apply(machine, { kind: 'leaseGrant', id, ttlSeconds: 40 });
  for (let i = 0; i < 400; i++) {
    const key = text(`k${prng.below(40)}`);
    const dice = prng.below(20);
    const { revision } = machine.stats;
    if (dice === 0) apply(machine, { kind: 'compact', revision: 1 + prng.below(revision) });
    else if (dice < 6) {
      const rangeEnd = dice < 3 ? text('k3') : new Uint8Array(0);
      apply(machine, { kind: 'deleteRange', key, rangeEnd, prevKv: false });
    } else {
      const lease = [0n, 0n, 5n, -3n][prng.below(4)] as bigint;
      const value = new Uint8Array(prng.below(3000)).fill(i);
      apply(machine, { kind: 'put', key, value, lease, ...flags });
    }
  }
  return machine;
}

function fileOf(machine: KvStateMachine): Uint8Array {
  const history = machine.history();
  const pages: Uint8Array[] = [];
  const writing = writeDatabase(
    {
      clusterId: '00000000000000ab',
      appliedIndex: 900,
      term: 3,
      compactedRevision: history.compactedRevision,
      records: () => history.records(),
      leases: machine.leases().map((id) => ({ id, ttlSeconds: 40 })),
      auth,
      alarms,
    },
    (page) => pages.push(page),
  );
  let next = writing.next();
  while (!next.done) next = writing.next();
  history.release();
  return concatBytes([next.value.head, ...pages]);
}

function readable(file: Uint8Array): ReadableFile {
  return { bytes: file.length, read: (offset, length) => file.slice(offset, offset + length) };
}

function restored(file: Uint8Array): KvStateMachine {
  const { store } = readDatabase(readable(file), portableChecksum);
  const machine = new KvStateMachine();
  const sink = machine.restore();
  for (let next = store.next(); !next.done; next = store.next()) sink.chunk(next.value);
  sink.finish();
  return machine;
}

test('a database that was written is read back as the same store', () => {
  for (let seed = 1; seed <= 10; seed++) {
    const machine = drawn(seed);
    const copy = restored(fileOf(machine));
    const shown = (one: KvStateMachine) => {
      const { revision, compactedRevision, keys } = one.stats;
      const records = [...one.history().records()].filter(
        (record) =>
          record !== null && (record.keyValue !== null || record.revision > compactedRevision),
      );
      return { revision, compactedRevision, keys, records, leases: new Set(one.leases()) };
    };
    assert.deepEqual(shown(copy), shown(machine), `seed ${seed}`);
  }
});

test('users, roles and alarms are part of it', () => {
  const read = readDatabase(readable(fileOf(drawn(1))), portableChecksum);
  assert.deepEqual(read.auth, auth);
  assert.deepEqual(read.alarms, alarms);
});

test('a damaged database is refused or read, in whatever way it is damaged', () => {
  const file = fileOf(drawn(3));
  const prng = new Prng(9);
  let refused = 0;
  for (let i = 0; i < 200; i++) {
    const damaged = file.slice();
    for (let times = 1 + prng.below(4); times > 0; times--) {
      damaged[prng.below(damaged.length)] = prng.below(256);
    }
    try {
      restored(damaged);
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'SERVER_SNAPSHOT_INVALID');
      refused += 1;
    }
  }
  assert.ok(refused > 10);
});

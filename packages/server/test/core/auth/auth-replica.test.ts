import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { text } from '../called-service.ts';
import { AuthReplica, auth, kv, kvAs, put } from './auth-replica.ts';

test('what was allowed when it was proposed is applied while the auth revision is the same', () => {
  const replica = new AuthReplica().enabled();
  const { revision } = replica;
  assert.deepEqual(replica.outcome(kvAs(put('a'), 'alice', revision)), ['ok']);
});

test('a permission that is revoked before the command in the log is not used', () => {
  const replica = new AuthReplica().enabled();
  const { revision } = replica;
  const range = { key: text('a'), rangeEnd: text('b') };
  const outcome = replica.outcome(
    kvAs(put('a1'), 'alice', revision),
    auth({ kind: 'roleRevokePermission', name: 'r', range }, 'root'),
    kvAs(put('a2'), 'alice', revision),
    kvAs(put('a3'), 'root', revision),
    kvAs(put('a4'), 'root', revision + 1),
    kvAs(put('a5'), 'root', revision + 2),
  );
  const old = 'authRevisionOld';
  assert.deepEqual(outcome, ['ok', 'ok', old, old, 'ok', old]);
  assert.equal(replica.store.stats.revision, 3);
});

test('nobody is let through once auth is on, except what members propose themselves', () => {
  const replica = new AuthReplica();
  assert.deepEqual(replica.outcome(kv(put('z'))), ['ok']);
  replica.enabled();
  const outcome = replica.outcome(
    kv(put('a')),
    kv({ kind: 'leaseGrant', id: 5n, ttlSeconds: 10 }),
    kv({ kind: 'leaseTick', after: 0, elapsedMs: 1 }),
    kv({ kind: 'leaseKeepAlive', ids: [5n] }),
    kvAs(put('a'), '', replica.revision),
    kvAs(put('a'), 'eve', replica.revision),
    Uint8Array.of(1, 255),
    Uint8Array.of(1),
    Uint8Array.of(4),
  );
  const nameless = 'userNameEmpty';
  assert.deepEqual(outcome.slice(0, 4), [nameless, nameless, 'ok', 'ok']);
  assert.deepEqual(outcome.slice(4, 8), [nameless, 'permissionDenied', nameless, nameless]);
  assert.equal(replica.apply(Uint8Array.of(4))[0]?.kind, 'malformedCommand');
});

test('with auth off it does not matter who asks', () => {
  const replica = new AuthReplica();
  assert.deepEqual(replica.outcome(kvAs(put('a'), '', 0), kvAs(put('b'), 'eve', 99)), ['ok', 'ok']);
});

test('what a lease holds is looked at when the command is applied', () => {
  const replica = new AuthReplica().enabled();
  const { revision } = replica;
  const outcome = replica.outcome(
    kvAs({ kind: 'leaseGrant', id: 7n, ttlSeconds: 10 }, 'alice', revision),
    kvAs(put('a1', 7n), 'alice', revision, true),
    kvAs(put('secret', 7n), 'root', revision, true),
    kvAs(put('a2', 7n), 'alice', revision, true),
    kvAs({ kind: 'leaseRevoke', id: 7n }, 'alice', revision, true),
    kvAs({ kind: 'leaseRevoke', id: 7n }, 'root', revision, true),
  );
  const denied = 'permissionDenied';
  assert.deepEqual(outcome, ['ok', 'ok', 'ok', denied, denied, 'ok']);
});

test('changes are for admins as the table is when they are applied', () => {
  const replica = new AuthReplica().enabled();
  const add = { kind: 'roleAdd', name: 'x' } as const;
  const outcome = replica.outcome(
    auth(add),
    auth(add, 'alice'),
    auth(add, 'eve'),
    auth({ kind: 'userGrantRole', name: 'alice', role: 'root' }, 'root'),
    auth({ kind: 'roleAdd', name: 'y' }, 'alice'),
    auth({ kind: 'userRevokeRole', name: 'alice', role: 'root' }, 'alice'),
    auth({ kind: 'roleAdd', name: 'z' }, 'alice'),
  );
  const denied = 'permissionDenied';
  assert.deepEqual(outcome, ['userNameEmpty', denied, denied, 'ok', 'ok', 'ok', denied]);
});

test('a token is made only under the revision that the password was checked under', () => {
  const replica = new AuthReplica().enabled();
  const heard: string[] = [];
  replica.machine.auth.onTokens({
    authenticated: ({ user, nonce, index }) => heard.push(`${user} ${nonce}.${index}`),
    revoked: (user) => heard.push(`revoked ${user}`),
  });
  const ask = (name: string, authRevision: number): Uint8Array =>
    auth({ kind: 'authenticate', name, authRevision, nonce: 'n' });
  const { revision } = replica;
  const outcome = replica.outcome(
    ask('alice', revision),
    ask('alice', revision - 1),
    ask('eve', revision),
    ask('bob', revision),
    auth({ kind: 'userChangePassword', name: 'alice', passwordHash: 'i' }, 'root'),
    ask('alice', revision),
    auth({ kind: 'userDelete', name: 'alice' }, 'root'),
    auth({ kind: 'authDisable' }, 'root'),
    ask('root', revision + 3),
  );
  const failed = 'authenticationFailed';
  const old = 'authRevisionOld';
  assert.deepEqual(outcome, ['ok', old, failed, failed, 'ok', old, 'ok', 'ok', 'authNotEnabled']);
  assert.deepEqual(heard, ['alice n.9', 'revoked alice', 'revoked alice', 'revoked null']);
});

const names = fc.constantFrom('root', 'alice', 'bob', 'r', 's', '');
const keys = fc.constantFrom('', 'a', 'b', 'c', '\0').map(text);
const ranges = fc.record({ key: keys, rangeEnd: keys });
const types = fc.constantFrom('read', 'write', 'readwrite');
const someAuth = fc
  .oneof(
    fc.record({ kind: fc.constantFrom('authEnable', 'authDisable') }),
    fc.record({ kind: fc.constantFrom('userDelete', 'roleAdd', 'roleDelete'), name: names }),
    fc.record({
      kind: fc.constant('userAdd'),
      name: names,
      passwordHash: fc.constant('h'),
      hasNoPassword: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('userChangePassword'), name: names, passwordHash: names }),
    fc.record({
      kind: fc.constantFrom('userGrantRole', 'userRevokeRole'),
      name: names,
      role: names,
    }),
    fc.record({
      kind: fc.constant('roleGrantPermission'),
      name: names,
      permission: fc.tuple(types, ranges).map(([type, range]) => ({ type, ...range })),
    }),
    fc.record({ kind: fc.constant('roleRevokePermission'), name: names, range: ranges }),
    fc.record({
      kind: fc.constant('authenticate'),
      name: names,
      authRevision: fc.nat(20),
      nonce: names,
    }),
  )
  .chain((command) => names.map((user) => auth(command as Parameters<typeof auth>[0], user)));
const someKv = fc.record({ key: fc.constantFrom('a', 'b'), user: names, revision: fc.nat(20) });
const someCommand = fc.oneof(
  someAuth,
  someKv.map(({ key, user, revision }) => kvAs(put(key, 3n), user, revision, true)),
  someKv.map(({ key, user, revision }) => kvAs(put(key), user, revision)),
  someKv.map(({ key }) => kv(put(key))),
  fc.constant(kv({ kind: 'leaseGrant', id: 3n, ttlSeconds: 10 })),
);

test('a log has one outcome, however it is cut into batches and wherever it is restored', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(someCommand, { maxLength: 40 }), cuts, fc.nat(40), (log, sizes, half) => {
      const single = new AuthReplica().enabled();
      const expected = log.flatMap((command) => single.apply(command));
      let cut = new AuthReplica().enabled();
      const results: unknown[] = [];
      let at = 0;
      for (let turn = 0; at < log.length; turn++) {
        const batch = log.slice(at, at + (sizes[turn % sizes.length] as number));
        results.push(...cut.apply(...batch));
        at += batch.length;
        if (at < half || half < at - batch.length) continue;
        const other = new AuthReplica();
        other.restore(cut.snapshot(), 13);
        assert.deepEqual(other.machine.auth.table(), cut.machine.auth.table());
        other.continueFrom(cut);
        cut = other;
      }
      assert.deepEqual(results, expected);
      assert.deepEqual(cut.snapshot(), single.snapshot());
    }),
    { numRuns: 300 },
  );
});

test('any command at all is applied or refused', () => {
  const replica = new AuthReplica().enabled();
  const whole = auth({ kind: 'roleAdd', name: 'name' }, 'root');
  for (let at = 1; at < whole.length; at++) {
    assert.equal(replica.apply(whole.subarray(0, at))[0]?.kind, 'malformedCommand');
  }
  fc.assert(
    fc.property(fc.constantFrom(3, 4), fc.uint8Array({ maxLength: 40 }), (kind, rest) => {
      assert.equal(replica.apply(Uint8Array.of(kind, ...rest)).length, 1);
      const [ofAlice] = replica.apply(Uint8Array.of(kind, 7, 5, ...text('alice'), ...rest));
      assert.notEqual(ofAlice, undefined);
    }),
    { numRuns: 1000 },
  );
});

test('a snapshot with a permission of no known type, or cut, is refused', () => {
  const replica = new AuthReplica().enabled();
  const bytes = replica.snapshot();
  const broken = bytes.slice();
  const at = broken.findIndex(
    (_, i) => broken[i] === 2 && broken[i + 1] === 1 && broken[i + 2] === 97,
  );
  assert.ok(at > 0);
  broken[at] = 3;
  for (const content of [broken, bytes.slice(0, 30)]) {
    assert.throws(() => new AuthReplica().restore(content, 1000), {
      code: 'SERVER_SNAPSHOT_INVALID',
    });
  }
});

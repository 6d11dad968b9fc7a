import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes } from '@quorate/base';
import { encodeCommand, KvStateMachine, type PutRequest, type RangeRequest } from '@quorate/kv';
import {
  EtcdStateMachine,
  keyValueCommand,
  type MemberAttributes,
  memberAttributesCommand,
  ServerError,
} from '@quorate/server/core';
import fc from 'fast-check';
import { text } from './called-service.ts';

const attributes: MemberAttributes = {
  member: 2 ** 50 + 1,
  name: 'n1',
  clientUrls: ['http://a:1'],
};

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

const everything: RangeRequest = {
  kind: 'range',
  key: Uint8Array.of(0),
  rangeEnd: Uint8Array.of(0),
  limit: 0,
  revision: 0,
  sortOrder: 'none',
  sortTarget: 'key',
  keysOnly: false,
  countOnly: false,
  minModRevision: 0,
  maxModRevision: 0,
  minCreateRevision: 0,
  maxCreateRevision: 0,
};

class Replica {
  readonly store = new KvStateMachine();
  readonly machine = new EtcdStateMachine(this.store);

  apply(...commands: Uint8Array[]): string[] {
    const entries = commands.map((command, i) => {
      return { index: i + 1, term: 1, timestampMicros: i, command };
    });
    return this.machine.apply(entries).map(({ kind }) => kind);
  }

  snapshot(): Uint8Array {
    const chunks = this.machine.snapshot();
    const out: Uint8Array[] = [];
    for (let next = chunks.next(); next.done !== true; next = chunks.next()) {
      out.push(next.value.slice());
    }
    return concatBytes(out);
  }
}

test('a batch is answered in order, whoever carries out each command', () => {
  const replica = new Replica();
  assert.deepEqual(replica.apply(put('a'), put('b')), ['put', 'put']);
  const mixed = [
    memberAttributesCommand(attributes),
    put('c'),
    memberAttributesCommand(attributes),
  ];
  assert.deepEqual(replica.apply(...mixed), ['memberAttributes', 'put', 'memberAttributes']);
  assert.deepEqual(replica.machine.attributesOf(attributes.member), {
    ...attributes,
    peerUrls: [],
  });
  assert.equal(replica.machine.attributesOf(3), undefined);
});

test('commands of no known kind, or cut short, change nothing and stop nothing', () => {
  const replica = new Replica();
  const whole = memberAttributesCommand(attributes);
  const kinds = replica.apply(
    new Uint8Array(0),
    Uint8Array.of(9, 1, 2),
    whole.subarray(0, whole.length - 1),
    Uint8Array.of(1),
  );
  assert.deepEqual(kinds, ['malformedCommand', 'malformedCommand', 'malformedCommand', 'refused']);
  assert.equal(replica.machine.attributesOf(attributes.member), undefined);
});

test('any command at all is applied or refused', () => {
  const replica = new Replica();
  fc.assert(
    fc.property(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 40 }), (kind, rest) => {
      assert.equal(replica.apply(Uint8Array.of(kind, ...rest)).length, 1);
    }),
    { numRuns: 500 },
  );
});

test('a snapshot restores both halves, however its bytes are cut', () => {
  const source = new Replica();
  source.apply(put('a'), memberAttributesCommand(attributes), put('b'));
  const bytes = source.snapshot();
  for (const size of [1, 3, 7, 64, bytes.length]) {
    const replica = new Replica();
    const sink = replica.machine.restore();
    for (let at = 0; at < bytes.length; at += size) sink.chunk(bytes.slice(at, at + size));
    assert.equal(replica.machine.attributesOf(attributes.member), undefined);
    sink.finish();
    assert.deepEqual(replica.machine.attributesOf(attributes.member), {
      ...attributes,
      peerUrls: [],
    });
    assert.deepEqual(replica.store.range(everything), source.store.range(everything));
    assert.deepEqual(replica.snapshot(), bytes);
  }
});

test('a snapshot does not see what is applied while it is drawn', () => {
  const source = new Replica();
  source.apply(put('a'));
  const before = source.snapshot();
  const chunks = source.machine.snapshot();
  source.apply(put('b'), memberAttributesCommand(attributes));
  const out: Uint8Array[] = [];
  for (let next = chunks.next(); next.done !== true; next = chunks.next()) out.push(next.value);
  assert.deepEqual(concatBytes(out), before);
});

test('a snapshot that is none is refused and leaves the state as it was', () => {
  const source = new Replica();
  source.apply(memberAttributesCommand(attributes));
  const bytes = source.snapshot();
  const cases: [string, Uint8Array][] = [
    ['nothing', new Uint8Array(0)],
    ['another version', Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)],
    ['cut inside the attributes', bytes.slice(0, 12)],
    ['absurd length', Uint8Array.of(2, 0, 0, 0, 255, 255, 255, 255)],
    ['attributes that are none', Uint8Array.of(2, 0, 0, 0, 1, 0, 0, 0, 9)],
  ];
  for (const [what, content] of cases) {
    const replica = new Replica();
    replica.apply(put('kept'));
    const restore = (): void => {
      const sink = replica.machine.restore();
      sink.chunk(content);
      sink.finish();
    };
    const isOurs = (error: unknown): boolean =>
      error instanceof ServerError && error.code === 'SERVER_SNAPSHOT_INVALID';
    assert.throws(restore, isOurs, what);
    const kept = replica.store.range(everything);
    assert.equal(kept.kind === 'range' && kept.count, 1, what);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteWriter } from '@quorate/base';
import { KvStateMachine } from '@quorate/kv';
import {
  apiIdOf,
  EtcdStateMachine,
  type MemberCommand,
  memberAttributesCommand,
  memberCommand,
  nodeOfApiId,
} from '@quorate/server/core';

class Replica {
  readonly machine = new EtcdStateMachine(new KvStateMachine());
  #index = 0;

  apply(command: Uint8Array): unknown {
    const entry = { index: ++this.#index, term: 1, timestampMicros: this.#index, command };
    return this.machine.apply([entry])[0];
  }

  outcomeOf(command: MemberCommand): unknown {
    return (this.apply(memberCommand(command)) as { outcome?: string }).outcome;
  }
}

test('a URL is taken by members, and by nobody who is none', () => {
  const replica = new Replica();
  const at = (member: number, among: number[]): MemberCommand => {
    return { kind: 'locate', member, peerUrls: ['http://a:1', 'http://b:1'], among };
  };
  assert.equal(replica.outcomeOf(at(5, [])), 'done');
  assert.equal(replica.outcomeOf(at(6, [5])), 'peerUrlsTaken');
  assert.equal(replica.machine.members.of(6), undefined);
  assert.equal(replica.outcomeOf(at(5, [5])), 'done', 'its own');
  assert.equal(replica.outcomeOf(at(6, [])), 'done', 'what is left of 5 does not count');
  assert.equal(replica.outcomeOf({ kind: 'forget', member: 5 }), 'done');
  assert.deepEqual([...replica.machine.members.all.keys()], [6]);
});

test('founders are introduced once; what they say of themselves is kept beside', () => {
  const replica = new Replica();
  const introduce = (url: string): MemberCommand => {
    return { kind: 'introduce', members: [{ member: 1, peerUrls: [url] }] };
  };
  replica.apply(memberAttributesCommand({ member: 1, name: 'n1', clientUrls: ['http://c:1'] }));
  replica.outcomeOf(introduce('http://a:1'));
  replica.outcomeOf(introduce('http://b:1'));
  const whole = { member: 1, name: 'n1', clientUrls: ['http://c:1'], peerUrls: ['http://a:1'] };
  assert.deepEqual(replica.machine.members.of(1), whole);

  const other = new EtcdStateMachine(new KvStateMachine());
  const sink = other.restore();
  const chunks = replica.machine.snapshot();
  for (let next = chunks.next(); next.done !== true; next = chunks.next()) sink.chunk(next.value);
  sink.finish();
  assert.deepEqual(other.members.of(1), whole);
});

test('a snapshot of before there were peer URLs is read', () => {
  const newer = new EtcdStateMachine(new KvStateMachine()).snapshot().next().value as Uint8Array;
  // What an empty table is followed by: no users, no alarms.
  const rest = newer.subarray(9);
  const body = new ByteWriter();
  body.varint(1);
  body.varint(7);
  body.string('n7');
  body.varint(0);
  body.raw(rest);
  const writer = new ByteWriter();
  writer.fixed32(2);
  writer.fixed32(body.length);
  writer.raw(body.view());
  const machine = new EtcdStateMachine(new KvStateMachine());
  const sink = machine.restore();
  sink.chunk(writer.take());
  const chunks = new KvStateMachine().snapshot();
  for (let next = chunks.next(); next.done !== true; next = chunks.next()) sink.chunk(next.value);
  sink.finish();
  assert.deepEqual(machine.members.of(7)?.peerUrls, []);
  assert.equal(machine.members.of(7)?.name, 'n7');
});

test('malformed commands change nothing', () => {
  const replica = new Replica();
  for (const bytes of [[6], [6, 9], [6, 1, 5], [6, 3, 200]]) {
    const result = replica.apply(Uint8Array.from(bytes));
    assert.deepEqual(result, { kind: 'malformedCommand' });
  }
});

test('ids of clients have sixteen digits and lead back', () => {
  for (const node of [1, 77, 2 ** 48, 2 ** 52 - 1]) {
    assert.equal(apiIdOf(node).toString(16).length, 16);
    assert.equal(nodeOfApiId(apiIdOf(node)), node);
    assert.equal(nodeOfApiId(apiIdOf(node) + 1n), 0);
  }
  assert.deepEqual([apiIdOf(0), nodeOfApiId(0n)], [0n, 0]);
  assert.equal(nodeOfApiId(2n ** 64n - 1n), 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteWriter, concatBytes, toHex } from '@quorate/base';
import { SessionError } from '../../src/sessions/session-error.ts';
import {
  defaultSessionLimits,
  type SessionLimits,
  writeSessionLimits,
} from '../../src/sessions/session-limits.ts';
import { SessionStateMachine } from '../../src/sessions/session-state-machine.ts';
import {
  drawn,
  inSession,
  Replica,
  restoreFrom,
  TallyMachine,
  textResults,
  tightLimits,
} from './support/tally-machine.ts';

function empty(): SessionStateMachine<string> {
  return new SessionStateMachine(new TallyMachine(), { results: textResults });
}

function stateOf(machine: SessionStateMachine<string>): string {
  return toHex(concatBytes(drawn(machine.snapshot())));
}

const manyLimits = { ...defaultSessionLimits, maxSessions: 5000, minTtlMs: 10_000 };

/** So many sessions, each with two answers. */
function crowd(count: number, letters: number): Replica {
  const replica = new Replica(manyLimits);
  for (let i = 0; i < count; i++) {
    const session = replica.open(
      20_000,
      new Uint8Array(8).map((_, at) => (i >> at) & 0xff),
    );
    replica.apply(inSession(session, 2, `${letters}x`), inSession(session, 1, 'b'));
  }
  return replica;
}

test('sessions survive a snapshot with their answers, times and limits', () => {
  const replica = new Replica();
  const session = replica.open(2048, new Uint8Array(9).fill(200));
  replica.apply(inSession(session, 1, 'a'), inSession(session, 3, '30xlarge'));
  replica.pass(1000);
  const other = replica.open(4096);
  const chunks = drawn(replica.machine.snapshot());
  const before = stateOf(replica.machine);
  replica.machine = new SessionStateMachine(new TallyMachine(), { results: textResults });
  restoreFrom(replica.machine, chunks, 7);
  assert.equal(stateOf(replica.machine), before);
  assert.deepEqual(replica.machine.limits, tightLimits);
  const again = replica.one(inSession(session, 1, 'a'));
  assert.deepEqual(again, { kind: 'applied', result: 'a#1', index: replica.index, firstIndex: 2 });
  assert.equal(replica.one(inSession(session, 3, '30xlarge')).kind, 'answerForgotten');
  assert.equal(replica.open(2048, new Uint8Array(9).fill(200)), session);
  replica.pass(2048);
  assert.ok(!replica.isAlive(session) && replica.isAlive(other));
});

test('a snapshot shows nothing of what is applied while it is drawn', () => {
  const replica = crowd(3000, 100);
  const expected = stateOf(replica.machine);
  const snapshot = replica.machine.snapshot();
  const chunks: Uint8Array[] = [];
  let victim = 1;
  for (let next = snapshot.next(); next.done !== true; next = snapshot.next()) {
    chunks.push(next.value.slice());
    // Early and late sessions change, go and come.
    for (const session of [victim, 8999 - victim]) {
      replica.one(inSession(session, 3, 'new', 2));
      replica.one({ kind: 'closeSession', session: session + 3 });
    }
    replica.open(30_000);
    victim += 6;
  }
  assert.ok(chunks.length > 4);
  const restored = empty();
  restoreFrom(restored, chunks, 100_000);
  assert.equal(stateOf(restored), expected);
  assert.notEqual(stateOf(replica.machine), expected);
});

test('sessions that all go while a snapshot is drawn are in it all the same', () => {
  const replica = crowd(2500, 0);
  const expected = stateOf(replica.machine);
  const snapshot = replica.machine.snapshot();
  const chunks = [snapshot.next(), snapshot.next()].map(({ value }) => value as Uint8Array);
  replica.nowMs += 1;
  replica.pass(21_000);
  assert.equal(replica.machine.sessionCount, 0);
  const restored = empty();
  restoreFrom(restored, [...chunks, ...drawn(snapshot)], 50_000);
  assert.equal(stateOf(restored), expected);
});

test('a snapshot that is ended early ends the one within, and costs nothing any more', () => {
  const replica = crowd(3, 0);
  let ended = 0;
  const inner = replica.tally.snapshot();
  replica.tally.snapshot = () => ({
    next: () => inner.next(),
    return: () => {
      ended += 1;
      return { done: true, value: undefined };
    },
  });
  const undrawn = replica.machine.snapshot();
  assert.equal(undrawn.return?.().done, true);
  const begun = replica.machine.snapshot();
  begun.next();
  begun.return?.();
  assert.equal(ended, 2);
});

test('no chunk is larger than 1 MiB, at the hard limits neither', () => {
  const limits: SessionLimits = {
    ...defaultSessionLimits,
    maxWindow: 4096,
    maxAnswerBytes: 64 * 1024,
    maxSessionBytes: 256 * 1024,
  };
  const replica = new Replica(limits);
  for (let i = 0; i < 4; i++) {
    const session = replica.open(20_000);
    for (let sequence = 2; sequence <= 6; sequence++)
      replica.one(inSession(session, sequence, '65000x'));
    assert.equal(replica.one(inSession(session, 7, '65000x')).kind, 'windowFull');
    replica.one(inSession(session, 1, '65000x'));
  }
  const chunks = drawn(replica.machine.snapshot());
  assert.ok(chunks.every(({ length }) => length <= 1024 * 1024));
  const restored = empty();
  restoreFrom(restored, chunks, 1024 * 1024);
  assert.equal(stateOf(restored), stateOf(replica.machine));
});

test('a snapshot cut anywhere is not restored, and what was there stays', () => {
  const replica = new Replica();
  const session = replica.open(2048);
  replica.one(inSession(session, 1, 'a'));
  const all = concatBytes(drawn(replica.machine.snapshot()));
  const target = new Replica();
  target.open();
  const before = stateOf(target.machine);
  for (let length = 0; length < all.length; length++) {
    assert.throws(() => restoreFrom(target.machine, [all.subarray(0, length)], 16));
    assert.equal(stateOf(target.machine), before);
  }
});

test('a snapshot altered in any byte is restored whole or refused, and never hangs', () => {
  const replica = new Replica();
  const session = replica.open(2048, new Uint8Array(8).fill(1));
  replica.open(4096, new Uint8Array(8).fill(2));
  replica.apply(inSession(session, 1, 'a'), inSession(session, 2, '30xb'));
  const all = concatBytes(drawn(replica.machine.snapshot()));
  let refused = 0;
  for (let at = 0; at < all.length; at++) {
    for (const flip of [1, 0x80, 0xff]) {
      const altered = all.slice();
      altered[at] = (altered[at] as number) ^ flip;
      const machine = empty();
      try {
        restoreFrom(machine, [altered], 1000);
        stateOf(machine);
      } catch (error) {
        assert.ok(error instanceof Error);
        if (error instanceof SessionError) refused += 1;
      }
    }
  }
  assert.ok(refused > all.length / 4);
});

interface Fields {
  version?: number;
  limits?: SessionLimits;
  nowMicros?: number;
  lastTimestamp?: number;
  termStart?: number;
  count?: number;
  sessions?: readonly (readonly number[])[];
  tail?: readonly number[];
}

/** A session of numbers alone: id, ttlMs, contactMicros, acknowledgedBelow, nonce bytes, ... */
const plainSession = [5, 1024, 0, 1, 0, 0];

function snapshotOf(fields: Fields): Uint8Array {
  const header = new ByteWriter();
  header.varint(fields.version ?? 1);
  writeSessionLimits(header, fields.limits ?? tightLimits);
  header.varint(fields.nowMicros ?? 9);
  header.varint(fields.lastTimestamp ?? 9);
  header.varint(1);
  header.varint(fields.termStart ?? 0);
  const sessions = fields.sessions ?? [];
  header.varint(fields.count ?? sessions.length);
  for (const byte of fields.tail ?? []) header.varint(byte);
  const body = new ByteWriter();
  for (const session of sessions) for (const value of session) body.varint(value);
  const out = new ByteWriter();
  for (const block of [header, body]) {
    if (block.length === 0) continue;
    out.fixed32(block.length);
    out.raw(block.take());
  }
  out.fixed32(0);
  out.raw(new TextEncoder().encode('[]\n'));
  return out.take();
}

test('each rule of the layout has its refusal', () => {
  restoreFrom(empty(), [snapshotOf({ sessions: [plainSession] })], 5);
  const nonce = [8, 1, 1, 1, 1, 1, 1, 1, 1];
  const refusals: [RegExp, Uint8Array][] = [
    [/its version is 2/, snapshotOf({ version: 2 })],
    [/maxWindow is 0/, snapshotOf({ limits: { ...tightLimits, maxWindow: 0 } })],
    [/its time is beyond all stamps/, snapshotOf({ lastTimestamp: 8 })],
    [/its term began later than now/, snapshotOf({ termStart: 10 })],
    [/1000001 sessions/, snapshotOf({ count: 1_000_001 })],
    [/bytes follow the header/, snapshotOf({ tail: [1] })],
    [/0 sessions, not 1/, snapshotOf({ count: 1 })],
    [/more than 0 sessions/, snapshotOf({ count: 0, sessions: [plainSession] })],
    [/a session is there twice/, snapshotOf({ sessions: [plainSession, plainSession] })],
    [
      /a nonce is there twice/,
      snapshotOf({ sessions: [5, 6].map((id) => [id, 1024, 0, 1, ...nonce, 0]) }),
    ],
    [/session 0/, snapshotOf({ sessions: [[0, 1024, 0, 1, 0, 0]] })],
    [/session 5 lives 1025 ms/, snapshotOf({ sessions: [[5, 1025, 0, 1, 0, 0]] })],
    [/session 5 was heard of later/, snapshotOf({ sessions: [[5, 1024, 10, 1, 0, 0]] })],
    [/session 5 acknowledges below 0/, snapshotOf({ sessions: [[5, 1024, 0, 0, 0, 0]] })],
    [/a nonce of 1 bytes/, snapshotOf({ sessions: [[5, 1024, 0, 1, 1, 7, 0]] })],
    [/session 5 has 4097 answers/, snapshotOf({ sessions: [[5, 1024, 0, 1, 0, 4097]] })],
    [/answer to 1 in the wrong/, snapshotOf({ sessions: [[5, 1024, 0, 2, 0, 1, 1, 6, 0]] })],
    [/answer to 5000 in the wrong/, snapshotOf({ sessions: [[5, 1024, 0, 1, 0, 1, 5000, 6, 0]] })],
    [
      /answer to 1 in the wrong/,
      snapshotOf({ sessions: [[5, 1024, 0, 1, 0, 2, 1, 6, 0, 1, 7, 0]] }),
    ],
    [/impossible answer to 1/, snapshotOf({ sessions: [[5, 1024, 0, 1, 0, 1, 1, 5, 0]] })],
    [/impossible answer to 1/, snapshotOf({ sessions: [[5, 1024, 0, 1, 0, 1, 1, 6, 2, 0]] })],
    [/malformed bytes.*truncated/, snapshotOf({ sessions: [[5, 1024, 0, 1, 0, 1, 1]] })],
    [/a block has 4294967295 bytes/, new Uint8Array(4).fill(0xff)],
    [/there is no header/, new Uint8Array(4)],
    [/it ends inside the sessions/, new Uint8Array(0)],
  ];
  for (const [message, bytes] of refusals)
    assert.throws(
      () => restoreFrom(empty(), [bytes], 1000),
      (error) => {
        assert.ok(error instanceof SessionError);
        assert.equal(error.code, 'RUNTIME_SESSIONS_INVALID');
        assert.match(error.message, message);
        return true;
      },
    );
});

test('nothing is restored when the state machine within refuses', () => {
  const replica = new Replica();
  const before = stateOf(replica.machine);
  const bytes = snapshotOf({ sessions: [plainSession] });
  assert.throws(() => restoreFrom(replica.machine, [bytes.subarray(0, -1)], 64), /tally/);
  assert.equal(stateOf(replica.machine), before);
});

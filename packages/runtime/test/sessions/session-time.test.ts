// Safety rule 13: a leader's clock, whatever it does, takes no session from a client that speaks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultSessionLimits } from '../../src/sessions/session-limits.ts';
import { sessionTickAtMs } from '../../src/sessions/session-ticker.ts';
import { inSession, Replica } from './support/tally-machine.ts';

test('a session expires once its time to live has passed, and not a microsecond before', () => {
  const replica = new Replica();
  const session = replica.open(2048);
  replica.pass(2047);
  assert.ok(replica.isAlive(session));
  replica.nowMs += 0.999;
  replica.one({ kind: 'tick' });
  assert.ok(replica.isAlive(session));
  replica.nowMs += 0.001;
  assert.deepEqual(replica.one(inSession(session, 1, 'late')), { kind: 'sessionExpired' });
  assert.equal(replica.machine.sessionCount, 0);
});

test('whatever names a session keeps it alive', () => {
  const replica = new Replica();
  const session = replica.open(2048);
  const contacts = [
    inSession(session, 1, 'a'),
    inSession(session, 1, 'a'),
    { kind: 'keepAlive', sessions: [session] } as const,
    // Refused, but heard of.
    inSession(session, 9, 'b'),
  ];
  for (const contact of contacts) {
    replica.pass(2000);
    replica.one(contact);
    assert.ok(replica.isAlive(session));
  }
  replica.pass(2048);
  assert.ok(!replica.isAlive(session));
});

test('an hour that the clock of the leader jumps ahead is one step', () => {
  const replica = new Replica();
  const session = replica.open(2048);
  replica.nowMs += 3_600_000;
  assert.equal(replica.one(inSession(session, 1, 'a')).kind, 'applied');
  replica.pass(2048 - 250);
  assert.ok(replica.isAlive(session));
});

test('a clock that was set back stands still; it takes nothing and gives time', () => {
  const replica = new Replica();
  const session = replica.open(2048);
  replica.pass(1000);
  const aheadMs = replica.nowMs;
  replica.nowMs -= 3_600_000;
  replica.pass(10_000);
  assert.ok(replica.isAlive(session));
  // Only beyond the latest stamp does time go on.
  replica.nowMs = aheadMs;
  replica.pass(1047);
  assert.ok(replica.isAlive(session));
  replica.pass(1);
  assert.ok(!replica.isAlive(session));
});

test('a new term gives every session its full time to live', () => {
  const replica = new Replica();
  const early = replica.open(2048);
  replica.pass(1000);
  const late = replica.open(4096);
  replica.pass(1000);
  replica.term += 1;
  // The first entry of the term comes when the early one would have been over.
  replica.nowMs += 250;
  replica.one({ kind: 'tick' });
  replica.pass(2047);
  assert.ok(replica.isAlive(early) && replica.isAlive(late));
  replica.pass(1);
  assert.ok(!replica.isAlive(early) && replica.isAlive(late));
  replica.pass(4096 - 2049);
  assert.ok(replica.isAlive(late));
  replica.pass(1);
  assert.ok(!replica.isAlive(late));
});

test('sessions of many times to live expire each at its own time', () => {
  const replica = new Replica({ ...defaultSessionLimits, maxSessions: 1000, maxStepMs: 100 });
  const lives = Array.from({ length: 300 }, (_, i) => 10_000 + 37 * ((i * 7919) % 300));
  const sessions = new Map<number, number>();
  for (const ttlMs of lives) {
    const opened = replica.one({ kind: 'openSession', ttlMs, nonce: new Uint8Array(0) });
    assert.equal(opened.kind, 'sessionOpened');
    if (opened.kind === 'sessionOpened') sessions.set(opened.session, opened.ttlMs);
  }
  for (let passed = 0; passed < 24_000; passed += 500) {
    for (const [session, ttlMs] of sessions)
      assert.equal(replica.isAlive(session), ttlMs > passed, `${ttlMs} ms after ${passed} ms`);
    replica.pass(500);
  }
});

test('ticks are asked for while there are sessions and nothing else is logged', () => {
  const given = { nowMs: 5000, lastEntryMs: 4000, sessions: 1, maxStepMs: 2500 };
  assert.equal(sessionTickAtMs(given), 5875);
  assert.equal(sessionTickAtMs({ ...given, sessions: 0 }), Number.POSITIVE_INFINITY);
  assert.equal(sessionTickAtMs({ ...given, lastEntryMs: null }), 5000);
});

test('in an idle group the ticks let a session expire in real time', () => {
  const replica = new Replica();
  const session = replica.open(2048);
  const startMs = replica.nowMs;
  let lastEntryMs = startMs;
  let ticks = 0;
  while (replica.isAlive(session)) {
    // The runtime looks a little late, every 50 ms.
    replica.nowMs += 50;
    const { nowMs } = replica;
    const { sessionCount: sessions, limits } = replica.machine;
    if (nowMs < sessionTickAtMs({ nowMs, lastEntryMs, sessions, maxStepMs: limits.maxStepMs }))
      continue;
    replica.one({ kind: 'tick' });
    lastEntryMs = nowMs;
    ticks += 1;
  }
  assert.ok(replica.nowMs - startMs >= 2048 && replica.nowMs - startMs <= 2048 + 250);
  assert.ok(ticks <= 11);
});

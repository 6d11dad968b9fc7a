// Raft dissertation 6.3: what a client sends again is applied once and answered the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssertionFailed } from '@quorate/base';
import { defaultSessionLimits } from '../../src/sessions/session-limits.ts';
import { SessionStateMachine } from '../../src/sessions/session-state-machine.ts';
import {
  bytesOf,
  inSession,
  Replica,
  TallyMachine,
  textResults,
  tightLimits,
} from './support/tally-machine.ts';

test('a repeated command is applied once and answered with the answer it had', () => {
  const replica = new Replica();
  const session = replica.open();
  assert.equal(session, 1);
  const [first, again] = replica.apply(inSession(session, 1, 'a'), inSession(session, 1, 'a'));
  assert.deepEqual(first, { kind: 'applied', result: 'a#1', index: 2, firstIndex: 2 });
  assert.deepEqual(again, { kind: 'applied', result: 'a#1', index: 3, firstIndex: 2 });
  const later = replica.one(inSession(session, 1, 'a'));
  assert.deepEqual(later, { kind: 'applied', result: 'a#1', index: 4, firstIndex: 2 });
  assert.deepEqual(replica.tally.applied, ['a']);
});

test('a command outside any session is applied as often as it is logged', () => {
  const replica = new Replica();
  const plain = { kind: 'plain', command: bytesOf('p') } as const;
  const answers = replica.apply(plain, plain);
  assert.deepEqual(
    answers.map((answer) => answer.kind === 'applied' && answer.result),
    ['p#1', 'p#2'],
  );
});

test('sequences may come out of order and with gaps, within the window', () => {
  const replica = new Replica();
  const session = replica.open();
  const kinds = replica
    .apply(...[4, 2, 5, 1].map((sequence) => inSession(session, sequence, `s${sequence}`)))
    .map(({ kind }) => kind);
  assert.deepEqual(kinds, ['applied', 'applied', 'windowFull', 'applied']);
  assert.deepEqual(replica.tally.applied, ['s4', 's2', 's1']);
  // 3 was left out; acknowledging all moves the window over the gap.
  const far = inSession(session, 1_000_000, 'far', 1_000_000);
  assert.equal(replica.one(far).kind, 'applied');
});

test('what was acknowledged is forgotten, and asking for it again is stale', () => {
  const replica = new Replica();
  const session = replica.open();
  replica.apply(inSession(session, 1, 'a'), inSession(session, 2, 'b', 2));
  assert.deepEqual(replica.one(inSession(session, 1, 'a')), {
    kind: 'stale',
    acknowledgedBelow: 2,
  });
  // A late copy's older acknowledgement takes nothing back.
  const [again] = replica.apply(inSession(session, 2, 'b', 1));
  assert.equal(again?.kind, 'applied');
  assert.deepEqual(replica.tally.applied, ['a', 'b']);
});

test('a full window refuses without applying, but never the oldest command', () => {
  const replica = new Replica();
  const session = replica.open();
  // Two answers of 19 bytes exceed the session's 30; the first sequence was lost on its way.
  const filling = [inSession(session, 2, '15xa'), inSession(session, 3, '15xb')];
  assert.deepEqual(
    replica.apply(...filling).map(({ kind }) => kind),
    ['applied', 'applied'],
  );
  assert.deepEqual(replica.one(inSession(session, 4, 'c')), {
    kind: 'windowFull',
    limit: 'bytes',
    acknowledgedBelow: 1,
  });
  assert.equal(replica.one(inSession(session, 1, '10xd')).kind, 'applied');
  // Acknowledging in the same command makes the room that it needs.
  assert.equal(replica.one(inSession(session, 4, 'c', 4)).kind, 'applied');
  assert.deepEqual(replica.tally.applied, ['15xa', '15xb', '10xd', 'c']);
});

test('an answer too large to keep is not kept, and its command not applied again', () => {
  const replica = new Replica();
  const session = replica.open();
  const first = replica.one(inSession(session, 1, '30xa'));
  assert.equal(first.kind, 'applied');
  const again = replica.one(inSession(session, 1, '30xa'));
  assert.deepEqual(again, { kind: 'answerForgotten', index: 3, firstIndex: 2 });
  assert.deepEqual(replica.tally.applied, ['30xa']);
});

test('opening again with the nonce of a live session opens no other', () => {
  const replica = new Replica();
  const nonce = new Uint8Array(16).fill(7);
  const open = { kind: 'openSession', ttlMs: 2000, nonce } as const;
  const opened = { kind: 'sessionOpened', session: 1, ttlMs: 2048, maxWindow: 4 };
  assert.deepEqual(replica.one(open), { ...opened, index: 1 });
  assert.deepEqual(replica.one(open), { ...opened, index: 2 });
  assert.equal(replica.machine.sessionCount, 1);
  replica.one({ kind: 'closeSession', session: 1 });
  assert.equal(replica.open(2000, nonce), 4);
});

test('one session too many is refused, and no live one makes room for it', () => {
  const replica = new Replica();
  const sessions = [replica.open(), replica.open(), replica.open()];
  const refused = replica.one({ kind: 'openSession', ttlMs: 2000, nonce: new Uint8Array(0) });
  assert.deepEqual(refused, { kind: 'tooManySessions', maxSessions: 3 });
  for (const session of sessions) assert.ok(replica.isAlive(session));
  replica.one({ kind: 'closeSession', session: 2 });
  assert.ok(!replica.isAlive(2));
  assert.ok(replica.open() > 0);
});

test('closing ends a session once; what comes after is refused', () => {
  const replica = new Replica();
  const session = replica.open();
  const close = { kind: 'closeSession', session } as const;
  assert.deepEqual(replica.one(close), { kind: 'sessionClosed', wasOpen: true });
  assert.deepEqual(replica.one(close), { kind: 'sessionClosed', wasOpen: false });
  assert.deepEqual(replica.one(inSession(session, 1, 'a')), { kind: 'sessionExpired' });
  assert.deepEqual(replica.tally.applied, []);
});

test('a session that never was is refused like one that has expired', () => {
  const replica = new Replica();
  assert.deepEqual(replica.one(inSession(99, 1, 'a')), { kind: 'sessionExpired' });
  const kept = replica.one({ kind: 'keepAlive', sessions: [99, replica.open()] });
  assert.deepEqual(kept, { kind: 'keptAlive', expired: [99] });
});

test('malformed bytes in the log are answered, and stop nothing', () => {
  const replica = new Replica();
  const bad = replica.entry(Uint8Array.of(0xff));
  const good = replica.entry(Uint8Array.of(0x10, 97));
  const answers = replica.machine.apply([bad, good]);
  assert.deepEqual(answers[0], { kind: 'malformed', reason: 'its version is 15, not 1' });
  assert.equal(answers[1]?.kind, 'applied');
});

test('the state machine within is given whole batches', () => {
  const replica = new Replica(defaultSessionLimits);
  const session = replica.open();
  const commands = Array.from({ length: 12 }, (_, i) => inSession(session, i + 1, `c${i}`));
  replica.apply(...commands, { kind: 'plain', command: bytesOf('p') }, { kind: 'tick' });
  assert.deepEqual(replica.tally.batches, [13]);
  const more = Array.from({ length: 12 }, (_, i) => inSession(session, i + 13, `c${i}`, 13));
  replica.apply(...more);
  assert.deepEqual(replica.tally.batches, [13, 12]);
});

test('limits change by a command, for what follows it', () => {
  const replica = new Replica();
  const session = replica.open();
  const limits = { ...tightLimits, maxAnswerBytes: 0, maxWindow: 2 };
  const answers = replica.apply(
    inSession(session, 1, 'a'),
    { kind: 'setLimits', limits },
    inSession(session, 1, 'a'),
    inSession(session, 2, 'b'),
    inSession(session, 2, 'b'),
    inSession(session, 3, 'c'),
  );
  assert.deepEqual(
    answers.map(({ kind }) => kind),
    ['applied', 'limitsSet', 'applied', 'applied', 'answerForgotten', 'windowFull'],
  );
  assert.deepEqual(replica.machine.limits, limits);
});

test('a prefetch is told of what may have to be applied, and of nothing else', () => {
  const asked: string[] = [];
  const tally = Object.assign(new TallyMachine(), {
    prefetch(entries: readonly { command: Uint8Array }[], done: (error: null) => void) {
      asked.push(...entries.map(({ command }) => new TextDecoder().decode(command)));
      done(null);
    },
  });
  const machine = new SessionStateMachine(tally, { results: textResults });
  const replica = new Replica();
  const log = [
    { kind: 'openSession', ttlMs: 20_000, nonce: new Uint8Array(0) } as const,
    inSession(1, 1, 'a'),
    { kind: 'plain', command: bytesOf('p') } as const,
    { kind: 'tick' } as const,
  ];
  let isDone = false;
  assert.equal(
    new SessionStateMachine(new TallyMachine(), { results: textResults }).prefetch,
    undefined,
  );
  machine.prefetch?.(
    log.map((command) => replica.entryOf(command)),
    () => {
      isDone = true;
    },
  );
  assert.ok(isDone);
  assert.deepEqual(asked, ['a', 'p']);
});

test('limits that cannot be used are a mistake of the caller', () => {
  const limits = { ...defaultSessionLimits, minTtlMs: 1 };
  assert.throws(
    () => new SessionStateMachine(new TallyMachine(), { results: textResults, limits }),
    AssertionFailed,
  );
});

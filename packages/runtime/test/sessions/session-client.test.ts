import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { RuntimeError } from '../../src/runtime-error.ts';
import { answerOfError, type SessionAnswer } from '../../src/sessions/session-answer.ts';
import { SessionClient, type SessionSend } from '../../src/sessions/session-client.ts';
import { decodeSessionCommand } from '../../src/sessions/session-command.ts';
import type { SessionResult } from '../../src/sessions/session-result.ts';
import { bytesOf, Replica } from './support/tally-machine.ts';

const unknown: SessionAnswer<string> = { kind: 'outcomeUnknown' };
const notAppended: SessionAnswer<string> = { kind: 'notAppended', retryAfterMs: 0 };

/** A client and the one replica it speaks to, with nothing between that is not asked for. */
class Pair {
  readonly replica = new Replica();
  readonly client: SessionClient<string>;
  nowMs = 0;

  constructor(maxOutstanding = 8) {
    this.client = new SessionClient({
      ttlMs: 3000,
      nonce: new Uint8Array(16).fill(3),
      maxOutstanding,
      backoff: { minPauseMs: 10, maxPauseMs: 1000, prng: new Prng(1) },
    });
  }

  submit(name: string, deadlineMs = 1_000_000): number {
    const sequence = this.client.submit(bytesOf(name), this.nowMs, deadlineMs);
    assert.ok(sequence !== null);
    return sequence;
  }

  /** What the client sends at its next deadline. */
  sends(): readonly SessionSend[] {
    this.nowMs = Math.max(this.nowMs, this.client.deadlineMs);
    return this.client.takeSends(this.nowMs);
  }

  kinds(sends: readonly SessionSend[]): string[] {
    return sends.map(({ command }) => {
      const decoded = decodeSessionCommand(command);
      return decoded.kind === 'inSession'
        ? `${decoded.sequence}/${decoded.acknowledgedBelow}`
        : decoded.kind;
    });
  }

  apply(send: SessionSend): SessionAnswer<string> {
    const [result] = this.replica.machine.apply([this.replica.entry(send.command)]);
    return { kind: 'result', result: result as SessionResult<string> };
  }

  deliver(send: SessionSend): void {
    this.client.answered(send.id, this.apply(send), this.nowMs);
  }

  fail(send: SessionSend, answer: SessionAnswer<string>): void {
    this.client.answered(send.id, answer, this.nowMs);
  }

  open(): void {
    for (const send of this.sends()) this.deliver(send);
    assert.equal(this.client.state, 'open');
  }

  outcomes(): string[] {
    return this.client.takeOutcomes().map((outcome) => {
      const { kind, sequence } = outcome;
      if (kind === 'applied') return `${sequence} ${outcome.result}`;
      return kind === 'answerForgotten'
        ? `${sequence} ${kind}`
        : `${sequence} ${kind} ${outcome.reason}`;
    });
  }
}

test('commands wait for the session, then go together, numbered, and are answered', () => {
  const pair = new Pair();
  pair.submit('a');
  pair.submit('b');
  const [open] = pair.sends();
  assert.ok(open);
  assert.deepEqual(pair.kinds([open]), ['openSession']);
  assert.deepEqual(pair.client.takeSends(pair.nowMs), []);
  assert.equal(pair.client.session, 0);
  pair.deliver(open);
  assert.equal(pair.client.session, 1);
  const sends = pair.sends();
  assert.deepEqual(pair.kinds(sends), ['1/1', '2/1']);
  for (const send of sends) pair.deliver(send);
  assert.deepEqual(pair.outcomes(), ['1 a#1', '2 b#2']);
  pair.submit('c');
  assert.deepEqual(pair.kinds(pair.sends()), ['3/3']);
});

test('a command whose outcome is unknown is sent again under its number, and applied once', () => {
  const pair = new Pair();
  pair.open();
  pair.submit('a');
  const [first] = pair.sends();
  assert.ok(first !== undefined);
  pair.apply(first);
  pair.fail(first, unknown);
  const beforeMs = pair.nowMs;
  const [second] = pair.sends();
  assert.ok(second !== undefined && pair.nowMs > beforeMs);
  assert.deepEqual(pair.kinds([second]), ['1/1']);
  pair.deliver(second);
  assert.deepEqual(pair.outcomes(), ['1 a#1']);
  assert.deepEqual(pair.replica.tally.applied, ['a']);
});

test('after the session has expired unknown outcomes are handed up, and nothing is sent', () => {
  const pair = new Pair();
  pair.open();
  for (const name of ['a', 'b', 'c', 'd']) pair.submit(name);
  const [a, b, c, d] = pair.sends();
  assert.ok(a && b && c && d);
  // a may have been applied, b was, c was never appended; d finds the session gone.
  pair.fail(a, unknown);
  const answerOfB = pair.apply(b);
  pair.fail(c, notAppended);
  pair.replica.pass(4000);
  pair.deliver(d);
  assert.equal(pair.client.state, 'expired');
  assert.deepEqual(pair.outcomes(), [
    '4 notApplied sessionExpired',
    '1 outcomeUnknown sessionExpired',
    '3 notApplied sessionExpired',
  ]);
  // What was on its way may still bring its answer.
  pair.fail(b, answerOfB);
  assert.deepEqual(pair.outcomes(), ['2 b#1']);
  assert.equal(pair.client.deadlineMs, Number.POSITIVE_INFINITY);
  assert.deepEqual(pair.client.takeSends(1e9), []);
  assert.equal(pair.client.submit(bytesOf('e'), 0, 1), null);
});

test('a repeated command that finds the session gone has an unknown outcome', () => {
  const pair = new Pair();
  pair.open();
  pair.submit('a');
  pair.submit('b');
  const [a, b] = pair.sends();
  assert.ok(a && b);
  pair.fail(a, unknown);
  const [again] = pair.sends();
  assert.ok(again);
  pair.replica.pass(4000);
  pair.deliver(again);
  assert.deepEqual(pair.outcomes(), ['1 outcomeUnknown sessionExpired']);
  // On its way when the session went: an attempt that fails now is not made again.
  pair.fail(b, notAppended);
  assert.deepEqual(pair.outcomes(), ['2 notApplied sessionExpired']);
});

test('an answer that comes after its deadline changes nothing', () => {
  const pair = new Pair();
  pair.open();
  pair.submit('a', 100);
  pair.submit('b', 200);
  const [a, b] = pair.sends();
  assert.ok(a && b);
  pair.fail(b, notAppended);
  pair.nowMs = 100;
  pair.client.takeSends(pair.nowMs);
  assert.deepEqual(pair.outcomes(), ['1 outcomeUnknown deadline']);
  pair.deliver(a);
  assert.deepEqual(pair.outcomes(), []);
  pair.submit('c');
  // b was sent again at 100; given up, both count as acknowledged.
  pair.nowMs = 200;
  assert.deepEqual(pair.kinds(pair.client.takeSends(pair.nowMs)), ['3/3']);
  assert.deepEqual(pair.outcomes(), ['2 outcomeUnknown deadline']);
});

test('one that was never appended by its deadline was not applied', () => {
  const pair = new Pair();
  pair.submit('a', 50);
  for (const send of pair.sends()) pair.fail(send, unknown);
  pair.nowMs = 50;
  pair.client.takeSends(50);
  assert.deepEqual(pair.outcomes(), ['1 notApplied deadline']);
});

test('no more is sent than the window takes, nor taken than may be outstanding', () => {
  const pair = new Pair(6);
  pair.open();
  for (let i = 0; i < 6; i++) pair.submit(`c${i}`);
  assert.equal(pair.client.submit(bytesOf('more'), 0, 1), null);
  const sends = pair.sends();
  assert.deepEqual(pair.kinds(sends), ['1/1', '2/1', '3/1', '4/1']);
  for (const send of sends.slice(1)) pair.deliver(send);
  assert.deepEqual(pair.client.takeSends(pair.nowMs), []);
  pair.deliver(sends[0] as SessionSend);
  assert.deepEqual(pair.kinds(pair.sends()), ['5/5', '6/5']);
});

test('a session full of answers gives way once they are acknowledged', () => {
  const pair = new Pair();
  pair.open();
  for (const name of ['15xa', '15xb', '15xc']) pair.submit(name);
  const [a, b, c] = pair.sends();
  assert.ok(a && b && c);
  pair.fail(a, unknown);
  pair.deliver(b);
  // b alone does not fill it; with the late a it is full.
  pair.apply(a);
  pair.deliver(c);
  assert.deepEqual(pair.outcomes(), ['2 15xb#1xxxxxxxxxxxxxxx']);
  for (let i = 0; i < 4; i++) for (const send of pair.sends()) pair.deliver(send);
  assert.deepEqual(pair.outcomes(), ['1 15xa#2xxxxxxxxxxxxxxx', '3 15xc#3xxxxxxxxxxxxxxx']);
});

test('an idle client keeps its session alive, and learns when that was too late', () => {
  const pair = new Pair();
  pair.open();
  // Granted: 3072 ms.
  assert.equal(pair.client.deadlineMs, 1024);
  const [keep] = pair.sends();
  assert.ok(keep);
  assert.deepEqual(pair.kinds([keep]), ['keepAlive']);
  pair.fail(keep, notAppended);
  const [again] = pair.sends();
  assert.ok(again && pair.nowMs > 1024 && pair.nowMs < 1100);
  const sentMs = pair.nowMs;
  pair.nowMs += 500;
  pair.deliver(again);
  // It counts from when it was sent: when the entry was made is not known.
  assert.equal(pair.client.deadlineMs, sentMs + 1024);
  pair.replica.pass(4000);
  const [late] = pair.sends();
  assert.ok(late);
  pair.deliver(late);
  assert.equal(pair.client.state, 'expired');
});

test('an opening is repeated until it succeeds, and opens one session', () => {
  const pair = new Pair();
  const [first] = pair.sends();
  assert.ok(first);
  pair.apply(first);
  pair.fail(first, unknown);
  const [second] = pair.sends();
  assert.ok(second);
  pair.fail(second, { kind: 'notAppended', retryAfterMs: 5000 });
  assert.equal(pair.client.deadlineMs, pair.nowMs + 5000);
  pair.open();
  assert.equal(pair.client.session, 1);
  assert.equal(pair.replica.machine.sessionCount, 1);
});

test('too many sessions: the client waits for its turn', () => {
  const pair = new Pair();
  for (let i = 0; i < 3; i++) pair.replica.open();
  for (const send of pair.sends()) pair.deliver(send);
  assert.equal(pair.client.state, 'opening');
  pair.replica.one({ kind: 'closeSession', session: 2 });
  pair.open();
});

test('closing waits for the commands, then ends the session', () => {
  const pair = new Pair();
  pair.open();
  pair.submit('a');
  const [a] = pair.sends();
  assert.ok(a);
  pair.client.close();
  assert.equal(pair.client.submit(bytesOf('b'), 0, 1), null);
  assert.deepEqual(pair.client.takeSends(pair.nowMs), []);
  pair.deliver(a);
  const [close] = pair.sends();
  assert.ok(close);
  assert.deepEqual(pair.kinds([close]), ['closeSession']);
  pair.fail(close, unknown);
  for (const send of pair.sends()) pair.deliver(send);
  assert.equal(pair.client.state, 'closed');
  assert.equal(pair.replica.machine.sessionCount, 0);
  assert.equal(pair.client.deadlineMs, Number.POSITIVE_INFINITY);
});

test('an answer that comes after closing leaves the client closed', () => {
  const pair = new Pair();
  pair.open();
  pair.submit('a', 10);
  const [a] = pair.sends();
  assert.ok(a);
  pair.client.close();
  pair.nowMs = 10;
  for (const send of pair.client.takeSends(pair.nowMs)) pair.deliver(send);
  assert.equal(pair.client.state, 'closed');
  pair.deliver(a);
  assert.equal(pair.client.state, 'closed');
  assert.deepEqual(pair.outcomes(), ['1 outcomeUnknown deadline']);
});

test('a client closed before its session was asked for sends nothing', () => {
  const pair = new Pair();
  pair.client.close();
  assert.deepEqual(pair.sends(), []);
  assert.equal(pair.client.state, 'closed');
});

test('what can never be taken is given up at once', () => {
  const pair = new Pair();
  pair.open();
  for (const name of ['a', 'b', 'c']) pair.submit(name);
  const [a, b, c] = pair.sends();
  assert.ok(a && b && c);
  pair.fail(a, { kind: 'tooLarge' });
  pair.fail(b, { kind: 'result', result: { kind: 'malformed', reason: 'it is' } });
  pair.fail(c, { kind: 'result', result: { kind: 'stale', acknowledgedBelow: 9 } });
  assert.deepEqual(pair.outcomes(), [
    '1 notApplied tooLarge',
    '2 notApplied malformed',
    '3 outcomeUnknown answerUnusable',
  ]);
});

test('an answer too large to keep is no secret', () => {
  const pair = new Pair();
  pair.open();
  pair.submit('30xa');
  const [a] = pair.sends();
  assert.ok(a);
  pair.apply(a);
  pair.fail(a, unknown);
  for (const send of pair.sends()) pair.deliver(send);
  assert.deepEqual(pair.outcomes(), ['1 answerForgotten']);
});

test('each error of a proposal is read for what it says of the attempt', () => {
  const error = (...given: ConstructorParameters<typeof RuntimeError>): SessionAnswer<never> =>
    answerOfError(new RuntimeError(...given));
  assert.deepEqual(error('RUNTIME_NOT_LEADER', '', { leader: 1 }), notAppended);
  assert.deepEqual(error('RUNTIME_PROPOSAL_LOST', '', { leader: 1 }), notAppended);
  assert.deepEqual(error('RUNTIME_STOPPING', '', {}), notAppended);
  assert.deepEqual(error('RUNTIME_STORAGE_FULL', '', {}), notAppended);
  assert.deepEqual(error('RUNTIME_OVERLOADED', '', { retryAfterMs: 7 }), {
    kind: 'notAppended',
    retryAfterMs: 7,
  });
  assert.deepEqual(error('RUNTIME_NO_LEADER', '', { retryAfterMs: 8 }), {
    kind: 'notAppended',
    retryAfterMs: 8,
  });
  assert.deepEqual(error('RUNTIME_COMMAND_TOO_LARGE', '', { bytes: 2, maxBytes: 1 }), {
    kind: 'tooLarge',
  });
  assert.deepEqual(error('RUNTIME_OUTCOME_UNKNOWN', '', { reason: 'timeout' }), unknown);
  assert.deepEqual(error('RUNTIME_HALTED', '', { reason: '' }), unknown);
});

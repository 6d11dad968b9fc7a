import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeCommand, type KvResult } from '@quorate/kv';
import { encodeSessionCommand, type SessionCommand, type SessionResult } from '@quorate/runtime';
import { InvariantViolation } from '@quorate/sim';
import { AppliedLog, ObservedKv } from '../../src/kv/applied-log.ts';
import { checkSessions } from '../../src/kv/check-sessions.ts';
import {
  kvResults,
  ObservedSessions,
  SessionLog,
  scenarioLimits,
} from '../../src/kv/observed-sessions.ts';
import { compareAndSetRequest, deleteRequest, putRequest } from '../../src/kv/requests.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const nonce = new Uint8Array(8).fill(1);

/** What one replica does with a log, and the judgement on it. */
class Story {
  readonly violations: Error[] = [];
  readonly #fail = (error: Error): void => void this.violations.push(error);
  readonly kv = new AppliedLog(this.#fail);
  readonly log = new SessionLog(this.#fail);
  readonly #replica = new ObservedSessions(1, new ObservedKv(1, this.kv), this.log);
  #index = 0;
  #nowMs = 1_000_000;

  apply(command: SessionCommand, stepMs = 10): SessionResult<KvResult> {
    this.#nowMs += stepMs;
    const index = ++this.#index;
    const encoded = encodeSessionCommand(command);
    const entry = { index, term: 1, timestampMicros: this.#nowMs * 1000, command: encoded };
    const [result] = this.#replica.apply([entry]);
    if (result === undefined) throw new Error('apply answers every command');
    return result;
  }

  put(session: number, sequence: number, acknowledgedBelow = 1): SessionResult<KvResult> {
    const command = encodeCommand(putRequest(bytes('key'), bytes(`0.${sequence}.`)));
    return this.apply({ kind: 'inSession', session, sequence, acknowledgedBelow, command });
  }

  get violation(): string {
    try {
      checkSessions(this.log, this.kv, scenarioLimits);
      return this.violations[0]?.message ?? '';
    } catch (error) {
      assert.ok(error instanceof InvariantViolation);
      return error.message;
    }
  }
}

function told(): { story: Story; session: number } {
  const story = new Story();
  const opened = story.apply({ kind: 'openSession', ttlMs: 400, nonce });
  assert.equal(opened.kind, 'sessionOpened');
  const session = opened.kind === 'sessionOpened' ? opened.session : 0;
  assert.equal(story.put(session, 1).kind, 'applied');
  assert.equal(story.put(session, 1).kind, 'applied');
  assert.equal(story.put(session, 2, 2).kind, 'applied');
  assert.equal(story.put(session, 1, 1).kind, 'stale');
  const swap = encodeCommand(compareAndSetRequest(bytes('key'), null, bytes('0.3.')));
  const late = { kind: 'inSession', session, sequence: 3, acknowledgedBelow: 2 } as const;
  assert.equal(story.apply({ ...late, command: swap }).kind, 'applied');
  assert.equal(story.apply({ ...late, command: swap }).kind, 'answerForgotten');
  assert.equal(story.put(session, 60, 2).kind, 'windowFull');
  story.apply({ kind: 'plain', command: encodeCommand(deleteRequest(bytes('key'))) });
  return { story, session };
}

describe('what sessions answer', () => {
  it('is what the simplest program answers', () => {
    const { story, session } = told();
    // Four steps of logged time, each as long as may be, whatever the clock says.
    for (let step = 0; step < 5; step++) story.apply({ kind: 'tick' }, 3_600_000);
    assert.equal(story.put(session, 4, 2).kind, 'sessionExpired');
    assert.equal(story.apply({ kind: 'closeSession', session }).kind, 'sessionClosed');
    assert.equal(story.violation, '');
  });

  it('is wrong when a repetition was applied', () => {
    const { story, session } = told();
    const [entry] = [...story.log].filter(({ result }) => result.kind === 'applied');
    const answer = story.put(session, 5, 2);
    assert.equal(answer.kind, 'applied');
    // As though the sequence had been used before.
    for (const one of story.log) {
      if (one.index === entry?.index) Object.assign(one, { command: repeated(session) });
    }
    assert.match(story.violation, /^exactly once in a session: at index \d+/);
  });

  it('is wrong when replicas differ', () => {
    const { story } = told();
    const [entry] = [...story.log];
    if (entry === undefined) throw new Error('there is a first entry');
    story.log.add(2, entry, { kind: 'tooManySessions', maxSessions: 1 });
    assert.match(story.violations[0]?.message ?? '', /^deterministic sessions: at index 1/);
  });
});

function repeated(session: number): Uint8Array {
  const command = encodeCommand(putRequest(bytes('key'), bytes('0.5.')));
  const where = { session, sequence: 5, acknowledgedBelow: 1 };
  return encodeSessionCommand({ kind: 'inSession', ...where, command });
}

describe('answers as bytes', () => {
  it('are read as they were written', () => {
    const results: readonly KvResult[] = [
      { kind: 'put', previous: null, revision: 300 },
      { kind: 'deleteRange', deleted: 1, previous: [], revision: 7 },
      { kind: 'txn', succeeded: true, responses: [], revision: 70_000 },
      { kind: 'txn', succeeded: false, responses: [], revision: 1 },
    ];
    for (const result of results) {
      assert.deepEqual(kvResults.decode(kvResults.encode(result)), result);
    }
  });
});

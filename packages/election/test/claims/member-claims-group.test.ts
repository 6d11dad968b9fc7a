import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClock, timers } from '@quorate/node';
import { type GroupStatus, type ProposeDone, RuntimeError } from '@quorate/runtime';
import { MemberClaimsGroup } from '../../src/claims/member-claims-group.ts';
import { ClaimsMachine } from '../../src/core/claims/claims-machine.ts';
import type { ClaimsResult } from '../../src/core/claims/claims-model.ts';

type Done = ProposeDone<ClaimsResult>;

const sign = { index: 7, result: { kind: 'sign' } } as const;
const unknown = (reason: 'timeout' | 'stopping') =>
  new RuntimeError('RUNTIME_OUTCOME_UNKNOWN', 'nobody knows', { reason });
const noLeader = new RuntimeError('RUNTIME_NO_LEADER', 'nobody leads', { retryAfterMs: 1 });
const tooLarge = new RuntimeError('RUNTIME_COMMAND_TOO_LARGE', 'no', { bytes: 2, maxBytes: 1 });

/** Attempts wait until the test answers them. */
function open(patienceMs = 60_000) {
  const attempts: Done[] = [];
  let attempted = Promise.withResolvers<void>();
  let leader = 1;
  let told = (_status: GroupStatus): void => undefined;
  const statusOf = () => ({ leader }) as GroupStatus;
  const group = new MemberClaimsGroup({
    group: {
      propose: (_command, done) => {
        attempts.push(done);
        attempted.resolve();
        attempted = Promise.withResolvers();
      },
      readBarrier: (done) => done(null, 0),
      status: statusOf,
      onLeadership: (listener) => {
        told = listener;
      },
    },
    machine: new ClaimsMachine(),
    clock: createClock(),
    timers,
    patienceMs,
  });
  const lead = (id: number): void => {
    leader = id;
    told(statusOf());
  };
  return { group, attempts, lead, next: () => attempted.promise };
}

const command = new Uint8Array(1);

describe('a claim that meets a change of leaders', () => {
  it('is proposed once more to the new one, and the first answer counts', async () => {
    for (const first of [0, 1]) {
      const { group, attempts, lead } = open();
      const answer = group.propose(command);
      lead(0);
      assert.equal(attempts.length, 1);
      lead(2);
      lead(2);
      assert.equal(attempts.length, 2);
      attempts[first]?.(null, sign);
      assert.deepEqual(await answer, sign);
      // What comes after it concerns nobody.
      attempts[1 - first]?.(unknown('timeout'), null);
      lead(3);
      assert.equal(attempts.length, 2);
    }
  });

  it('is proposed again when it failed for want of a leader', async () => {
    const { group, attempts, next } = open();
    const answer = group.propose(command);
    for (const error of [noLeader, unknown('timeout')]) {
      const again = next();
      attempts.at(-1)?.(error, null);
      await again;
    }
    assert.equal(attempts.length, 3);
    attempts.at(-1)?.(null, sign);
    assert.deepEqual(await answer, sign);
  });

  it('has an unknown outcome once one attempt had, whatever the last says', async () => {
    const { group, attempts, lead } = open();
    const answer = group.propose(command);
    lead(2);
    attempts[0]?.(unknown('stopping'), null);
    attempts[1]?.(tooLarge, null);
    await assert.rejects(answer, { code: 'RUNTIME_OUTCOME_UNKNOWN' });
  });

  it('waits for the attempt that may still be answered', async () => {
    const { group, attempts, lead } = open();
    const answer = group.propose(command);
    lead(2);
    attempts[1]?.(tooLarge, null);
    attempts[0]?.(null, sign);
    assert.deepEqual(await answer, sign);
  });

  it('is given up when its time is over, or it is aborted', async () => {
    const late = open(0);
    const answer = late.group.propose(command);
    late.attempts[0]?.(noLeader, null);
    await assert.rejects(answer, { code: 'RUNTIME_NO_LEADER' });
    const { group, attempts, lead } = open();
    const stop = new AbortController();
    const aborted = group.propose(command, { signal: stop.signal });
    stop.abort();
    await assert.rejects(aborted, {
      code: 'RUNTIME_OUTCOME_UNKNOWN',
      metadata: { reason: 'aborted' },
    });
    lead(2);
    assert.equal(attempts.length, 1);
    const reason = new Error('not begun');
    const signal = AbortSignal.abort(reason);
    await assert.rejects(group.propose(command, { signal }), reason);
  });
});

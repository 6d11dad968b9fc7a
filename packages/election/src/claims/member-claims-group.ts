import type { Clock, Timers } from '@quorate/base';
import { type Applied, type GroupHandle, RuntimeError } from '@quorate/runtime';
import type { NodeId } from '@quorate/schema';
import { calledBack, unknownOutcome } from '../called-back.ts';
import type { ClaimsMachine } from '../core/claims/claims-machine.ts';
import type { ClaimsResult } from '../core/claims/claims-model.ts';
import type { ClaimCallOptions, ClaimsGroup } from './claims.ts';

/** Between two attempts, when nobody says how long. */
const pauseMs = 20;

export interface MemberClaimsParts {
  readonly group: Pick<
    GroupHandle<ClaimsResult>,
    'propose' | 'readBarrier' | 'status' | 'onLeadership'
  >;
  /** The state machine of that group's replica. */
  readonly machine: ClaimsMachine;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timers: Timers;
  /** No attempt is begun after this. */
  readonly patienceMs: number;
}

/** A command that is not answered yet. */
interface Waiting {
  readonly command: Uint8Array;
  readonly deadlineMs: number;
  readonly done: (error: Error | null, applied: Applied<ClaimsResult> | null) => void;
  /** Attempts whose answer may still come. */
  underWay: number;
  /** Whom the last attempt was for; 0: whoever is found. */
  leader: NodeId;
  /** Why nobody knows what became of an earlier attempt. */
  unknown: Error | null;
}

/**
 * A replica of the claims, as claims use a group. A command that meets a change of leaders is
 * proposed once more, to the new one, whatever becomes of the first: commands of claims may be
 * applied twice, and the answer to either is an answer. So a claim does not wait for a leader that
 * was stopped.
 */
export class MemberClaimsGroup implements ClaimsGroup {
  readonly #parts: MemberClaimsParts;
  readonly #waiting = new Set<Waiting>();

  constructor(parts: MemberClaimsParts) {
    this.#parts = parts;
    parts.group.onLeadership(({ leader }) => {
      if (leader === 0) return;
      for (const one of [...this.#waiting]) if (one.leader !== leader) this.#attempt(one);
    });
  }

  async propose(
    command: Uint8Array,
    { signal }: ClaimCallOptions = {},
  ): Promise<Applied<ClaimsResult>> {
    const { promise, resolve } = Promise.withResolvers<Applied<ClaimsResult>>();
    const deadlineMs = this.#parts.clock.monotonicMs() + this.#parts.patienceMs;
    let waiting: Waiting | null = null;
    try {
      await calledBack(
        (answered) => {
          const done: Waiting['done'] = (error, applied) => {
            if (applied !== null) resolve(applied);
            answered(error);
          };
          waiting = { command, deadlineMs, done, underWay: 0, leader: 0, unknown: null };
          this.#waiting.add(waiting);
          this.#attempt(waiting);
        },
        signal,
        unknownOutcome,
      );
    } finally {
      if (waiting !== null) this.#waiting.delete(waiting);
    }
    return promise;
  }

  read<Answer>(
    view: (machine: ClaimsMachine) => Answer,
    { signal }: ClaimCallOptions = {},
  ): Promise<Answer> {
    const { group, machine } = this.#parts;
    return new Promise((fulfil, reject) => {
      const passed = calledBack((done) => {
        group.readBarrier((error) => {
          // In this very turn, or the state may have moved on.
          try {
            if (error === null) fulfil(view(machine));
          } catch (thrown) {
            reject(thrown);
          }
          done(error);
        });
      }, signal);
      passed.catch(reject);
    });
  }

  #attempt(waiting: Waiting): void {
    const { group } = this.#parts;
    waiting.leader = group.status().leader;
    waiting.underWay += 1;
    group.propose(waiting.command, (error, applied) => {
      waiting.underWay -= 1;
      if (!this.#waiting.has(waiting)) return;
      if (applied === null) this.#failed(waiting, error ?? new Error('there is no answer'));
      else waiting.done(null, applied);
    });
  }

  #failed(waiting: Waiting, error: Error): void {
    const { clock, timers } = this.#parts;
    const isUnknown = error instanceof RuntimeError && error.code === 'RUNTIME_OUTCOME_UNKNOWN';
    if (isUnknown) waiting.unknown = error;
    const waitMs = waitMsAfter(error);
    const isInTime = waitMs !== null && clock.monotonicMs() + waitMs < waiting.deadlineMs;
    if (isInTime) {
      timers.after(waitMs, () => {
        if (this.#waiting.has(waiting) && waiting.underWay === 0) this.#attempt(waiting);
      });
    } else if (waiting.underWay === 0) {
      // What one attempt says was not appended may be what an earlier one did append.
      waiting.done(waiting.unknown ?? error, null);
    }
  }
}

/** Null: another attempt would come to the same. */
function waitMsAfter(error: Error): number | null {
  if (!(error instanceof RuntimeError)) return null;
  switch (error.code) {
    case 'RUNTIME_OVERLOADED':
    case 'RUNTIME_NO_LEADER': {
      type Later = RuntimeError<'RUNTIME_OVERLOADED' | 'RUNTIME_NO_LEADER'>;
      return (error as Later).metadata.retryAfterMs;
    }
    case 'RUNTIME_NOT_LEADER':
    case 'RUNTIME_PROPOSAL_LOST':
      return pauseMs;
    case 'RUNTIME_OUTCOME_UNKNOWN': {
      const { reason } = (error as RuntimeError<'RUNTIME_OUTCOME_UNKNOWN'>).metadata;
      return reason === 'stopping' ? null : pauseMs;
    }
    default:
      return null;
  }
}

import type { KvResult } from '@quorate/kv';
import { decodeSessionCommand, type SessionLimits, type SessionResult } from '@quorate/runtime';
import { InvariantViolation } from '@quorate/sim';
import type { AppliedLog } from './applied-log.ts';
import {
  type AppliedSessionCommand,
  answerText,
  kvResults,
  type SessionLog,
} from './observed-sessions.ts';

interface ModelSession {
  readonly nonce: string;
  readonly ttlMicros: number;
  contactMicros: number;
  acknowledgedBelow: number;
  /** By sequence, the index at which each was applied; none is ever forgotten here. */
  readonly applied: Map<number, number>;
}

/**
 * Compares what the sessions answered, entry by entry, with the simplest program that could be
 * them: each sequence is applied once, answered again as it was, and a session ends when logged
 * time says so and for no other reason (dissertation 6.3, safety rule 13).
 *
 * @param kv what the store within applied
 * @throws InvariantViolation
 */
export function checkSessions(log: SessionLog, kv: AppliedLog, limits: SessionLimits): void {
  const model = new SessionModel(kv, limits);
  for (const entry of log) {
    const expected = model.apply(entry);
    const found = answerText(entry.result);
    if (found !== expected) {
      throw new InvariantViolation(
        'exactly once in a session',
        `at index ${entry.index} the sessions answered ${found}, and should have ${expected}`,
      );
    }
    const isFirst = entry.result.kind === 'applied' && entry.result.firstIndex === entry.index;
    if ((kv.at(entry.index) !== undefined) === isFirst) continue;
    throw new InvariantViolation(
      'exactly once in a session',
      `index ${entry.index} was ${isFirst ? 'not ' : ''}applied, and answered ${found}`,
    );
  }
}

class SessionModel {
  readonly #kv: AppliedLog;
  readonly #limits: SessionLimits;
  readonly #sessions = new Map<number, ModelSession>();
  #nowMicros = 0;
  #lastMicros = 0;
  #term = 0;
  #termStartMicros = 0;

  constructor(kv: AppliedLog, limits: SessionLimits) {
    this.#kv = kv;
    this.#limits = limits;
  }

  /** @returns as `answerText` of the right answer */
  apply(entry: AppliedSessionCommand): string {
    this.#passTime(entry);
    const { index, result } = entry;
    const command = decodeSessionCommand(entry.command);
    switch (command.kind) {
      case 'plain':
        return this.#appliedAt(index, index);
      case 'inSession':
        return this.#inSession(entry, command.session, command.sequence, command.acknowledgedBelow);
      case 'openSession':
        return answerText(this.#open(index, command.nonce.join(), command.ttlMs, result));
      case 'keepAlive': {
        const expired = command.sessions.filter((id) => this.#contact(id) === null);
        return answerText({ kind: 'keptAlive', expired });
      }
      case 'closeSession':
        return answerText({
          kind: 'sessionClosed',
          wasOpen: this.#sessions.delete(command.session),
        });
      case 'tick':
        return answerText({ kind: 'ticked' });
      default:
        return `an answer to ${command.kind}, which nobody sent`;
    }
  }

  #passTime({ term, timestampMicros }: AppliedSessionCommand): void {
    const step = timestampMicros - this.#lastMicros;
    if (step > 0) {
      this.#lastMicros = timestampMicros;
      this.#nowMicros += Math.min(step, 1000 * this.#limits.maxStepMs);
    }
    if (term > this.#term) this.#termStartMicros = this.#nowMicros;
    this.#term = Math.max(term, this.#term);
    for (const [id, { contactMicros, ttlMicros }] of this.#sessions) {
      const sinceMicros = Math.max(contactMicros, this.#termStartMicros);
      if (sinceMicros + ttlMicros <= this.#nowMicros) this.#sessions.delete(id);
    }
  }

  #contact(id: number): ModelSession | null {
    const session = this.#sessions.get(id);
    if (session === undefined) return null;
    session.contactMicros = this.#nowMicros;
    return session;
  }

  #open(
    index: number,
    nonce: string,
    askedMs: number,
    answer: SessionResult<KvResult>,
  ): SessionResult<KvResult> {
    const { maxSessions, maxWindow, minTtlMs } = this.#limits;
    const known = [...this.#sessions].find(([, session]) => session.nonce === nonce);
    if (known !== undefined) {
      const [session, { ttlMicros }] = known;
      this.#contact(session);
      return { kind: 'sessionOpened', session, index, ttlMs: ttlMicros / 1000, maxWindow };
    }
    if (this.#sessions.size === maxSessions) return { kind: 'tooManySessions', maxSessions };
    // What is granted is rounded: at least what was asked for, and not much more.
    const leastMs = Math.max(askedMs, minTtlMs);
    const grantedMs = answer.kind === 'sessionOpened' ? answer.ttlMs : leastMs;
    const isFair = grantedMs >= leastMs && grantedMs <= leastMs * 1.125;
    const ttlMs = isFair ? grantedMs : leastMs;
    this.#sessions.set(index, {
      nonce,
      ttlMicros: 1000 * ttlMs,
      contactMicros: this.#nowMicros,
      acknowledgedBelow: 1,
      applied: new Map(),
    });
    return { kind: 'sessionOpened', session: index, index, ttlMs, maxWindow };
  }

  #inSession(
    { index }: AppliedSessionCommand,
    id: number,
    sequence: number,
    acknowledgedBelow: number,
  ): string {
    const session = this.#contact(id);
    if (session === null) return answerText({ kind: 'sessionExpired' });
    const below = Math.max(session.acknowledgedBelow, acknowledgedBelow);
    session.acknowledgedBelow = below;
    if (sequence < below) return answerText({ kind: 'stale', acknowledgedBelow: below });
    const firstIndex = session.applied.get(sequence);
    if (firstIndex !== undefined) return this.#appliedAt(index, firstIndex);
    if (sequence >= below + this.#limits.maxWindow) {
      return answerText({ kind: 'windowFull', limit: 'count', acknowledgedBelow: below });
    }
    session.applied.set(sequence, index);
    return this.#appliedAt(index, index);
  }

  #appliedAt(index: number, firstIndex: number): string {
    const result = this.#kv.at(firstIndex)?.result;
    if (result === undefined) return `that nothing was applied at index ${firstIndex}`;
    if (firstIndex < index && kvResults.encode(result).length > this.#limits.maxAnswerBytes) {
      return answerText({ kind: 'answerForgotten', index, firstIndex });
    }
    return answerText({ kind: 'applied', result, index, firstIndex });
  }
}

// Sessions written down as simply as they can be: every answer kept, everything looked through.
import type { AppliedEntry } from '@quorate/base';
import {
  decodeSessionCommand,
  type InSessionCommand,
} from '../../../src/sessions/session-command.ts';
import { grantedTtlMs, type SessionLimits } from '../../../src/sessions/session-limits.ts';
import type { SessionResult } from '../../../src/sessions/session-result.ts';
import { TallyMachine } from './tally-machine.ts';

interface OracleSession {
  readonly id: number;
  readonly ttlMicros: number;
  readonly nonce: string;
  contactMicros: number;
  acknowledgedBelow: number;
  readonly answers: { sequence: number; index: number; result: string }[];
}

export class SessionOracle {
  readonly tally = new TallyMachine();
  #limits: SessionLimits;
  #nowMicros = 0;
  #lastStamp = 0;
  #term = 0;
  #termStart = 0;
  #sessions: OracleSession[] = [];

  constructor(limits: SessionLimits) {
    this.#limits = limits;
  }

  get aliveIds(): number[] {
    return this.#sessions.map(({ id }) => id);
  }

  apply(entry: AppliedEntry): SessionResult<string> {
    this.#advance(entry);
    const { index } = entry;
    const command = decodeSessionCommand(entry.command);
    switch (command.kind) {
      case 'plain':
        return { kind: 'applied', result: this.#inner(entry, command.command), ...once(index) };
      case 'inSession':
        return this.#inSession(entry, command);
      case 'openSession':
        return this.#open(index, command.ttlMs, command.nonce.join());
      case 'closeSession': {
        const wasOpen = this.#find(command.session) !== undefined;
        this.#sessions = this.#sessions.filter(({ id }) => id !== command.session);
        return { kind: 'sessionClosed', wasOpen };
      }
      case 'keepAlive':
        return {
          kind: 'keptAlive',
          expired: command.sessions.filter((id) => this.#contact(id) === undefined),
        };
      case 'tick':
        return { kind: 'ticked' };
      case 'setLimits':
        this.#limits = command.limits;
        return { kind: 'limitsSet' };
      default:
        return command;
    }
  }

  #advance({ term, timestampMicros }: AppliedEntry): void {
    if (timestampMicros > this.#lastStamp) {
      this.#nowMicros += Math.min(timestampMicros - this.#lastStamp, this.#limits.maxStepMs * 1000);
      this.#lastStamp = timestampMicros;
    }
    if (term > this.#term) {
      this.#term = term;
      this.#termStart = this.#nowMicros;
    }
    this.#sessions = this.#sessions.filter(
      ({ contactMicros, ttlMicros }) =>
        Math.max(contactMicros, this.#termStart) + ttlMicros > this.#nowMicros,
    );
  }

  #inner(entry: AppliedEntry, command: Uint8Array): string {
    return this.tally.apply([{ ...entry, command }])[0] as string;
  }

  #find(id: number): OracleSession | undefined {
    return this.#sessions.find((session) => session.id === id);
  }

  #contact(id: number): OracleSession | undefined {
    const session = this.#find(id);
    if (session !== undefined) session.contactMicros = this.#nowMicros;
    return session;
  }

  #open(index: number, ttlMs: number, nonce: string): SessionResult<string> {
    const { maxSessions, maxWindow } = this.#limits;
    let session = this.#sessions.find((one) => nonce !== '' && one.nonce === nonce);
    if (session !== undefined) {
      this.#contact(session.id);
    } else {
      if (this.#sessions.length >= maxSessions) return { kind: 'tooManySessions', maxSessions };
      session = {
        id: index,
        ttlMicros: grantedTtlMs(ttlMs, this.#limits) * 1000,
        nonce,
        contactMicros: this.#nowMicros,
        acknowledgedBelow: 1,
        answers: [],
      };
      this.#sessions.push(session);
    }
    const granted = session.ttlMicros / 1000;
    return { kind: 'sessionOpened', session: session.id, index, ttlMs: granted, maxWindow };
  }

  #inSession(entry: AppliedEntry, command: InSessionCommand): SessionResult<string> {
    const { maxWindow, maxAnswerBytes, maxSessionBytes } = this.#limits;
    const { index } = entry;
    const { sequence } = command;
    const session = this.#contact(command.session);
    if (session === undefined) return { kind: 'sessionExpired' };
    const below = Math.max(session.acknowledgedBelow, command.acknowledgedBelow);
    session.acknowledgedBelow = below;
    if (sequence < below) return { kind: 'stale', acknowledgedBelow: below };
    const known = session.answers.find((answer) => answer.sequence === sequence);
    // Small limits never grow in these tests, so what was too large once still is.
    if (known !== undefined) {
      const { index: firstIndex, result } = known;
      if (result.length > maxAnswerBytes) return { kind: 'answerForgotten', index, firstIndex };
      return { kind: 'applied', result, index, firstIndex };
    }
    const kept = session.answers.filter((answer) => answer.sequence >= below);
    const bytes = kept
      .map(({ result }) => result.length)
      .filter((length) => length <= maxAnswerBytes)
      .reduce((sum, length) => sum + length, 0);
    if (sequence !== below && sequence >= below + maxWindow)
      return { kind: 'windowFull', limit: 'count', acknowledgedBelow: below };
    if (sequence !== below && bytes >= maxSessionBytes)
      return { kind: 'windowFull', limit: 'bytes', acknowledgedBelow: below };
    const result = this.#inner(entry, command.command);
    session.answers.push({ sequence, index, result });
    return { kind: 'applied', result, ...once(index) };
  }
}

function once(index: number): { index: number; firstIndex: number } {
  return { index, firstIndex: index };
}

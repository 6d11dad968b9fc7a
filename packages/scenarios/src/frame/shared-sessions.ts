import type { KvResult } from '@quorate/kv';
import { SessionPath, type SessionPathOptions } from '../kv/session-path.ts';
import { drawsOf, firstSession } from './client-draws.ts';

/** An attempt within a session costs little: the next one does no harm. */
const attemptMs = [30, 1500] as const;

export interface SharedSessionsOptions extends Omit<SessionPathOptions, 'prng' | 'patienceMs'> {
  /** Of the plan. */
  readonly seed: number;
  /** So many clients share a session; the one after them has none. */
  readonly clientsOfASession: number;
}

/** Sessions that clients share, a few each. */
export class SharedSessions<Result = KvResult> {
  readonly #options: SharedSessionsOptions;
  readonly #sessions: SessionPath<Result>[] = [];

  constructor(options: SharedSessionsOptions) {
    this.#options = options;
  }

  /** @returns null: the client has none, or there are none (`ttlMs` 0) */
  of(client: number): SessionPath<Result> | null {
    const { seed, clientsOfASession: count, ttlMs } = this.#options;
    if (ttlMs === 0 || client % (count + 1) === count) return null;
    const at = Math.floor(client / (count + 1));
    const prng = drawsOf(seed, firstSession + at);
    this.#sessions[at] ??= new SessionPath({ ...this.#options, prng, patienceMs: attemptMs });
    return this.#sessions[at];
  }

  stop(): void {
    for (const session of this.#sessions) session.stop();
  }
}

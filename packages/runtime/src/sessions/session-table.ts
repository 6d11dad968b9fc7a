import type { LogIndex, Term } from '@quorate/schema';
import { ExpiryOrder } from './expiry-order.ts';
import { Session } from './session.ts';
import { SessionClock } from './session-clock.ts';
import { grantedTtlMs, type SessionLimits } from './session-limits.ts';

/** Called before a session changes or goes. */
export type SessionWatcher = (session: Session) => void;

/** All sessions of one group: the replicated state that a snapshot carries. */
export class SessionTable {
  limits: SessionLimits;
  readonly clock: SessionClock = new SessionClock();
  /** By id, in ascending order, since ids are log indexes. */
  readonly sessions: Map<LogIndex, Session> = new Map();
  /** No session that is opened later has a smaller one. */
  newestId: LogIndex = 0;
  readonly #byNonce: Map<string, Session> = new Map();
  readonly #expiry: ExpiryOrder = new ExpiryOrder();
  readonly #watchers: Set<SessionWatcher> = new Set();

  constructor(limits: SessionLimits) {
    this.limits = limits;
  }

  /** Every entry moves time, and ends the sessions whose time is over. */
  advance(term: Term, timestampMicros: number): void {
    this.clock.advance(term, timestampMicros, this.limits.maxStepMs);
    for (const session of this.#expiry.takeExpired(this.clock)) this.#forget(session);
  }

  /** @returns null when there are as many as there may be */
  open(id: LogIndex, askedTtlMs: number, nonce: string): Session | null {
    if (this.sessions.size >= this.limits.maxSessions) return null;
    const ttlMs = grantedTtlMs(askedTtlMs, this.limits);
    const session = new Session(id, ttlMs, nonce, this.clock.nowMicros);
    this.#remember(session);
    this.#expiry.add(session, this.clock);
    return session;
  }

  /** Whether no two sessions share one, which only a damaged snapshot makes happen. */
  get hasUniqueNonces(): boolean {
    let count = 0;
    for (const session of this.sessions.values()) if (session.nonce !== '') count += 1;
    return count === this.#byNonce.size;
  }

  /** Fills an empty table, whose clock is set, with sessions in any order. */
  load(sessions: readonly Session[]): void {
    for (const session of sessions.toSorted((a, b) => a.id - b.id)) this.#remember(session);
    const byContact = sessions.toSorted((a, b) => a.contactMicros - b.contactMicros);
    for (const session of byContact) this.#expiry.add(session, this.clock);
  }

  /** The live session that was opened with `nonce`; it counts as heard of. */
  contactByNonce(nonce: string): Session | undefined {
    const session = this.#byNonce.get(nonce);
    return session === undefined ? undefined : this.contact(session.id);
  }

  /** The session, which counts as heard of; undefined: it never was, or is no more. */
  contact(id: LogIndex): Session | undefined {
    const session = this.sessions.get(id);
    if (session === undefined) return undefined;
    this.#tellWatchers(session);
    this.#expiry.contacted(session, this.clock.nowMicros);
    return session;
  }

  /** @returns whether there was such a session */
  close(id: LogIndex): boolean {
    const session = this.sessions.get(id);
    if (session === undefined) return false;
    this.#expiry.remove(session);
    this.#forget(session);
    return true;
  }

  watch(watcher: SessionWatcher): void {
    this.#watchers.add(watcher);
  }

  unwatch(watcher: SessionWatcher): void {
    this.#watchers.delete(watcher);
  }

  #tellWatchers(session: Session): void {
    if (this.#watchers.size === 0) return;
    for (const watcher of this.#watchers) watcher(session);
  }

  #remember(session: Session): void {
    this.sessions.set(session.id, session);
    this.newestId = session.id;
    if (session.nonce !== '') this.#byNonce.set(session.nonce, session);
  }

  #forget(session: Session): void {
    this.#tellWatchers(session);
    this.sessions.delete(session.id);
    if (session.nonce !== '') this.#byNonce.delete(session.nonce);
  }
}

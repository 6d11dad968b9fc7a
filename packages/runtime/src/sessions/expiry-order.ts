import { assert } from '@quorate/base';
import type { ContactList, Session } from './session.ts';
import type { SessionClock } from './session-clock.ts';

const none: readonly Session[] = [];

/**
 * Finds the sessions that have expired in time proportional to their number. One list for each time
 * to live, of which `grantedTtlMs` leaves few; within a list the order of contact is the order of
 * expiry, also after a new term has refreshed all of them at once.
 */
export class ExpiryOrder {
  readonly #lists: Map<number, ContactList> = new Map();
  /** No session expires before; a bound only, because contacts do not move it. */
  #checkAtMicros = Number.POSITIVE_INFINITY;

  /** Sessions are added in the order of contact. */
  add(session: Session, clock: SessionClock): void {
    let list = this.#lists.get(session.ttlMs);
    if (list === undefined) {
      list = { ttlMicros: session.ttlMs * 1000, oldest: null, newest: null };
      this.#lists.set(session.ttlMs, list);
    }
    append(list, session);
    this.#checkAtMicros = Math.min(this.#checkAtMicros, deadlineMicros(session, list, clock));
  }

  contacted(session: Session, nowMicros: number): void {
    session.contactMicros = nowMicros;
    if (session.newer === null) return;
    append(unlink(session), session);
  }

  remove(session: Session): void {
    unlink(session);
  }

  /** @returns those whose time is over, removed; order has no meaning */
  takeExpired(clock: SessionClock): readonly Session[] {
    if (clock.nowMicros < this.#checkAtMicros) return none;
    const expired: Session[] = [];
    this.#checkAtMicros = Number.POSITIVE_INFINITY;
    for (const list of this.#lists.values()) {
      for (let session = list.oldest; session !== null; session = list.oldest) {
        const deadline = deadlineMicros(session, list, clock);
        if (deadline > clock.nowMicros) {
          this.#checkAtMicros = Math.min(this.#checkAtMicros, deadline);
          break;
        }
        unlink(session);
        expired.push(session);
      }
    }
    return expired;
  }
}

function deadlineMicros(session: Session, list: ContactList, clock: SessionClock): number {
  return Math.max(session.contactMicros, clock.termStartMicros) + list.ttlMicros;
}

function append(list: ContactList, session: Session): void {
  session.list = list;
  session.older = list.newest;
  if (list.newest === null) list.oldest = session;
  else list.newest.newer = session;
  list.newest = session;
}

function unlink(session: Session): ContactList {
  const { list, older, newer } = session;
  assert(list !== null, 'a session in the order stands in a list');
  if (older === null) list.oldest = newer;
  else older.newer = newer;
  if (newer === null) list.newest = older;
  else newer.older = older;
  session.list = null;
  session.older = null;
  session.newer = null;
  return list;
}

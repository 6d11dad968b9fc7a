import type { Prng } from '@quorate/base';
import type { Change, ChangeFeed } from '@quorate/kv';
import { encodeEvent } from './event-encoder.ts';
import { WatchIndex } from './watch-index.ts';
import type { Place, Watcher } from './watcher.ts';

/** How much may be looked at and gathered at a time; a revision is never cut, so it may be more. */
export interface SliceLimits {
  readonly changes: number;
  readonly bytes: number;
}

/** Takes a watcher out because its reader is blocked, at the first revision it has missed. */
export type Park = (watcher: Watcher, revision: number) => void;

/** Watchers that share a position: everything up to it they have been served. */
export class Cohort {
  readonly place: Place;
  readonly members = new Set<Watcher>();
  position = 0;
  /** Events that members were given. */
  delivered = 0;
  readonly #index: WatchIndex<Watcher>;
  readonly #feed: ChangeFeed;
  readonly #limits: SliceLimits;

  constructor(place: Place, feed: ChangeFeed, limits: SliceLimits, prng: Prng) {
    this.place = place;
    this.#feed = feed;
    this.#limits = limits;
    this.#index = new WatchIndex(prng);
  }

  add(watcher: Watcher): void {
    watcher.place = this.place;
    this.members.add(watcher);
    this.#index.add(watcher);
  }

  delete(watcher: Watcher): void {
    this.members.delete(watcher);
    this.#index.delete(watcher);
  }

  /**
   * Goes on from `revision`, before which changes are gone.
   *
   * @returns the members that needed them; the caller takes them out
   */
  skipTo(revision: number): Watcher[] {
    const from = this.position + 1;
    if (from >= revision) return [];
    this.position = revision - 1;
    return [...this.members].filter(({ next }) => Math.max(next, from) < revision);
  }

  /** Serves one slice of what was changed behind the position, up to and including `until`. */
  serve(until: number, park: Park): void {
    if (this.members.size === 0) {
      this.position = until;
      return;
    }
    const slice = new Slice(this.#index);
    const { changes, bytes } = this.#limits;
    let position = this.position;
    this.#feed.scan(position + 1, (change) => {
      if (change.revision > until) return false;
      const isFull = slice.changes >= changes || slice.bytes >= bytes;
      if (isFull && change.revision > position) return false;
      position = change.revision;
      slice.gather(change);
      return true;
    });
    // Revisions without changes do not exist: what was not cut short has reached the end.
    const { touched, missed } = slice;
    this.position = slice.changes >= changes || slice.bytes >= bytes ? position : until;
    for (const [watcher, revision] of missed) park(watcher, revision);
    for (const watcher of touched) this.#deliver(watcher, park);
  }

  #deliver(watcher: Watcher, park: Park): void {
    const events = watcher.gathered;
    watcher.gathered = [];
    // The reader may have gone while another was told, or be full.
    if (watcher.place !== this.place) return;
    if (watcher.reader.isBlocked) park(watcher, watcher.gatheredFrom);
    else {
      this.delivered += events.length;
      watcher.reader.deliver(watcher, events, this.position);
    }
  }
}

/** What some revisions hold for the watchers of an index, each event encoded once. */
class Slice {
  changes = 0;
  bytes = 0;
  readonly touched: Watcher[] = [];
  /** Who could not be served, from which revision on. */
  readonly missed = new Map<Watcher, number>();
  readonly #index: WatchIndex<Watcher>;
  #change: Change | null = null;
  #plain: Uint8Array | null = null;
  #withPrevious: Uint8Array | null = null;

  constructor(index: WatchIndex<Watcher>) {
    this.#index = index;
  }

  gather(change: Change): void {
    this.changes++;
    this.#change = change;
    this.#plain = null;
    this.#withPrevious = null;
    this.#index.visit(change.key, this.#take);
  }

  readonly #take = (watcher: Watcher): void => {
    const change = this.#change as Change;
    const { revision } = change;
    const { wantsPuts, wantsDeletions, wantsPrevious } = watcher.options;
    if (revision < watcher.next || !(change.isPut ? wantsPuts : wantsDeletions)) return;
    if (watcher.reader.isBlocked) {
      if (!this.missed.has(watcher)) this.missed.set(watcher, revision);
      return;
    }
    if (watcher.gathered.length === 0) {
      this.touched.push(watcher);
      watcher.gatheredFrom = revision;
    }
    const event = wantsPrevious ? this.#eventWithPrevious(change) : this.#event(change);
    watcher.gathered.push(event);
    this.bytes += event.length;
  };

  #event(change: Change): Uint8Array {
    this.#plain ??= encodeEvent(change, false);
    return this.#plain;
  }

  #eventWithPrevious(change: Change): Uint8Array {
    this.#withPrevious ??= encodeEvent(change, true);
    return this.#withPrevious;
  }
}

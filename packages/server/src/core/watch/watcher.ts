import type { Watched } from './watched.ts';

/**
 * Where a watcher stands. In step and catching up it shares a position with others; waiting it
 * goes on with the next pass through history; parked it goes on once its reader has drained.
 */
export type Place = 'inStep' | 'catchingUp' | 'waiting' | 'parked' | 'gone';

/** What a watcher wants of the changes to the keys it watches. */
export interface WatchOptions {
  readonly watched: Watched;
  readonly wantsPuts: boolean;
  readonly wantsDeletions: boolean;
  readonly wantsPrevious: boolean;
}

/** To whom watchers deliver; one has many of them. */
export interface WatchReader {
  /** It has been sent as much as may wait for it. */
  readonly isBlocked: boolean;
  /** How many of its watchers are not in step. */
  behind: number;
  /** Those that missed something while it was blocked. */
  readonly parked: Set<Watcher>;
  /**
   * @param events encoded, in order; shared with others, so never to be changed
   * @param revision every event up to it has been delivered to this watcher
   */
  deliver(watcher: Watcher, events: readonly Uint8Array[], revision: number): void;
  /** The watcher needs changes that are gone; it is no longer served. */
  compacted(watcher: Watcher, compactedRevision: number): void;
}

/** One watcher: a position among the revisions, and what it wants from there on. */
export class Watcher {
  readonly id: bigint;
  readonly reader: WatchReader;
  readonly options: WatchOptions;
  /** The first revision it has not been served; while it shares a position, the later of both. */
  next: number;
  place: Place = 'gone';
  /** What the slice at hand has for it. */
  gathered: Uint8Array[] = [];
  gatheredFrom = 0;

  /** @param next the first revision it wants */
  constructor(id: bigint, reader: WatchReader, options: WatchOptions, next: number) {
    this.id = id;
    this.reader = reader;
    this.options = options;
    this.next = next;
  }

  get watched(): Watched {
    return this.options.watched;
  }
}

import { assert, type Prng, type Timers } from '@quorate/base';
import type { ChangeFeed } from '@quorate/kv';
import { Cohort, type SliceLimits } from './cohort.ts';
import type { Watcher, WatchReader } from './watcher.ts';

/** Passes through history get more of a turn than new changes, so that they come to an end. */
const catchUpSlices = 2;

export interface WatchHubOptions {
  readonly feed: ChangeFeed;
  readonly timers: Timers;
  readonly limits: SliceLimits;
  /** Balances search trees. */
  readonly prng: Prng;
}

/** For those who watch the watchers. */
export interface WatchCensus {
  readonly watchers: number;
  /** Behind: they began in the past, or their client reads too slowly. */
  readonly slowWatchers: number;
  /** Events that watchers were given, each counted for each of them. */
  readonly events: number;
  /** How many revisions of the store the one that is furthest behind has still to look at. */
  readonly pendingRevisions: number;
}

/** One that waits until its reader's watchers are in step and everything up to here is served. */
interface Awaited {
  readonly revision: number;
  readonly reached: (revision: number) => void;
}

/**
 * Serves watchers from the change log of the store.
 *
 * Watchers that are in step share one position, and new changes find them by key. Those that begin
 * in the past, or missed something while their reader was blocked, go through history in a pass of
 * their own, in bounded slices, and join the others at its end. One that comes while a pass is
 * beyond it waits for the next. So a watcher costs what it matches, one that is behind costs no
 * memory, and each turn serves both kinds.
 *
 * @see docs/internals/watch.md, and docs/decisions/0031-a-watcher-is-a-position.md
 */
export class WatchHub {
  readonly #feed: ChangeFeed;
  readonly #timers: Timers;
  readonly #inStep: Cohort;
  readonly #pass: Cohort;
  readonly #waiting = new Set<Watcher>();
  /** Those of all readers. */
  readonly #parked = new Set<Watcher>();
  readonly #awaited = new Map<WatchReader, Awaited>();
  #watcherCount = 0;
  #isScheduled = false;

  constructor({ feed, timers, limits, prng }: WatchHubOptions) {
    this.#feed = feed;
    this.#timers = timers;
    this.#inStep = new Cohort('inStep', feed, limits, prng);
    this.#pass = new Cohort('catchingUp', feed, limits, prng);
    this.#inStep.position = feed.revision;
    this.#keep();
    feed.onMoved(() => this.#moved());
  }

  /** The newest revision that the watchers which are in step have been served. */
  get position(): number {
    return this.#inStep.position;
  }

  /** Of the store: what is written from now on is behind it. */
  get revision(): number {
    return this.#feed.revision;
  }

  /** How many watchers there are, and how many of them are not in step. */
  get census(): WatchCensus {
    return {
      watchers: this.#watcherCount,
      slowWatchers: this.#watcherCount - this.#inStep.members.size,
      events: this.#inStep.delivered + this.#pass.delivered,
      pendingRevisions: this.#pendingRevisions,
    };
  }

  get #pendingRevisions(): number {
    const { revision } = this.#feed;
    let served = revision;
    for (const cohort of [this.#inStep, this.#pass]) {
      if (cohort.members.size > 0) served = Math.min(served, cohort.position);
    }
    for (const behind of [this.#waiting, this.#parked]) {
      for (const { next } of behind) served = Math.min(served, next - 1);
    }
    return revision - served;
  }

  add(watcher: Watcher): void {
    this.#watcherCount++;
    if (watcher.next > this.#inStep.position) {
      this.#inStep.add(watcher);
    } else {
      watcher.reader.behind++;
      this.#catchUp(watcher);
    }
  }

  delete(watcher: Watcher): void {
    if (watcher.place === 'gone') return;
    if (watcher.place === 'inStep') this.#inStep.delete(watcher);
    else {
      this.#pass.delete(watcher);
      this.#waiting.delete(watcher);
      this.#unpark(watcher);
      watcher.reader.behind--;
    }
    watcher.place = 'gone';
    this.#watcherCount--;
  }

  /** The reader takes more: its watchers go on where they missed something. */
  drained(reader: WatchReader): void {
    const { parked } = reader;
    for (const watcher of parked) {
      this.#unpark(watcher);
      this.#catchUp(watcher);
    }
  }

  /**
   * Calls `reached` once all watchers of `reader` are in step with what is written by now; at once,
   * if they are. Asking again meanwhile changes nothing.
   */
  whenInStep(reader: WatchReader, reached: (revision: number) => void): void {
    const { revision } = this.#feed;
    if (this.#isInStep(reader, revision)) reached(this.position);
    else if (!this.#awaited.has(reader)) this.#awaited.set(reader, { revision, reached });
  }

  /** The reader has gone, and its watchers have been deleted. */
  forget(reader: WatchReader): void {
    this.#awaited.delete(reader);
  }

  #moved(): void {
    if (this.#inStep.members.size === 0) {
      this.#inStep.position = this.#feed.revision;
      this.#keep();
    }
    if (this.#isBusy()) this.#schedule();
  }

  #isBusy(): boolean {
    const isBehind = this.#inStep.position < this.#feed.revision;
    return isBehind || this.#pass.members.size > 0 || this.#waiting.size > 0;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#timers.defer(() => {
      this.#isScheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    this.#serveInStep();
    for (let slice = 0; slice < catchUpSlices; slice++) this.#servePass();
    this.#keep();
    this.#tellInStep();
    if (this.#isBusy()) this.#schedule();
  }

  #serveInStep(): void {
    const { revision, completeFrom, compactedRevision } = this.#feed;
    assert(this.#inStep.position <= revision, 'a state machine does not go back');
    // Only a snapshot can take what those in step still need: compactions are held off.
    for (const watcher of this.#inStep.skipTo(completeFrom)) {
      this.#compacted(watcher, compactedRevision);
    }
    this.#inStep.serve(revision, this.#park);
  }

  #servePass(): void {
    const { compactedRevision } = this.#feed;
    if (this.#pass.members.size === 0) this.#beginPass();
    for (const watcher of this.#pass.skipTo(compactedRevision)) {
      this.#compacted(watcher, compactedRevision);
    }
    if (this.#pass.members.size === 0) return;
    if (this.#pass.position < this.#inStep.position) {
      this.#pass.serve(this.#inStep.position, this.#park);
    }
    if (this.#pass.position >= this.#inStep.position) this.#endPass();
  }

  #beginPass(): void {
    let first = Number.MAX_SAFE_INTEGER;
    for (const watcher of this.#waiting) first = Math.min(first, watcher.next);
    for (const watcher of this.#waiting) this.#pass.add(watcher);
    this.#waiting.clear();
    this.#pass.position = first - 1;
  }

  /** A member may want no revision before one of the future; in step it waits for that as well. */
  #endPass(): void {
    for (const watcher of this.#pass.members) {
      this.#pass.delete(watcher);
      this.#inStep.add(watcher);
      watcher.reader.behind--;
    }
  }

  #catchUp(watcher: Watcher): void {
    if (this.#pass.members.size > 0 && watcher.next > this.#pass.position) {
      this.#pass.add(watcher);
    } else {
      watcher.place = 'waiting';
      this.#waiting.add(watcher);
    }
    this.#schedule();
  }

  readonly #park = (watcher: Watcher, revision: number): void => {
    if (watcher.place === 'inStep') {
      this.#inStep.delete(watcher);
      watcher.reader.behind++;
    } else {
      this.#pass.delete(watcher);
    }
    watcher.place = 'parked';
    watcher.next = revision;
    watcher.reader.parked.add(watcher);
    this.#parked.add(watcher);
  };

  #unpark(watcher: Watcher): void {
    watcher.reader.parked.delete(watcher);
    this.#parked.delete(watcher);
  }

  #compacted(watcher: Watcher, compactedRevision: number): void {
    this.delete(watcher);
    watcher.reader.compacted(watcher, compactedRevision);
  }

  /** What those in step have not been served must not be compacted away. */
  #keep(): void {
    this.#feed.keepFrom(this.#inStep.position + 1);
  }

  #tellInStep(): void {
    for (const [reader, { revision, reached }] of this.#awaited) {
      if (!this.#isInStep(reader, revision)) continue;
      this.#awaited.delete(reader);
      reached(this.position);
    }
  }

  #isInStep(reader: WatchReader, revision: number): boolean {
    return reader.behind === 0 && this.position >= revision;
  }
}

import type { AppliedEntry, Clock, Timer, Timers } from '@quorate/base';
import { type Entry, EntryKind, type LogIndex } from '@quorate/schema';
import { FeedFollowers, type FollowersOptions } from './feed-followers.ts';
import type { FeedAnswer, FollowRequest } from './feed-messages.ts';
import type { FeedOrigin } from './feed-origin.ts';

/** How much of what was applied last is kept for those that are a little behind. */
const keptBytes = 16 * 1024 * 1024;
/** Beside a command, so that many small ones count. */
const entryOverheadBytes = 64;
/** After so long without a request nothing is kept any more. */
const idleMs = 60_000;
const maxSnapshots = 4;
/** Whoever asked for no piece for so long has given up, and another may have its place. */
const abandonedMs = 10_000;
const maxWaiting = 4096;
const maxWaitMs = 30_000;
const maxAnswerBytes = 1024 * 1024;

type Reply = (answer: FeedAnswer) => void;

interface Waiting {
  readonly after: LogIndex;
  readonly maxBytes: number;
  readonly reply: Reply;
  readonly timer: Timer;
  readonly sinceMs: number;
  /** Null: it asked for entries alone. */
  readonly follows: FollowRequest | null;
}

interface OpenSnapshot {
  readonly chunks: Iterator<Uint8Array, void>;
  nextChunk: number;
  usedMs: number;
}

/**
 * Feeds replicas of one group with what is applied here. Nothing is kept, and nothing done, until
 * one asks; whoever is further behind than what is kept gets a snapshot.
 */
export class FeedSource {
  readonly #origin: FeedOrigin;
  readonly #timers: Timers;
  readonly #clock: Clock;
  /** Commands after `#base`, all of them. */
  #entries: AppliedEntry[] = [];
  #bytes = 0;
  #base: LogIndex = 0;
  #stop: (() => void) | null = null;
  #askedMs = 0;
  readonly #waiting = new Set<Waiting>();
  readonly #snapshots = new Map<number, OpenSnapshot>();
  #nextSnapshot = 1;
  #sweep: Timer | null = null;
  readonly #limits: FollowersOptions;
  #followers: FeedFollowers | null = null;

  constructor(origin: FeedOrigin, timers: Timers, clock: Clock, limits: FollowersOptions) {
    this.#origin = origin;
    this.#timers = timers;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** So many follow at the moment. */
  get followers(): number {
    return this.#followers?.count ?? 0;
  }

  entriesAfter(after: LogIndex, maxBytes: number, waitMs: number, reply: Reply): void {
    this.#answerAfter({ after, maxBytes, waitMs }, reply, null);
  }

  follow(request: FollowRequest, reply: Reply): void {
    const followers = this.#followed();
    const refusal =
      followers === null
        ? { kind: 'refused' as const, reason: 'who leads is not known here: ask a member' }
        : followers.admit(request);
    if (followers === null || refusal !== null) {
      reply(refusal as FeedAnswer);
      return;
    }
    const replyWhole = followers.whole(request, reply);
    this.#activate();
    if (request.after >= this.#base && followers.isNews(request)) {
      replyWhole(this.#batch(request.after, request.maxBytes));
    } else {
      this.#answerAfter(request, replyWhole, request);
    }
  }

  #followed(): FeedFollowers | null {
    const { followed } = this.#origin;
    if (this.#followers !== null || followed === undefined) return this.#followers;
    const followers = new FeedFollowers(followed, this.#clock, this.#limits);
    this.#followers = followers;
    followed.onStanding(() => {
      const nowMs = this.#clock.monotonicMs();
      for (const one of this.#waiting) {
        if (one.follows === null) continue;
        // What is fresh here is passed on at once, so that it does not age at each level.
        const isDue = nowMs - one.sinceMs >= one.follows.waitMs / 2;
        if (isDue || followers.isNews(one.follows)) this.#answer(one);
      }
    });
    return followers;
  }

  /** Whoever is told itself waits for that, rather than pass on what it was told before. */
  #holdMs(waitMs: number, follows: FollowRequest | null): number {
    const isTold = follows !== null && (this.#origin.followed?.standing().depth ?? 0) > 0;
    return Math.min(isTold ? 1.5 * waitMs : waitMs, maxWaitMs);
  }

  #answerAfter(
    { after, maxBytes, waitMs }: Pick<FollowRequest, 'after' | 'maxBytes' | 'waitMs'>,
    reply: Reply,
    follows: FollowRequest | null,
  ): void {
    this.#activate();
    if (after < this.#base) {
      this.#beginSnapshot(reply);
    } else if (after < this.#origin.appliedIndex) {
      reply(this.#batch(after, maxBytes));
    } else if (this.#waiting.size >= maxWaiting) {
      reply({ kind: 'refused', reason: 'too many replicas wait here: ask another node' });
    } else {
      const waiting: Waiting = {
        after,
        maxBytes,
        reply,
        follows,
        sinceMs: this.#clock.monotonicMs(),
        timer: this.#timers.after(this.#holdMs(waitMs, follows), () => this.#answer(waiting)),
      };
      this.#waiting.add(waiting);
    }
  }

  snapshotChunk(id: number, chunk: number, reply: Reply): void {
    this.#activate();
    const snapshot = this.#snapshots.get(id);
    if (snapshot === undefined || chunk !== snapshot.nextChunk) {
      reply({ kind: 'refused', reason: 'there is no such piece of a snapshot: begin again' });
      return;
    }
    snapshot.nextChunk += 1;
    snapshot.usedMs = this.#clock.monotonicMs();
    const next = snapshot.chunks.next();
    if (next.done === true) this.#snapshots.delete(id);
    const bytes = next.done === true ? new Uint8Array(0) : next.value;
    reply({ kind: 'chunk', last: next.done === true, bytes });
  }

  close(): void {
    this.#sweep?.cancel();
    this.#deactivate();
    for (const waiting of this.#waiting) waiting.timer.cancel();
    this.#waiting.clear();
  }

  #activate(): void {
    this.#askedMs = this.#clock.monotonicMs();
    if (this.#stop !== null) return;
    this.#base = this.#origin.appliedIndex;
    this.#stop = this.#origin.onApplied({
      applied: (entries) => this.#applied(entries),
      restored: (index) => this.#restored(index),
    });
    this.#sweepLater();
  }

  #deactivate(): void {
    this.#stop?.();
    this.#stop = null;
    this.#entries = [];
    this.#bytes = 0;
    for (const { chunks } of this.#snapshots.values()) chunks.return?.();
    this.#snapshots.clear();
  }

  #sweepLater(): void {
    this.#sweep = this.#timers.after(idleMs / 2, () => {
      const nowMs = this.#clock.monotonicMs();
      this.#dropSnapshots(idleMs);
      if (this.#waiting.size === 0 && nowMs >= this.#askedMs + idleMs) this.#deactivate();
      else this.#sweepLater();
    });
  }

  #dropSnapshots(unusedMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [id, { chunks, usedMs }] of this.#snapshots) {
      if (nowMs < usedMs + unusedMs) continue;
      chunks.return?.();
      this.#snapshots.delete(id);
    }
  }

  #applied(entries: readonly Entry[]): void {
    for (const { kind, index, term, timestampMicros, data } of entries) {
      if (kind !== EntryKind.command) continue;
      this.#entries.push({ index, term, timestampMicros, command: data });
      this.#bytes += data.length + entryOverheadBytes;
    }
    this.#trim();
    const { appliedIndex } = this.#origin;
    // Whoever was fed by a node that is ahead of this one goes on waiting.
    for (const one of this.#waiting) if (one.after < appliedIndex) this.#answer(one);
  }

  /** Half goes at a time, so that it costs little for each entry. */
  #trim(): void {
    if (this.#bytes <= keptBytes) return;
    let dropped = 0;
    while (this.#bytes > keptBytes / 2 && dropped < this.#entries.length) {
      const { index, command } = this.#entries[dropped] as AppliedEntry;
      this.#bytes -= command.length + entryOverheadBytes;
      this.#base = index;
      dropped += 1;
    }
    this.#entries.splice(0, dropped);
  }

  #restored(index: LogIndex): void {
    this.#entries = [];
    this.#bytes = 0;
    this.#base = index;
    for (const waiting of this.#waiting) {
      if (waiting.after >= index) continue;
      this.#take(waiting);
      this.#beginSnapshot(waiting.reply);
    }
  }

  #take(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    waiting.timer.cancel();
  }

  #answer(waiting: Waiting): void {
    this.#take(waiting);
    waiting.reply(this.#batch(waiting.after, waiting.maxBytes));
  }

  #batch(after: LogIndex, maxBytes: number): FeedAnswer {
    const limit = Math.min(maxBytes, maxAnswerBytes);
    const from = firstAfter(this.#entries, after);
    let bytes = 0;
    let to = from;
    while (to < this.#entries.length && (to === from || bytes < limit)) {
      bytes += (this.#entries[to] as AppliedEntry).command.length + entryOverheadBytes;
      to += 1;
    }
    const entries = this.#entries.slice(from, to);
    const isAll = to === this.#entries.length;
    const through = isAll ? this.#origin.appliedIndex : (entries.at(-1) as AppliedEntry).index;
    return { kind: 'entries', through, entries };
  }

  #beginSnapshot(reply: Reply): void {
    if (this.#snapshots.size >= maxSnapshots) this.#dropSnapshots(abandonedMs);
    if (this.#snapshots.size >= maxSnapshots) {
      reply({ kind: 'refused', reason: 'too many snapshots are being drawn: try again later' });
      return;
    }
    const { index, chunks } = this.#origin.openSnapshot();
    const id = this.#nextSnapshot++;
    this.#snapshots.set(id, { chunks, nextChunk: 0, usedMs: this.#clock.monotonicMs() });
    reply({ kind: 'begin', id, index });
  }
}

function firstAfter(entries: readonly AppliedEntry[], index: LogIndex): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle] as AppliedEntry).index > index) high = middle;
    else low = middle + 1;
  }
  return low;
}

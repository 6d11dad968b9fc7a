import { assert } from '@quorate/base';
import { ChangeLog } from './change-log.ts';
import { KeyCache } from './key-cache.ts';
import { KeyEntry } from './key-entry.ts';
import type { KeyInterval } from './key-range.ts';
import { KeyTree } from './key-tree.ts';
import { LeasedKeys } from './lease/leased-keys.ts';
import type { KeyValue } from './model.ts';
import { hashBytes, mixNumber } from './state-hash.ts';
import { StoredVersion } from './stored-version.ts';
import { ValueArena } from './value-arena.ts';

/** What `compactedRevision` says before the first compaction: even revision 0 can be compacted. */
export const NEVER_COMPACTED = -1;

/** Roughly what V8 takes for a version beside its value, and for a key beside its bytes. */
const VERSION_BYTES = 120;
const KEY_BYTES = 160;

/** Keeps compaction from dropping the changes at `floor` and later, and what was current at it. */
export interface HistoryHold {
  readonly floor: number;
}

export interface KeyVisit {
  readonly interval: KeyInterval;
  readonly descending: boolean;
  /** Pass over whole stretches of dead keys; single ones still appear. */
  readonly skipDead: boolean;
}

/**
 * Every version of every key that can still be read, and how much that is. It knows revisions as
 * labels only: which revision comes next is for its user to say, in rising order.
 *
 * Compaction is in two steps. `compact` moves the boundary, at once and for all readers. What
 * became unreadable is dropped by `sweep`, a bounded number of changes a call, which no reader can
 * see: so a compaction of millions of versions stops nobody, and replicas need not sweep in step.
 */
export class VersionStore {
  readonly #tree = new KeyTree();
  readonly #cache = new KeyCache();
  readonly #arena = new ValueArena();
  readonly #holds = new Set<HistoryHold>();
  readonly log = new ChangeLog();
  readonly leasedKeys = new LeasedKeys();
  #compactedRevision = NEVER_COMPACTED;
  #sweptRevision = NEVER_COMPACTED;
  /** The changes before it hide nothing any more. */
  #bared = 0;
  /** There is nothing to drop, or a hold is in the way. */
  #isSwept = true;
  #sweepListener: () => void = () => undefined;
  #bytes = 0;
  #bytesInUse = 0;
  #hashSum = 0;

  get compactedRevision(): number {
    return this.#compactedRevision;
  }

  /** The newest revision of which a change was dropped. */
  get sweptRevision(): number {
    return this.#sweptRevision;
  }

  /** How many keys are live. */
  get liveKeys(): number {
    return this.#tree.live;
  }

  /** About what all keys and versions take, those that wait for the sweep included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** About what the latest versions of the live keys take: what a full compaction would leave. */
  get bytesInUse(): number {
    return this.#bytesInUse;
  }

  /** A hash of the live keys' latest versions, whatever the order they were written in. */
  hash(revision: number): number {
    return mixNumber(mixNumber(this.#hashSum, revision), this.liveKeys);
  }

  find(key: Uint8Array): KeyEntry | undefined {
    const keyHash = hashBytes(key, 0) | 0;
    const cached = this.#cache.get(key, keyHash);
    if (cached !== undefined) return cached;
    const entry = this.#tree.get(key);
    if (entry !== undefined) this.#cache.remember(entry);
    return entry;
  }

  /** @returns how many live keys are in the interval; does not walk it */
  countLive(interval: KeyInterval): number {
    return this.#tree.countLive(interval);
  }

  /** Visits entries in key order, live and dead, until `visit` returns false. */
  scan(order: KeyVisit, visit: (entry: KeyEntry) => boolean): void {
    if (order.descending) this.#tree.descend(order.interval, order.skipDead, visit);
    else this.#tree.ascend(order.interval, order.skipDead, visit);
  }

  /**
   * @param entry what `find` gives for the key
   * @param value copied, like the key if that is new
   */
  put(
    entry: KeyEntry | undefined,
    key: Uint8Array,
    value: Uint8Array,
    lease: bigint,
    revision: number,
  ): void {
    const before = entry?.live ? entry.latest : null;
    const version =
      before === null
        ? new StoredVersion(revision, revision, 1, lease)
        : new StoredVersion(before.createRevision, revision, before.version + 1, lease);
    this.#arena.store(version, value);
    if (entry === undefined) {
      this.log.push(revision, this.#create(key, version));
    } else {
      this.log.push(revision, entry);
      this.#supersede(entry, version);
    }
  }

  /** Writes a tombstone for a live key. */
  erase(entry: KeyEntry, revision: number): void {
    assert(entry.live, 'only a live key is deleted');
    this.log.push(revision, entry);
    this.#supersede(entry, new StoredVersion(0, revision, 0, 0n));
  }

  /** Takes over a live key as it was before the compacted revision, from a snapshot. A new key. */
  load(keyValue: KeyValue): void {
    const { createRevision, modRevision, lease } = keyValue;
    const version = new StoredVersion(createRevision, modRevision, keyValue.version, lease);
    this.#arena.store(version, keyValue.value);
    this.#create(keyValue.key, version);
  }

  /** From now on nothing older than what is current at `revision` can be read. */
  compact(revision: number): void {
    assert(revision > this.#compactedRevision, 'compaction goes forward');
    this.#compactedRevision = revision;
    this.#freed();
  }

  /** @param listener called when there is something to sweep again; replaces the one before */
  onSweepable(listener: () => void): void {
    this.#sweepListener = listener;
  }

  /** Until `release`, everything from `floor` on stays; by default everything readable now. */
  hold(floor = this.#compactedRevision): HistoryHold {
    const hold = { floor };
    this.#holds.add(hold);
    return hold;
  }

  release(hold: HistoryHold): void {
    if (this.#holds.delete(hold) && hold.floor < this.#compactedRevision) this.#freed();
  }

  /**
   * Drops what compaction made unreadable, at most what `changes` changes left behind. The changes
   * at the compacted revision itself stay, deletions too, so that whoever follows changes can begin
   * there. What they replaced nobody can read: it goes.
   *
   * @returns true when nothing is left to do, or a hold is in the way
   */
  sweep(changes: number): boolean {
    if (this.#isSwept) return true;
    const { log } = this;
    let limit = this.#compactedRevision;
    for (const hold of this.#holds) limit = Math.min(limit, hold.floor);
    let left = changes;
    for (; log.start < log.end && log.revisionAt(log.start) < limit; left--) {
      if (left === 0) return false;
      const revision = log.revisionAt(log.start);
      const entry = log.entryAt(log.start);
      log.shift();
      this.#sweptRevision = revision;
      this.#bare(entry, revision);
      this.#collect(entry, revision);
    }
    this.#bared = Math.max(this.#bared, log.start);
    for (; this.#bared < log.end && log.revisionAt(this.#bared) <= limit; left--) {
      if (left === 0) return false;
      this.#bare(log.entryAt(this.#bared), limit);
      this.#bared += 1;
    }
    this.#isSwept = true;
    return true;
  }

  #freed(): void {
    this.#isSwept = false;
    this.#sweepListener();
  }

  /** Drops what a change hides. They come in order, so there is one version before it at most. */
  #bare(entry: KeyEntry, revision: number): void {
    const oldest = entry.oldestBeforeLatest();
    if (oldest !== null && oldest.modRevision < revision) this.#dropOldest(entry, oldest);
  }

  /** A change below the limit vanishes itself if it is a deletion. */
  #collect(entry: KeyEntry, revision: number): void {
    const oldest = entry.oldestBeforeLatest();
    const changed = oldest ?? entry.latest;
    assert(changed.modRevision === revision, 'a change is collected once, oldest first');
    if (changed.live) return;
    if (oldest !== null) {
      this.#dropOldest(entry, oldest);
    } else {
      this.#tree.remove(entry);
      this.#cache.forget(entry);
      this.#bytes -= keyBytes(entry) + versionBytes(changed);
      this.#arena.free(entry);
    }
  }

  #dropOldest(entry: KeyEntry, oldest: StoredVersion): void {
    entry.dropOldest();
    this.#bytes -= versionBytes(oldest);
    this.#arena.free(oldest);
  }

  #create(key: Uint8Array, version: StoredVersion): KeyEntry {
    const entry = new KeyEntry(hashBytes(key, 0) | 0, version);
    this.#arena.store(entry, key);
    this.#tree.insert(entry);
    this.#cache.fit(this.#tree.size);
    this.#cache.remember(entry);
    this.#bytes += keyBytes(entry) + versionBytes(version);
    this.#accountLatest(entry);
    if (version.lease !== 0n) this.leasedKeys.moved(entry, 0n, version.lease);
    return entry;
  }

  #supersede(entry: KeyEntry, version: StoredVersion): void {
    const before = entry.latest;
    entry.push(version);
    if (before.live) this.#bytesInUse -= keyBytes(entry) + versionBytes(before);
    if (before.live !== version.live) this.#tree.changeLive(entry.key, version.live ? 1 : -1);
    this.#bytes += versionBytes(version);
    this.#accountLatest(entry);
    if (before.lease !== version.lease) {
      this.leasedKeys.moved(entry, before.lease, version.lease);
    }
  }

  #accountLatest(entry: KeyEntry): void {
    const hash = entry.live ? entry.latest.hash(entry.keyHash) | 0 : 0;
    this.#hashSum = (this.#hashSum - entry.latestHash + hash) >>> 0;
    entry.latestHash = hash;
    if (entry.live) this.#bytesInUse += keyBytes(entry) + versionBytes(entry.latest);
  }
}

function keyBytes({ length }: KeyEntry): number {
  return KEY_BYTES + length;
}

function versionBytes(version: StoredVersion): number {
  return VERSION_BYTES + version.length;
}

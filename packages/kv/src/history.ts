import { assert } from '@quorate/base';
import type { KeyEntry } from './key-entry.ts';
import type { KvStore } from './kv-store.ts';
import type { KeyValue } from './model.ts';
import type { StoredVersion } from './stored-version.ts';
import { NEVER_COMPACTED } from './version-store.ts';

/** As many keys are looked at between two pauses, at most: milliseconds. */
const LOOKS = 16 * 1024;

/** One key written at one revision, or deleted. */
export interface HistoryRecord {
  readonly revision: number;
  /** Of the writes of one revision, from 0, in the order they were made. */
  readonly sub: number;
  readonly key: Uint8Array;
  /** Null: the key was deleted. */
  readonly keyValue: KeyValue | null;
}

interface BaseVersion {
  readonly entry: KeyEntry;
  readonly version: StoredVersion;
}

/**
 * All that can be read of a store, in the order it was written, as the store is now: it may go on
 * meanwhile. What was current before the oldest readable revision comes first, in the order of its
 * own revisions; where several keys of one such revision are left, in the order of the keys.
 *
 * It can be drawn from again and gives the same: `release` ends that.
 */
export class History {
  readonly revision: number;
  /** -1 before the first compaction. */
  readonly compactedRevision: number;
  readonly #store: KvStore;
  readonly #release: () => void;
  readonly #firstChange: number;
  readonly #endOfChanges: number;

  constructor(store: KvStore) {
    const { versions } = store;
    const hold = versions.hold();
    this.#store = store;
    this.revision = store.revision;
    this.compactedRevision = versions.compactedRevision;
    this.#firstChange = versions.log.firstAfter(hold.floor - 1);
    this.#endOfChanges = versions.log.end;
    this.#release = () => versions.release(hold);
  }

  /** What it held back may be dropped; to be called once. */
  release(): void {
    this.#release();
  }

  /** @returns records, and null wherever others may have a turn */
  *records(): Generator<HistoryRecord | null, void> {
    if (this.compactedRevision !== NEVER_COMPACTED) yield* this.#base();
    yield* this.#changes();
  }

  *#base(): Generator<HistoryRecord | null, void> {
    const runs: BaseVersion[][] = [];
    let next: Uint8Array | null = new Uint8Array(1);
    while (next !== null) {
      const run: BaseVersion[] = [];
      next = this.#collect(next, run);
      runs.push(run.sort((a, b) => a.version.modRevision - b.version.modRevision));
      yield null;
    }
    let revision = 0;
    let sub = 0;
    let looks = LOOKS;
    for (const { entry, version } of merged(runs)) {
      sub = version.modRevision === revision ? sub + 1 : 0;
      revision = version.modRevision;
      yield { revision, sub, key: entry.key, keyValue: version.toKeyValue(entry.key) };
      if (--looks > 0) continue;
      looks = LOOKS;
      yield null;
    }
  }

  /** @returns the key to go on from; null: that was all */
  #collect(from: Uint8Array, run: BaseVersion[]): Uint8Array | null {
    let looks = LOOKS;
    let next: Uint8Array | null = null;
    const interval = { start: from, end: null };
    this.#store.versions.scan({ interval, descending: false, skipDead: false }, (entry) => {
      if (looks-- === 0) {
        next = entry.key;
        return false;
      }
      const version = entry.at(this.compactedRevision);
      // What was written at the compacted revision itself is among the changes.
      const isOlder = version !== null && version.modRevision < this.compactedRevision;
      if (isOlder && version.live) run.push({ entry, version });
      return true;
    });
    return next;
  }

  *#changes(): Generator<HistoryRecord | null, void> {
    const { log } = this.#store.versions;
    let revision = 0;
    let sub = 0;
    for (let at = this.#firstChange; at < this.#endOfChanges; at++) {
      if ((at - this.#firstChange) % LOOKS === LOOKS - 1) yield null;
      const entry = log.entryAt(at);
      sub = log.revisionAt(at) === revision ? sub + 1 : 0;
      revision = log.revisionAt(at);
      const version = entry.at(revision);
      assert(version?.modRevision === revision, 'a held change still has its version');
      const keyValue = version.live ? version.toKeyValue(entry.key) : null;
      yield { revision, sub, key: entry.key, keyValue };
    }
  }
}

/** Runs that are in order by revision, as one; equal revisions in the order of the runs. */
function* merged(runs: readonly (readonly BaseVersion[])[]): Generator<BaseVersion, void> {
  // A heap of the runs by their next revision.
  const heap = runs.flatMap((run, order) => (run.length === 0 ? [] : [{ run, order, at: 0 }]));
  const isBefore = (a: (typeof heap)[0], b: (typeof heap)[0]): boolean => {
    const difference =
      (a.run[a.at] as BaseVersion).version.modRevision -
      (b.run[b.at] as BaseVersion).version.modRevision;
    return difference === 0 ? a.order < b.order : difference < 0;
  };
  const sink = (from: number): void => {
    for (let at = from; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        const one = heap[child];
        if (one !== undefined && isBefore(one, heap[least] as (typeof heap)[0])) least = child;
      }
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least] as (typeof heap)[0], heap[at] as (typeof heap)[0]];
      at = least;
    }
  };
  for (let at = heap.length - 1; at >= 0; at--) sink(at);
  for (let first = heap[0]; first !== undefined; first = heap[0]) {
    yield first.run[first.at] as BaseVersion;
    first.at += 1;
    if (first.at === first.run.length) {
      const last = heap.pop() as (typeof heap)[0];
      if (heap.length === 0) return;
      if (last !== first) heap[0] = last;
    }
    sink(0);
  }
}

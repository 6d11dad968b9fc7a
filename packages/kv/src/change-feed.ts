import type { KeyEntry } from './key-entry.ts';
import type { KvStore } from './kv-store.ts';
import type { KeyValue } from './model.ts';
import type { StoredVersion } from './stored-version.ts';
import type { HistoryHold } from './version-store.ts';

const NO_BYTES = new Uint8Array(0);

/** One key written at one revision. Good until the call that was given it returns. */
export class Change {
  readonly revision: number;
  readonly #entry: KeyEntry;
  readonly #compactedRevision: number;
  #version: StoredVersion | null = null;

  constructor(revision: number, entry: KeyEntry, compactedRevision: number) {
    this.revision = revision;
    this.#entry = entry;
    this.#compactedRevision = compactedRevision;
  }

  get key(): Uint8Array {
    return this.#entry.key;
  }

  /** Whether the key was put; else it was deleted. */
  get isPut(): boolean {
    return this.#written.live;
  }

  /** As it was written; of a deletion only key and `modRevision` say something. */
  get keyValue(): KeyValue {
    const version = this.#written;
    if (version.live) return version.toKeyValue(this.key);
    return {
      key: this.key,
      value: NO_BYTES,
      createRevision: 0,
      modRevision: this.revision,
      version: 0,
      lease: 0n,
    };
  }

  /** What the key held before; null when it was not there, or that revision is compacted. */
  get previous(): KeyValue | null {
    if (this.revision <= this.#compactedRevision) return null;
    const before = this.#entry.at(this.revision - 1);
    return before?.live ? before.toKeyValue(this.key) : null;
  }

  get #written(): StoredVersion {
    // A change that is still in the log has its version, whatever has been compacted since.
    this.#version ??= this.#entry.at(this.revision) as StoredVersion;
    return this.#version;
  }
}

/**
 * What was written, revision by revision, for those who follow it. A follower is only a revision:
 * the changes lie in the store anyway, and positions that outlive a snapshot are revisions.
 */
export class ChangeFeed {
  #store: KvStore;
  /** Of what was restored, older changes never were here. */
  #restoredFrom = 0;
  #hold: HistoryHold | null = null;
  readonly #listeners: (() => void)[] = [];

  constructor(store: KvStore) {
    this.#store = store;
  }

  /** The newest. */
  get revision(): number {
    return this.#store.revision;
  }

  /** Older changes than those of this revision may be gone. -1 before the first compaction. */
  get compactedRevision(): number {
    return this.#store.versions.compactedRevision;
  }

  /** From this revision on all changes are here: no later than the compacted one. */
  get completeFrom(): number {
    return Math.max(this.#restoredFrom, this.#store.versions.sweptRevision + 1);
  }

  /**
   * @param listener called after each batch of commands and after each restore, from inside: it
   *   takes notice and comes back later
   */
  onMoved(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /**
   * From now on the changes at this revision and later stay, whatever is compacted, until it is
   * said again with a later one. Does not bring back what is gone.
   */
  keepFrom(revision: number): void {
    const { versions } = this.#store;
    const before = this.#hold;
    this.#hold = versions.hold(revision);
    if (before !== null) versions.release(before);
  }

  /**
   * Visits the changes from `revision` on, in the order they were made, until `visit` returns
   * false.
   */
  scan(revision: number, visit: (change: Change) => boolean): void {
    const { log, compactedRevision } = this.#store.versions;
    for (let at = log.firstAfter(revision - 1); at < log.end; at++) {
      const change = new Change(log.revisionAt(at), log.entryAt(at), compactedRevision);
      if (!visit(change)) return;
    }
  }

  /** The state machine has applied something. */
  moved(): void {
    for (const listener of this.#listeners) listener();
  }

  /** The state machine has another store. */
  restored(store: KvStore): void {
    this.#store = store;
    this.#restoredFrom = store.versions.compactedRevision;
    if (this.#hold !== null) this.#hold = store.versions.hold(this.#hold.floor);
    this.moved();
  }
}

import { assert } from '@quorate/base';
import type { StoredKey } from './stored-key.ts';
import type { StoredVersion } from './stored-version.ts';
import { NO_SLAB, type Resident, type Slab, valueBytes } from './value-arena.ts';

/**
 * One key and its versions that can still be read, oldest first; never empty. Most keys have one,
 * so that has a field of its own and the array appears with the second. The key's bytes lie in an
 * arena: an array of their own would be three objects more to collect, as large as all the rest.
 */
export class KeyEntry implements Resident, StoredKey {
  slab: Slab = NO_SLAB;
  offset = 0;
  length = 0;
  /** `hashBytes(key, 0)`, as a signed number: V8 keeps these without an object. */
  readonly keyHash: number;
  latest: StoredVersion;
  /** The hash of `latest`, signed, or 0 while that is a tombstone. */
  latestHash = 0;
  #older: StoredVersion[] | null = null;
  /** How many at the front of `#older` are dropped. */
  #dropped = 0;

  /** Its key is empty until an arena stores it. */
  constructor(keyHash: number, first: StoredVersion) {
    this.keyHash = keyHash;
    this.latest = first;
  }

  get bytes(): Uint8Array {
    return this.slab.bytes;
  }

  /** A view that stays as it is. */
  get key(): Uint8Array {
    return valueBytes(this);
  }

  get live(): boolean {
    return this.latest.live;
  }

  push(version: StoredVersion): void {
    assert(version.modRevision > this.latest.modRevision, 'a key has one version a revision');
    if (this.#older === null) this.#older = [this.latest];
    else this.#older.push(this.latest);
    this.latest = version;
  }

  /** @returns the newest version at or below `revision`, a tombstone too; null: none is */
  at(revision: number): StoredVersion | null {
    if (this.latest.modRevision <= revision) return this.latest;
    if (this.#older === null) return null;
    let low = this.#dropped;
    let high = this.#older.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#older[middle] as StoredVersion).modRevision <= revision) low = middle + 1;
      else high = middle;
    }
    return low === this.#dropped ? null : (this.#older[low - 1] as StoredVersion);
  }

  /** @returns null when only the latest is left */
  oldestBeforeLatest(): StoredVersion | null {
    return this.#older === null ? null : (this.#older[this.#dropped] as StoredVersion);
  }

  /** Drops what `oldestBeforeLatest` gave. Amortized constant time, however long the history. */
  dropOldest(): void {
    assert(this.#older !== null, 'a key keeps its latest version');
    this.#dropped++;
    if (this.#dropped === this.#older.length) {
      this.#older = null;
      this.#dropped = 0;
    } else if (this.#dropped * 2 > this.#older.length) {
      this.#older = this.#older.slice(this.#dropped);
      this.#dropped = 0;
    }
  }
}

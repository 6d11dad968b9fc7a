import { assert } from '@quorate/base';
import type { KeyEntry } from './key-entry.ts';
import { isSingleKey, keyInterval } from './key-range.ts';
import type {
  DeleteRangeRequest,
  DeleteRangeResult,
  KeyValue,
  PutRequest,
  PutResult,
  RangeRequest,
  RangeResult,
} from './model.ts';
import { readRange } from './range-read.ts';
import { valueBytes } from './value-arena.ts';
import type { VersionStore } from './version-store.ts';

/**
 * The writes that share one revision, and the reads between them, which see them. Everything that
 * could refuse an operation has been checked before: there is no way back from here.
 */
export class WriteTransaction {
  readonly #versions: VersionStore;
  readonly #before: number;
  #changes = 0;

  /** @param revision the store's, before this transaction */
  constructor(versions: VersionStore, revision: number) {
    this.#versions = versions;
    this.#before = revision;
  }

  /** How many keys were written. */
  get changes(): number {
    return this.#changes;
  }

  /** One more than before as soon as something was written. */
  get revision(): number {
    return this.#changes === 0 ? this.#before : this.#before + 1;
  }

  range(request: RangeRequest): RangeResult {
    return readRange(this.#versions, request, this.revision);
  }

  put(request: PutRequest): PutResult {
    const entry = this.#versions.find(request.key);
    const before = entry?.live ? entry.latest : undefined;
    const previous =
      request.prevKv && entry !== undefined && before !== undefined
        ? before.toKeyValue(entry.key)
        : null;
    let { value, lease } = request;
    if (request.ignoreValue || request.ignoreLease) {
      assert(before !== undefined, 'a put that keeps something was checked to have it');
      if (request.ignoreValue) value = valueBytes(before);
      if (request.ignoreLease) lease = before.lease;
    }
    this.#versions.put(entry, request.key, value, lease, this.#before + 1);
    this.#changes++;
    return { kind: 'put', previous, revision: this.revision };
  }

  deleteRange(request: DeleteRangeRequest): DeleteRangeResult {
    const doomed = this.#liveEntries(request);
    const previous: KeyValue[] = [];
    if (request.prevKv) {
      for (const entry of doomed) previous.push(entry.latest.toKeyValue(entry.key));
    }
    this.erase(doomed);
    return { kind: 'deleteRange', deleted: doomed.length, previous, revision: this.revision };
  }

  /** Deletes live keys, in their order. */
  erase(entries: readonly KeyEntry[]): void {
    for (const entry of entries) this.#versions.erase(entry, this.#before + 1);
    this.#changes += entries.length;
  }

  #liveEntries(request: DeleteRangeRequest): readonly KeyEntry[] {
    if (isSingleKey(request)) {
      const entry = this.#versions.find(request.key);
      return entry?.live ? [entry] : [];
    }
    const entries: KeyEntry[] = [];
    const interval = keyInterval(request);
    this.#versions.scan({ interval, descending: false, skipDead: true }, (entry) => {
      if (entry.live) entries.push(entry);
      return true;
    });
    return entries;
  }
}

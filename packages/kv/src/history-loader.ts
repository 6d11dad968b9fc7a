import { type Checksum, equalBytes } from '@quorate/base';
import type { HistoryRecord } from './history.ts';
import { KvError } from './kv-error.ts';
import { FIRST_REVISION, KvStore } from './kv-store.ts';
import { MAX_LEASE_TTL_SECONDS } from './lease/lease.ts';
import type { KeyValue } from './model.ts';
import { SnapshotWriter } from './snapshot-writer.ts';
import { NEVER_COMPACTED } from './version-store.ts';

const NO_VALUE = new Uint8Array(0);

/**
 * Builds a store from a history that was kept elsewhere: leases first, then every record, in the
 * order of revisions. What comes out is a snapshot, which any replica restores.
 */
export class HistoryLoader {
  readonly #store = new KvStore();
  readonly #compactedRevision: number;
  /** The newest record of each key up to the compacted revision; null once they are loaded. */
  #base: Map<string, HistoryRecord> | null = new Map();
  #revision: number;
  #lastSub = -1;

  /**
   * @param compactedRevision -1 or 0: never compacted
   * @throws KvError KV_SNAPSHOT_INVALID, as all methods do
   */
  constructor(compactedRevision: number) {
    this.#compactedRevision = compactedRevision > 0 ? compactedRevision : NEVER_COMPACTED;
    if (compactedRevision > 0) this.#store.versions.compact(compactedRevision);
    this.#revision = FIRST_REVISION;
  }

  /** All of its time is left to it. */
  lease(id: bigint, ttlSeconds: number): void {
    const { leases } = this.#store;
    if (id === 0n || leases.find(id) !== undefined) throw invalid('a lease has no id of its own');
    if (ttlSeconds < 1 || ttlSeconds > MAX_LEASE_TTL_SECONDS) {
      throw invalid(`the time to live of lease ${id} is ${ttlSeconds} s`);
    }
    leases.load(id, ttlSeconds, null);
  }

  record(record: HistoryRecord): void {
    const { revision, sub, key } = record;
    const isNext =
      revision > this.#revision || (revision === this.#revision && sub > this.#lastSub);
    if (!isNext || revision <= FIRST_REVISION)
      throw invalid(`revision ${revision} is out of order`);
    if (key.length === 0) throw invalid(`the key written at revision ${revision} is empty`);
    const first = Math.max(this.#revision + 1, this.#compactedRevision + 1);
    if (revision > this.#compactedRevision && revision > first) {
      throw invalid(`revision ${first} is missing`);
    }
    this.#revision = revision;
    this.#lastSub = sub;
    if (revision <= this.#compactedRevision) this.#base?.set(textOf(key), record);
    else {
      this.#loadBase();
      this.#change(record);
    }
  }

  /**
   * @param bumpRevision so many revisions are left out behind the last one, and everything up to
   *   the last of those is compacted
   * @returns a snapshot as `KvStateMachine.snapshot` draws them
   */
  finish(checksum: Checksum, bumpRevision = 0): Iterator<Uint8Array, void> {
    this.#loadBase();
    const { versions, leases } = this.#store;
    for (const lease of versions.leasedKeys.leases()) {
      if (leases.find(lease) === undefined) {
        throw invalid(`a key is attached to lease ${lease}, which is not there`);
      }
    }
    const last = Math.max(this.#revision, this.#compactedRevision) + bumpRevision;
    if (!Number.isSafeInteger(last)) throw invalid(`revision ${last} is out of range`);
    this.#store.resumeAt(last);
    if (bumpRevision > 0) versions.compact(last);
    return new SnapshotWriter(this.#store, checksum);
  }

  #loadBase(): void {
    const base = [...(this.#base ?? [])];
    this.#base = null;
    const atCompaction: HistoryRecord[] = [];
    for (const [, record] of base) {
      const { keyValue, revision } = record;
      if (keyValue === null) continue;
      checkVersions(keyValue, revision);
      if (revision < this.#compactedRevision) this.#store.versions.load(keyValue);
      else atCompaction.push(record);
    }
    // What was written at the compacted revision itself is a change, so it needs what was before.
    for (const record of atCompaction) {
      const { key, createRevision, version } = record.keyValue as KeyValue;
      if (version > 1) {
        const modRevision = createRevision;
        const before = { key, value: NO_VALUE, createRevision, modRevision, lease: 0n };
        this.#store.versions.load({ ...before, version: version - 1 });
      }
      this.#change(record);
    }
  }

  #change({ revision, key, keyValue }: HistoryRecord): void {
    const { versions } = this.#store;
    const entry = versions.find(key);
    if (entry !== undefined && entry.latest.modRevision >= revision) {
      throw invalid(`a key changes twice in revision ${revision}`);
    }
    if (keyValue === null) {
      if (!entry?.live) throw invalid(`a missing key is deleted at revision ${revision}`);
      versions.erase(entry, revision);
      return;
    }
    checkVersions(keyValue, revision);
    if (!equalBytes(keyValue.key, key)) throw invalid(`revision ${revision} has two keys`);
    versions.put(entry, key, keyValue.value, keyValue.lease, revision);
    const { createRevision, version } = versions.find(key)?.latest ?? {};
    if (createRevision !== keyValue.createRevision || version !== keyValue.version) {
      throw invalid(`the versions of the key written at revision ${revision} do not follow`);
    }
  }
}

function checkVersions({ createRevision, modRevision, version }: KeyValue, at: number): void {
  const isFirst = version === 1;
  const isGood = isFirst ? createRevision === at : version > 1 && createRevision < at;
  if (!isGood || modRevision !== at || createRevision <= FIRST_REVISION) {
    throw invalid(`the versions of the key written at revision ${at} are out of range`);
  }
}

/** A key of a map; every byte is one character. */
function textOf(key: Uint8Array): string {
  let text = '';
  for (const byte of key) text += String.fromCharCode(byte);
  return text;
}

function invalid(reason: string): KvError {
  const message = `a history cannot be taken over: ${reason}`;
  return new KvError('KV_SNAPSHOT_INVALID', message, { reason, offset: 0 });
}

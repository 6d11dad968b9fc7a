import { assert, type Checksum } from '@quorate/base';
import { ByteWriter } from './byte-writer.ts';
import type { KeyEntry } from './key-entry.ts';
import { FIRST_REVISION, type KvStore } from './kv-store.ts';
import type { LeaseRecord } from './lease/lease-table.ts';
import * as format from './snapshot-format.ts';
import { StoredVersion } from './stored-version.ts';
import { valueBytes } from './value-arena.ts';
import { type HistoryHold, NEVER_COMPACTED } from './version-store.ts';

const CHUNK_BYTES = 1024 * 1024;

/** How many keys or changes one chunk may look at, so that a call takes milliseconds at most. */
const LOOKS = 16 * 1024;

const FIRST_KEY = new Uint8Array(1);

/**
 * Draws a snapshot of the store as it is now, while the store goes on.
 *
 * What it sends cannot change under it: versions are immutable, a hold keeps the sweep from
 * dropping any that was readable at the start, and later ones lie behind two bounds. For the base
 * that is the compacted revision of the start: a key made later has no version so old, a key
 * deleted later still has it, and the walk goes on from a key, not from a place in the tree. For
 * the changes it is the position in the log at the start. What of leases can change is copied at
 * the start. A compaction meanwhile moves the readers' boundary at once and is swept once the hold
 * is gone.
 *
 * @see snapshot-format.ts for the layout
 */
export class SnapshotWriter implements Iterator<Uint8Array, void> {
  readonly #store: KvStore;
  readonly #checksum: Checksum;
  readonly #out = new ByteWriter();
  readonly #hold: HistoryHold;
  readonly #stateHash: number;
  readonly #endOfChanges: number;
  /** The key to go on from; null: the base is sent. */
  #nextKey: Uint8Array | null;
  /** The change to go on from. */
  #nextChange: number;
  /** The lease to go on from. */
  #nextLease: IteratorResult<LeaseRecord>;
  readonly #leaseRecords: Iterator<LeaseRecord>;
  #leases = 0;
  #bases = 0;
  #changes = 0;
  #crc = 0;
  /** How much at the front of `#out` the checksum covers. */
  #summed = 0;
  #state: 'drawing' | 'ended' | 'closed' = 'drawing';

  constructor(store: KvStore, checksum: Checksum) {
    const { versions } = store;
    this.#store = store;
    this.#checksum = checksum;
    this.#hold = versions.hold();
    this.#stateHash = store.hash();
    this.#nextKey = this.#hold.floor === NEVER_COMPACTED ? null : FIRST_KEY;
    this.#nextChange = versions.log.firstAfter(this.#hold.floor - 1);
    this.#endOfChanges = versions.log.end;
    this.#leaseRecords = store.leases.records()[Symbol.iterator]();
    this.#nextLease = this.#leaseRecords.next();
    this.#writeHeader();
  }

  next(): IteratorResult<Uint8Array, void> {
    let looks = LOOKS;
    while (this.#state === 'drawing' && this.#out.length < CHUNK_BYTES && looks > 0) {
      if (!this.#nextLease.done) looks = this.#writeLease(this.#nextLease.value, looks);
      else if (this.#nextKey !== null) looks = this.#writeBase(this.#nextKey, looks);
      else if (this.#nextChange < this.#endOfChanges) looks = this.#writeChange(looks);
      else this.#writeEnd();
    }
    if (this.#out.length > 0) return { done: false, value: this.#takeChunk() };
    if (this.#state === 'drawing') {
      this.#writeRecord(() => this.#out.byte(format.RECORD_PAUSE));
      return { done: false, value: this.#takeChunk() };
    }
    this.return();
    return { done: true, value: undefined };
  }

  return(): IteratorResult<Uint8Array, void> {
    this.#state = 'closed';
    this.#out.clear();
    this.#store.versions.release(this.#hold);
    return { done: true, value: undefined };
  }

  #takeChunk(): Uint8Array {
    const length = Math.min(this.#out.length, CHUNK_BYTES);
    if (this.#summed < length) this.#sumUpTo(length);
    this.#summed -= length;
    return this.#out.take(length);
  }

  #sumUpTo(length: number): void {
    this.#crc = this.#checksum.crc32(this.#out.view(this.#summed, length), this.#crc);
    this.#summed = length;
  }

  #writeRecord(body: () => void): void {
    const start = this.#out.length;
    this.#out.uint32(0);
    body();
    this.#out.patchUint32(start, this.#out.length - start - format.LENGTH_BYTES);
  }

  #writeHeader(): void {
    this.#writeRecord(() => {
      this.#out.byte(format.RECORD_HEADER);
      for (const byte of format.SNAPSHOT_MAGIC) this.#out.byte(byte);
      this.#out.byte(format.SNAPSHOT_VERSION);
      this.#out.varint(this.#store.revision);
      this.#out.signed(this.#hold.floor);
      this.#out.varint(this.#store.leases.nowMs);
      this.#out.varint(this.#store.leases.ticks);
    });
  }

  /** @returns how many looks are left */
  #writeLease(lease: LeaseRecord, looks: number): number {
    this.#leases++;
    this.#writeRecord(() => {
      this.#out.byte(format.RECORD_LEASE);
      this.#out.int64(lease.id);
      this.#out.varint(lease.ttlSeconds);
      this.#out.varint(lease.tick);
      if (lease.startMs !== null) this.#out.varint(lease.startMs);
    });
    this.#nextLease = this.#leaseRecords.next();
    return looks - 1;
  }

  /** @returns how many looks are left */
  #writeBase(from: Uint8Array, looks: number): number {
    let left = looks;
    let next: Uint8Array | null = null;
    const interval = { start: from, end: null };
    this.#store.versions.scan({ interval, descending: false, skipDead: false }, (entry) => {
      if (left === 0 || this.#out.length >= CHUNK_BYTES) {
        next = entry.key;
        return false;
      }
      left--;
      const version = this.#baseOf(entry);
      if (version !== null) this.#writeBaseRecord(entry.key, version);
      return true;
    });
    this.#nextKey = next;
    return left;
  }

  #baseOf(entry: KeyEntry): StoredVersion | null {
    const { floor } = this.#hold;
    const version = entry.at(floor);
    if (version === null) return null;
    if (version.modRevision === floor) return beforeChange(version);
    return version.live ? version : null;
  }

  #writeBaseRecord(key: Uint8Array, version: StoredVersion): void {
    this.#bases++;
    this.#writeRecord(() => {
      this.#out.byte(format.RECORD_BASE);
      this.#out.int64(version.lease);
      this.#out.varint(version.createRevision);
      this.#out.varint(version.modRevision);
      this.#out.varint(version.version);
      this.#out.blob(key);
      this.#out.blob(valueBytes(version));
    });
  }

  /** @returns how many looks are left */
  #writeChange(looks: number): number {
    const { log } = this.#store.versions;
    const revision = log.revisionAt(this.#nextChange);
    const entry = log.entryAt(this.#nextChange);
    const version = entry.at(revision);
    assert(version?.modRevision === revision, 'a held change still has its version');
    this.#nextChange++;
    this.#changes++;
    this.#writeRecord(() => {
      this.#out.byte(version.live ? format.RECORD_PUT : format.RECORD_TOMBSTONE);
      this.#out.varint(revision);
      if (version.live) this.#out.int64(version.lease);
      this.#out.blob(entry.key);
      if (version.live) this.#out.blob(valueBytes(version));
    });
    return looks - 1;
  }

  #writeEnd(): void {
    this.#writeRecord(() => {
      this.#out.byte(format.RECORD_END);
      this.#out.varint(this.#leases);
      this.#out.varint(this.#bases);
      this.#out.varint(this.#changes);
      this.#out.uint32(this.#stateHash);
      this.#out.uint32(0);
    });
    // The checksum covers this record too, its length included, so it goes in last.
    const at = this.#out.length - format.CHECKSUM_BYTES;
    this.#sumUpTo(at);
    this.#out.patchUint32(at, this.#crc);
    this.#state = 'ended';
    this.#store.versions.release(this.#hold);
  }
}

/**
 * What has to be there before a change at the compacted revision, so that replay gives the change.
 * The version it replaced may be gone, so an empty one stands for it, the same in all replicas.
 */
function beforeChange({ createRevision, version, live }: StoredVersion): StoredVersion | null {
  if (!live) return new StoredVersion(FIRST_REVISION + 1, FIRST_REVISION + 1, 1, 0n);
  if (version === 1) return null;
  return new StoredVersion(createRevision, createRevision, version - 1, 0n);
}

import { assert, type Checksum, compareBytes, concatBytes, type SnapshotSink } from '@quorate/base';
import { ByteReader } from './byte-reader.ts';
import { snapshotInvalid } from './kv-error.ts';
import { FIRST_REVISION, type KvStore } from './kv-store.ts';
import { type LeaseSpan, MAX_LEASE_TTL_SECONDS } from './lease/lease.ts';
import type { KeyValue } from './model.ts';
import * as format from './snapshot-format.ts';
import { NEVER_COMPACTED } from './version-store.ts';

const NO_BYTES = new Uint8Array(0);

/** So that a time to live added to it is a safe integer. */
const LONGEST_LEASE_MS = 2 ** 52;

/**
 * Builds a store from the chunks of a snapshot. The chunks may be cut differently from how they
 * were drawn. Each record is checked as it comes, whole and sum at the end; the first thing wrong
 * throws KvError KV_SNAPSHOT_INVALID and so does every call after it.
 *
 * @see snapshot-format.ts for the layout
 */
export class SnapshotReader implements SnapshotSink {
  readonly #store: KvStore;
  readonly #checksum: Checksum;
  readonly #done: (store: KvStore) => void;
  #state: 'reading' | 'ended' | 'finished' | 'failed' = 'reading';
  /** The beginning of a record whose rest has not come. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** How much must be there before it is worth looking again. */
  #neededBytes = format.LENGTH_BYTES;
  /** Where in the snapshot the bytes now looked at begin. */
  #position = 0;
  #crc = 0;
  #headed = false;
  #revision = 0;
  #compactedRevision = NEVER_COMPACTED;
  #lastKey = NO_BYTES;
  #lastRevision = FIRST_REVISION;
  /** The spans of leases by their ticks. */
  readonly #spans = new Map<number, LeaseSpan>();
  #leases = 0;
  #bases = 0;
  #changes = 0;
  #stateHash = 0;

  /**
   * @param store new and empty
   * @param done given the store once it is whole
   */
  constructor(store: KvStore, checksum: Checksum, done: (store: KvStore) => void) {
    this.#store = store;
    this.#checksum = checksum;
    this.#done = done;
  }

  chunk(bytes: Uint8Array): void {
    assert(this.#state !== 'finished', 'no chunk comes after the finish');
    if (this.#state === 'failed') snapshotInvalid('an earlier part was invalid', this.#position);
    const state = this.#state;
    // Whatever throws below leaves the sink unusable.
    this.#state = 'failed';
    if (state === 'ended' && bytes.length > 0) {
      snapshotInvalid('it goes on after its end', this.#position);
    }
    this.#state = this.#read(bytes) ? 'ended' : state;
  }

  finish(): void {
    assert(this.#state !== 'finished', 'a restore finishes once');
    const state = this.#state;
    this.#state = 'failed';
    if (state === 'failed') snapshotInvalid('an earlier part was invalid', this.#position);
    const length = this.#position + this.#waitingBytes;
    if (state === 'reading') snapshotInvalid('it is cut off', length);
    this.#store.resumeAt(this.#revision);
    if (this.#store.hash() !== this.#stateHash) snapshotInvalid('the state hash differs', length);
    this.#state = 'finished';
    this.#done(this.#store);
  }

  /** @returns true when the end record was reached */
  #read(bytes: Uint8Array): boolean {
    if (this.#waitingBytes + bytes.length < this.#neededBytes) {
      // Not slice(): of a Buffer that is a view.
      this.#waiting.push(new Uint8Array(bytes));
      this.#waitingBytes += bytes.length;
      return false;
    }
    const stream = this.#waitingBytes === 0 ? bytes : concatBytes([...this.#waiting, bytes]);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#neededBytes = format.LENGTH_BYTES;
    return this.#readRecords(stream);
  }

  #readRecords(stream: Uint8Array): boolean {
    const fail = (reason: string, offset: number): never =>
      snapshotInvalid(reason, this.#position + offset);
    const reader = new ByteReader(stream, fail);
    let start = 0;
    while (stream.length - start >= format.LENGTH_BYTES) {
      reader.confine(start, stream.length);
      const end = start + format.LENGTH_BYTES + reader.uint32();
      if (end > stream.length) {
        this.#neededBytes = end - start;
        break;
      }
      reader.confine(start + format.LENGTH_BYTES, end);
      const ended = this.#readRecord(reader, stream);
      reader.expectEnd();
      if (ended) {
        if (end < stream.length) reader.fail('it goes on after its end');
        this.#position += end;
        return true;
      }
      start = end;
    }
    this.#crc = this.#checksum.crc32(stream.subarray(0, start), this.#crc);
    this.#position += start;
    this.#wait(stream.subarray(start));
    return false;
  }

  #wait(rest: Uint8Array): void {
    if (rest.length === 0) return;
    this.#waiting.push(new Uint8Array(rest));
    this.#waitingBytes = rest.length;
  }

  /** @returns true for the end record */
  #readRecord(reader: ByteReader, stream: Uint8Array): boolean {
    const kind = reader.byte();
    if (this.#headed !== (kind !== format.RECORD_HEADER)) reader.fail('the header is not first');
    switch (kind) {
      case format.RECORD_HEADER:
        this.#readHeader(reader);
        return false;
      case format.RECORD_LEASE:
        this.#readLease(reader);
        return false;
      case format.RECORD_BASE:
        this.#readBase(reader);
        return false;
      case format.RECORD_PUT:
        this.#readPut(reader);
        return false;
      case format.RECORD_TOMBSTONE:
        this.#readTombstone(reader);
        return false;
      case format.RECORD_PAUSE:
        return false;
      case format.RECORD_END:
        this.#readEnd(reader, stream);
        return true;
      default:
        return reader.fail(`${kind} is no kind of record`);
    }
  }

  #readHeader(reader: ByteReader): void {
    for (const byte of format.SNAPSHOT_MAGIC) {
      if (reader.byte() !== byte) reader.fail('it is not a key-value snapshot');
    }
    const version = reader.byte();
    if (version !== format.SNAPSHOT_VERSION) {
      reader.fail(`its format version is ${version}, and ${format.SNAPSHOT_VERSION} is read here`);
    }
    this.#revision = reader.varint();
    this.#compactedRevision = reader.signed();
    if (this.#revision < FIRST_REVISION) reader.fail('its revision is below the first');
    if (this.#compactedRevision > this.#revision || this.#compactedRevision < NEVER_COMPACTED) {
      reader.fail('its compacted revision is out of range');
    }
    if (this.#compactedRevision > NEVER_COMPACTED) {
      this.#store.versions.compact(this.#compactedRevision);
    }
    this.#lastRevision = Math.max(this.#compactedRevision - 1, FIRST_REVISION);
    const leaseMs = reader.varint();
    if (leaseMs > LONGEST_LEASE_MS) reader.fail('the time of leases is out of range');
    this.#store.leases.resumeAt(leaseMs, reader.varint());
    this.#headed = true;
  }

  #readLease(reader: ByteReader): void {
    const id = reader.int64();
    const ttlSeconds = reader.varint();
    const tick = reader.varint();
    const { leases } = this.#store;
    if (this.#bases + this.#changes > 0) reader.fail('a lease comes after a key');
    if (id === 0n || leases.find(id) !== undefined) reader.fail('a lease has no id of its own');
    if (ttlSeconds < 1 || ttlSeconds > MAX_LEASE_TTL_SECONDS) {
      reader.fail('the time to live of a lease is out of range');
    }
    if (tick > leases.ticks) reader.fail('a lease was renewed after the last tick');
    const span = tick === leases.ticks ? null : this.#spanOf(tick, reader);
    leases.load(id, ttlSeconds, span);
    this.#leases++;
  }

  #spanOf(tick: number, reader: ByteReader): LeaseSpan {
    const startMs = reader.varint();
    if (startMs > this.#store.leases.nowMs) reader.fail('the time of a lease begins later');
    const known = this.#spans.get(tick);
    if (known === undefined) {
      const span = { tick, startMs };
      this.#spans.set(tick, span);
      return span;
    }
    if (known.startMs !== startMs) reader.fail('two times begin with one tick');
    return known;
  }

  #readBase(reader: ByteReader): void {
    const lease = reader.int64();
    const createRevision = reader.varint();
    const modRevision = reader.varint();
    const version = reader.varint();
    const key = this.#readKey(reader);
    const value = reader.blob();
    const keyValue: KeyValue = { key, value, createRevision, modRevision, version, lease };
    if (this.#changes > 0) reader.fail('a base record comes after a change');
    if (compareBytes(key, this.#lastKey) <= 0) reader.fail('keys are out of order');
    const { compactedRevision } = this.#store.versions;
    if (
      createRevision <= FIRST_REVISION ||
      createRevision > modRevision ||
      modRevision >= compactedRevision ||
      version < 1
    ) {
      reader.fail('revisions or version of a key are out of range');
    }
    this.#lastKey = new Uint8Array(key);
    this.#store.versions.load(keyValue);
    this.#bases++;
  }

  #readPut(reader: ByteReader): void {
    const revision = this.#readRevision(reader);
    const lease = reader.int64();
    const key = this.#readKey(reader);
    const value = reader.blob();
    const { versions } = this.#store;
    const entry = versions.find(key);
    if (entry !== undefined && entry.latest.modRevision >= revision) {
      reader.fail('a key changes twice in one revision');
    }
    versions.put(entry, key, value, lease, revision);
  }

  #readTombstone(reader: ByteReader): void {
    const revision = this.#readRevision(reader);
    const { versions } = this.#store;
    const entry = versions.find(this.#readKey(reader));
    if (!entry?.live) return reader.fail('a missing key is deleted');
    if (entry.latest.modRevision >= revision) reader.fail('a key changes twice in one revision');
    versions.erase(entry, revision);
  }

  #readKey(reader: ByteReader): Uint8Array {
    const key = reader.blob();
    return key.length === 0 ? reader.fail('a key is empty') : key;
  }

  /** Of a change: from the compacted one on, each revision used, none left out. */
  #readRevision(reader: ByteReader): number {
    const revision = reader.varint();
    const repeats = this.#changes > 0 && revision === this.#lastRevision;
    // A history from elsewhere need not have kept what the compacted revision itself deleted.
    const skips = this.#changes === 0 && revision === this.#store.versions.compactedRevision + 1;
    const isNext = repeats || skips || revision === this.#lastRevision + 1;
    if (!isNext) reader.fail('changes are out of order');
    if (revision > this.#revision) reader.fail('a change is newer than the snapshot');
    this.#lastRevision = revision;
    this.#changes++;
    return revision;
  }

  #readEnd(reader: ByteReader, stream: Uint8Array): void {
    const leases = reader.varint();
    const bases = reader.varint();
    const changes = reader.varint();
    this.#stateHash = reader.uint32();
    const covered = reader.offset;
    const crc = this.#checksum.crc32(stream.subarray(0, covered), this.#crc);
    if (reader.uint32() !== crc) reader.fail('the checksum differs');
    const isWhole = leases === this.#leases && bases === this.#bases && changes === this.#changes;
    if (!isWhole) reader.fail('records are missing');
    for (const lease of this.#store.versions.leasedKeys.leases()) {
      if (this.#store.leases.find(lease) === undefined) {
        reader.fail('a key is attached to a lease that is not there');
      }
    }
    const isOnlyBase = this.#changes === 0 && this.#revision === this.#compactedRevision;
    if (this.#lastRevision !== this.#revision && !isOnlyBase) {
      reader.fail('the last changes are missing');
    }
  }
}

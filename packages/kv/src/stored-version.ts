import type { KeyValue } from './model.ts';
import { hashWords, mixNumber } from './state-hash.ts';
import { NO_SLAB, type Resident, type Slab, valueBytes } from './value-arena.ts';

const NO_VALUE = new Uint8Array(0);
const NO_LEASE = 0n;

/**
 * One version of a key as it is kept; numbered 0, a tombstone. Its key is known where it is kept,
 * and its value lies in an arena: a store has many of these, and every object less is less to
 * collect.
 */
export class StoredVersion implements Resident {
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: bigint;
  slab: Slab = NO_SLAB;
  offset = 0;
  length = 0;

  constructor(createRevision: number, modRevision: number, version: number, lease: bigint) {
    this.createRevision = createRevision;
    this.modRevision = modRevision;
    this.version = version;
    // Each 0n that was decoded is an object of its own.
    this.lease = lease === NO_LEASE ? NO_LEASE : lease;
  }

  get live(): boolean {
    return this.version !== 0;
  }

  toKeyValue(key: Uint8Array): KeyValue {
    return this.#with(key, valueBytes(this));
  }

  /** For an answer without values, which need not look for them. */
  toBareKeyValue(key: Uint8Array): KeyValue {
    return this.#with(key, NO_VALUE);
  }

  /** @param keyHash `hashBytes(key, 0)` */
  hash(keyHash: number): number {
    let hash = hashWords(this.slab.words, this.offset, this.length, keyHash);
    hash = mixNumber(hash, this.createRevision);
    hash = mixNumber(hash, this.modRevision);
    hash = mixNumber(hash, this.version);
    // Leases are rare, and arithmetic on a bigint is slow.
    if (this.lease === 0n) return hash;
    hash = mixNumber(hash, Number(BigInt.asUintN(32, this.lease)));
    return mixNumber(hash, Number(BigInt.asUintN(32, this.lease >> 32n)));
  }

  #with(key: Uint8Array, value: Uint8Array): KeyValue {
    return {
      key,
      value,
      createRevision: this.createRevision,
      modRevision: this.modRevision,
      version: this.version,
      lease: this.lease,
    };
  }
}

import { assert, unreachable } from '@quorate/base';
import type {
  CompactRequest,
  KvCommand,
  KvRefusal,
  KvResult,
  PutRequest,
  RangeRequest,
  RangeResult,
  RefusedResult,
  TxnRequest,
  TxnResult,
} from './model.ts';
import { readRange } from './range-read.ts';
import { type CheckContext, checkPlan, isReadOnly, planTxn, runPlan } from './txn.ts';
import { validate } from './validate.ts';
import { VersionStore } from './version-store.ts';
import { WriteTransaction } from './write-transaction.ts';

/** Of a store that nothing was written to. */
export const FIRST_REVISION = 1;

/**
 * How many old changes a command drops, besides two for each change it makes: so that the sweep
 * outruns any load, yet no command pays for more than a few.
 */
const SWEPT_CHANGES = 16;

/** Of one replica, at this moment; the sizes are estimates, and differ between replicas. */
export interface KvStats {
  /** Live keys. */
  readonly keys: number;
  readonly revision: number;
  /** -1 before the first compaction. */
  readonly compactedRevision: number;
  /** About what all is kept takes in memory, history and the unswept included. */
  readonly bytes: number;
  /** About what would be left after a compaction of everything. */
  readonly bytesInUse: number;
}

/** @returns whether a lease other than 0n (which means none) is granted, deterministically */
export type LeaseExists = (id: bigint) => boolean;

/**
 * A multi-version key-value store: every write takes the next revision, and any revision down to
 * the compacted one can be read.
 *
 * What it returns are its own records. They never change, except that a value may move in memory;
 * callers must not write to them.
 */
export class KvStore {
  readonly versions = new VersionStore();
  readonly #leaseExists: LeaseExists;
  #revision = FIRST_REVISION;

  /** @param leaseExists by default no lease is known */
  constructor(leaseExists: LeaseExists = () => false) {
    this.#leaseExists = leaseExists;
  }

  get revision(): number {
    return this.#revision;
  }

  get stats(): KvStats {
    return {
      keys: this.versions.liveKeys,
      revision: this.#revision,
      compactedRevision: this.versions.compactedRevision,
      bytes: this.versions.bytes,
      bytesInUse: this.versions.bytesInUse,
    };
  }

  /**
   * @returns 32 bits that differ, almost surely, between stores that differ in their latest state
   */
  hash(): number {
    return this.versions.hash(this.#revision);
  }

  /** Carries out one command, or refuses it and changes nothing. Never throws for its content. */
  execute(command: KvCommand): KvResult {
    const invalid = validate(command);
    const writes = new WriteTransaction(this.versions, this.#revision);
    const result = invalid === null ? this.#dispatch(command, writes) : this.refuse(invalid);
    this.#revision = writes.revision;
    this.versions.sweep(SWEPT_CHANGES + 2 * writes.changes);
    return result;
  }

  /** A read of its own, of the latest or an earlier revision. */
  range(request: RangeRequest): RangeResult | RefusedResult {
    const invalid = validate(request);
    if (invalid !== null) return this.refuse(invalid);
    if (request.revision > this.#revision) return this.refuse('futureRevision');
    if (request.revision > 0 && request.revision < this.versions.compactedRevision) {
      return this.refuse('compacted');
    }
    return readRange(this.versions, request, this.#revision);
  }

  /** @param txn one that only reads (see `isReadOnly`), which needs no place in the log */
  readTxn(txn: TxnRequest): TxnResult | RefusedResult {
    assert(isReadOnly(txn), 'a transaction that can write goes through the log');
    const invalid = validate(txn);
    if (invalid !== null) return this.refuse(invalid);
    return this.#txn(txn, new WriteTransaction(this.versions, this.#revision));
  }

  refuse(refusal: KvRefusal): RefusedResult {
    return { kind: 'refused', refusal, revision: this.#revision };
  }

  /** Goes on from a revision of the past; for a store that is being restored. */
  resumeAt(revision: number): void {
    assert(revision >= this.#revision, 'revisions go forward');
    this.#revision = revision;
  }

  #dispatch(command: KvCommand, writes: WriteTransaction): KvResult {
    switch (command.kind) {
      case 'put':
        return this.#put(command, writes);
      case 'deleteRange':
        return writes.deleteRange(command);
      case 'txn':
        return this.#txn(command, writes);
      case 'compact':
        return this.#compact(command);
      default:
        return unreachable(command);
    }
  }

  #put(put: PutRequest, writes: WriteTransaction): KvResult {
    if (put.lease !== 0n && !this.#leaseExists(put.lease)) return this.refuse('leaseNotFound');
    if ((put.ignoreValue || put.ignoreLease) && !this.versions.find(put.key)?.live) {
      return this.refuse('keyNotFound');
    }
    return writes.put(put);
  }

  #txn(txn: TxnRequest, writes: WriteTransaction): TxnResult | RefusedResult {
    const plan = planTxn(this.versions, txn);
    const context: CheckContext = {
      versions: this.versions,
      revision: this.#revision,
      leaseExists: this.#leaseExists,
    };
    const refusal = checkPlan(context, plan);
    return refusal === null ? runPlan(writes, plan) : this.refuse(refusal);
  }

  #compact(request: CompactRequest): KvResult {
    if (request.revision <= this.versions.compactedRevision) return this.refuse('compacted');
    if (request.revision > this.#revision) return this.refuse('futureRevision');
    this.versions.compact(request.revision);
    return { kind: 'compact', revision: this.#revision };
  }
}

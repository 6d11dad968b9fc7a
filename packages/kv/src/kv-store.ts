import { assert, unreachable } from '@quorate/base';
import { MAX_TICK_MS, MOST_OPERATIONS } from './command-format.ts';
import { LeaseTable } from './lease/lease-table.ts';
import type {
  CompactRequest,
  KvCommand,
  KvRefusal,
  KvResult,
  LeaseCommand,
  LeaseGrantRequest,
  LeaseRevokeRequest,
  LeaseTickRequest,
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
 * How many old changes a command looks at, besides two for each change it makes: a change is looked
 * at twice at most, so the sweep outruns any load, yet no command pays for more than a few.
 */
const SWEPT_CHANGES = 16;

/** What one tick ends at most: so many leases, or those that together have so many keys. */
const MAX_EXPIRED_LEASES = 1000;
const MAX_EXPIRED_KEYS = 10_000;

type WriteCommand = Exclude<KvCommand, LeaseCommand> | LeaseRevokeRequest;

/** Of one replica, at this moment; the sizes are estimates, and differ between replicas. */
export interface KvStats {
  /** Live keys. */
  readonly keys: number;
  readonly leases: number;
  readonly revision: number;
  /** -1 before the first compaction. */
  readonly compactedRevision: number;
  /** About what all that is kept takes in memory: history, the unswept and leases included. */
  readonly bytes: number;
  /** About what would be left after a compaction of everything. */
  readonly bytesInUse: number;
}

/**
 * A multi-version key-value store: every write takes the next revision, and any revision down to
 * the compacted one can be read. Keys may be attached to leases, and end with them.
 *
 * What it returns are its own records. They never change, except that a value may move in memory;
 * callers must not write to them.
 */
export class KvStore {
  readonly versions = new VersionStore();
  readonly leases = new LeaseTable();
  #revision = FIRST_REVISION;

  get revision(): number {
    return this.#revision;
  }

  get bytes(): number {
    return this.versions.bytes + this.leases.bytes;
  }

  get stats(): KvStats {
    return {
      keys: this.versions.liveKeys,
      leases: this.leases.size,
      revision: this.#revision,
      compactedRevision: this.versions.compactedRevision,
      bytes: this.bytes,
      bytesInUse: this.versions.bytesInUse + this.leases.bytes,
    };
  }

  /**
   * @returns 32 bits that differ, almost surely, between stores that differ in their latest state
   */
  hash(): number {
    return (this.versions.hash(this.#revision) ^ this.leases.hash()) >>> 0;
  }

  /**
   * Carries out one command, or refuses it and changes nothing. Never throws for its content.
   *
   * @param seed another for each command: the id of a lease that asks for none follows from it
   */
  execute(command: KvCommand, seed = 0): KvResult {
    const invalid = validate(command, MOST_OPERATIONS);
    if (invalid !== null) return this.#swept(this.refuse(invalid), 0);
    switch (command.kind) {
      case 'leaseGrant':
        return this.#swept(this.#grant(command, seed), 0);
      case 'leaseTick':
        return this.#tick(command);
      case 'leaseKeepAlive': {
        const ttlSeconds = command.ids.map((id) => this.leases.renew(id));
        return this.#swept({ kind: 'leaseKeepAlive', ttlSeconds, revision: this.#revision }, 0);
      }
      default:
        return this.#write(command);
    }
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
    const invalid = validate(txn, MOST_OPERATIONS);
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

  /**
   * Drops some of what compactions left, without a command.
   *
   * @param changes of so many changes at most
   * @returns true when nothing more may be dropped now
   */
  sweep(changes: number): boolean {
    return this.versions.sweep(changes);
  }

  #write(command: WriteCommand): KvResult {
    const writes = new WriteTransaction(this.versions, this.#revision);
    const result = this.#dispatch(command, writes);
    this.#revision = writes.revision;
    return this.#swept(result, writes.changes);
  }

  /** Every command drops some of what compaction left, more when it wrote more. */
  #swept(result: KvResult, changes: number): KvResult {
    this.versions.sweep(SWEPT_CHANGES + 2 * changes);
    return result;
  }

  #dispatch(command: WriteCommand, writes: WriteTransaction): KvResult {
    switch (command.kind) {
      case 'put':
        return this.#put(command, writes);
      case 'deleteRange':
        return writes.deleteRange(command);
      case 'txn':
        return this.#txn(command, writes);
      case 'compact':
        return this.#compact(command);
      case 'leaseRevoke':
        return this.#revoke(command, writes);
      default:
        return unreachable(command);
    }
  }

  #put(put: PutRequest, writes: WriteTransaction): KvResult {
    if (put.lease !== 0n && !this.leases.find(put.lease)) return this.refuse('leaseNotFound');
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
      leaseExists: (id) => this.leases.find(id) !== undefined,
    };
    const refusal = checkPlan(context, plan);
    return refusal === null ? runPlan(writes, plan) : this.refuse(refusal);
  }

  #grant(request: LeaseGrantRequest, seed: number): KvResult {
    const { ttlSeconds } = request;
    if (request.id !== 0n && this.leases.find(request.id)) return this.refuse('leaseExists');
    const id = request.id === 0n ? this.leases.freeId(seed) : request.id;
    this.leases.grant(id, ttlSeconds);
    return { kind: 'leaseGrant', id, ttlSeconds, revision: this.#revision };
  }

  #revoke(request: LeaseRevokeRequest, writes: WriteTransaction): KvResult {
    const lease = this.leases.find(request.id);
    if (lease === undefined) return this.refuse('leaseNotFound');
    writes.erase(this.versions.leasedKeys.keysOf(lease.id));
    this.leases.remove(lease);
    return { kind: 'leaseRevoke', revision: writes.revision };
  }

  #tick({ after, elapsedMs }: LeaseTickRequest): KvResult {
    const expired: bigint[] = [];
    let changes = 0;
    if (after === this.leases.ticks) {
      this.leases.tick(Math.min(elapsedMs, MAX_TICK_MS));
      while (expired.length < MAX_EXPIRED_LEASES && changes < MAX_EXPIRED_KEYS) {
        const lease = this.leases.nextExpired();
        if (lease === undefined) break;
        const writes = new WriteTransaction(this.versions, this.#revision);
        this.#revoke({ kind: 'leaseRevoke', id: lease.id }, writes);
        this.#revision = writes.revision;
        changes += writes.changes;
        expired.push(lease.id);
      }
    }
    return this.#swept({ kind: 'leaseTick', expired, revision: this.#revision }, changes);
  }

  #compact(request: CompactRequest): KvResult {
    if (request.revision <= this.versions.compactedRevision) return this.refuse('compacted');
    if (request.revision > this.#revision) return this.refuse('futureRevision');
    this.versions.compact(request.revision);
    return { kind: 'compact', revision: this.#revision };
  }
}

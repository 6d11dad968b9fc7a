import {
  type AppliedEntry,
  type Checksum,
  portableChecksum,
  type SnapshotSink,
  type StateMachine,
} from '@quorate/base';
import { decodeCommand } from './command-decoder.ts';
import { KvError } from './kv-error.ts';
import { type KvStats, KvStore, type LeaseExists } from './kv-store.ts';
import type {
  KvCommand,
  KvResult,
  RangeRequest,
  RangeResult,
  RefusedResult,
  TxnRequest,
  TxnResult,
} from './model.ts';
import { SnapshotReader } from './snapshot-reader.ts';
import { SnapshotWriter } from './snapshot-writer.ts';

/** Both must behave alike on every replica, or their states part. */
export interface KvStateMachineOptions {
  /** Asked for leases other than 0n, which means none. By default no lease is known. */
  readonly leaseExists?: LeaseExists;
  /** CRC-32 for snapshots; must agree between replicas. By default the portable one. */
  readonly checksum?: Checksum;
}

/**
 * The key-value store as a replicated state machine. Commands are what `encodeCommand` makes; one
 * that cannot be read is refused as `malformed`, so nothing a client sends can stop a replica.
 *
 * Results hold records of the store itself: read them, or encode them, but never write to them.
 */
export class KvStateMachine implements StateMachine<KvResult> {
  readonly #leaseExists: LeaseExists | undefined;
  readonly #checksum: Checksum;
  #store: KvStore;

  constructor(options: KvStateMachineOptions = {}) {
    this.#leaseExists = options.leaseExists;
    this.#checksum = options.checksum ?? portableChecksum;
    this.#store = new KvStore(this.#leaseExists);
  }

  get stats(): KvStats {
    return this.#store.stats;
  }

  /** 32 bits to compare the latest state of replicas at one index; costs nothing to ask for. */
  hash(): number {
    return this.#store.hash();
  }

  /** A read of what was applied so far; whether that is recent enough is the caller's to ensure. */
  range(request: RangeRequest): RangeResult | RefusedResult {
    return this.#store.range(request);
  }

  /** As `range`, for a transaction that cannot write (see `isReadOnly`). */
  readTxn(txn: TxnRequest): TxnResult | RefusedResult {
    return this.#store.readTxn(txn);
  }

  apply(entries: readonly AppliedEntry[]): readonly KvResult[] {
    const results: KvResult[] = [];
    for (const entry of entries) results.push(this.#applyCommand(entry.command));
    return results;
  }

  /**
   * Must be drawn to its end or ended with `return()`: until then nothing it may send is dropped.
   */
  snapshot(): Iterator<Uint8Array, void> {
    return new SnapshotWriter(this.#store, this.#checksum);
  }

  /** @throws KvError KV_SNAPSHOT_INVALID, from the sink's methods; the state is then as before */
  restore(): SnapshotSink {
    return new SnapshotReader(new KvStore(this.#leaseExists), this.#checksum, (store) => {
      this.#store = store;
    });
  }

  #applyCommand(bytes: Uint8Array): KvResult {
    let command: KvCommand;
    try {
      command = decodeCommand(bytes);
    } catch (error) {
      if (error instanceof KvError) return this.#store.refuse('malformed');
      throw error;
    }
    return this.#store.execute(command);
  }
}

import {
  type AppliedEntry,
  type Checksum,
  portableChecksum,
  type SnapshotSink,
  type StateMachine,
} from '@quorate/base';
import { ChangeFeed } from './change-feed.ts';
import { decodeCommand } from './command-decoder.ts';
import { History } from './history.ts';
import { KvError } from './kv-error.ts';
import { type KvStats, KvStore } from './kv-store.ts';
import type { LeaseSchedule, LeaseStatus } from './lease/lease-view.ts';
import type {
  KvCommand,
  KvResult,
  RangeRequest,
  RangeResult,
  RefusedResult,
  TxnRequest,
  TxnResult,
} from './model.ts';
import { OperationCounter, type OperationCounts } from './operation-counts.ts';
import { SnapshotReader } from './snapshot-reader.ts';
import { SnapshotWriter } from './snapshot-writer.ts';

/** What a store may be given. */
export interface KvStateMachineOptions {
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
  readonly #checksum: Checksum;
  #store = new KvStore();
  /** What was written, for those who follow it. */
  readonly changes = new ChangeFeed(this.#store);
  readonly #counts = new OperationCounter();
  #leaseListener: (() => void) | null = null;
  #sweepListener: () => void = () => undefined;
  /** What of the leases the listener knows. */
  #toldTicks = 0;
  #toldFresh = false;

  constructor(options: KvStateMachineOptions = {}) {
    this.#checksum = options.checksum ?? portableChecksum;
  }

  get stats(): KvStats {
    return this.#store.stats;
  }

  /** Of this process: what it applied again after a start is counted again. */
  get counts(): OperationCounts {
    return this.#counts;
  }

  /** `stats.bytes`, for those who ask for each command. */
  get bytes(): number {
    return this.#store.bytes;
  }

  /** 32 bits to compare the latest state of replicas at one index; costs nothing to ask for. */
  hash(): number {
    return this.#store.hash();
  }

  /** A read of what was applied so far; whether that is recent enough is the caller's to ensure. */
  range(request: RangeRequest): RangeResult | RefusedResult {
    return this.#counted(this.#store.range(request));
  }

  /** As `range`, for a transaction that cannot write (see `isReadOnly`). */
  readTxn(txn: TxnRequest): TxnResult | RefusedResult {
    return this.#counted(this.#store.readTxn(txn));
  }

  /** Undefined: there is no such lease, or none any more. */
  lease(id: bigint): LeaseStatus | undefined {
    const { leases } = this.#store;
    const lease = leases.find(id);
    if (lease === undefined) return undefined;
    const { ttlSeconds, span } = lease;
    const leftMs = span.startMs === null ? null : lease.deadlineMs(0) - leases.nowMs;
    return { id, ttlSeconds, leftMs };
  }

  /** The ids of all leases, in the order in which they were granted. */
  leases(): readonly bigint[] {
    return this.#store.leases.ids();
  }

  /** The keys that are attached to a lease, in order. */
  keysOfLease(id: bigint): readonly Uint8Array[] {
    return this.#store.versions.leasedKeys.keysOf(id).map(({ key }) => key);
  }

  get leaseSchedule(): LeaseSchedule {
    const { ticks, nowMs, hasFresh, nextDeadlineMs } = this.#store.leases;
    return { ticks, nowMs, hasFresh, nextDeadlineMs };
  }

  /**
   * @param listener called from `apply` and at the end of a restore, when `leaseSchedule` shows
   *   another tick, or a fresh lease where there was none; replaces the one before
   */
  onLeaseSchedule(listener: () => void): void {
    this.#leaseListener = listener;
  }

  apply(entries: readonly AppliedEntry[]): readonly KvResult[] {
    const results: KvResult[] = [];
    for (const { command, timestampMicros } of entries) {
      results.push(this.#applyCommand(command, timestampMicros));
    }
    this.#tellLeases();
    this.changes.moved();
    return results;
  }

  /**
   * Drops some of what compactions left. Commands do that too, a little each; no reader can see it,
   * so every replica may do it when it has time.
   *
   * @param changes of so many changes at most
   * @returns true when nothing more may be dropped now
   */
  sweep(changes: number): boolean {
    return this.#store.sweep(changes);
  }

  /**
   * @param listener called from inside when there is something to sweep again: after a compaction
   *   or a restore, or because what was held back is not any more; replaces the one before
   */
  onSweepable(listener: () => void): void {
    this.#sweepListener = listener;
    this.#store.versions.onSweepable(listener);
  }

  /** All that can be read, as it is now. Holds it back from compaction until it is released. */
  history(): History {
    return new History(this.#store);
  }

  /**
   * Must be drawn to its end or ended with `return()`: until then nothing it may send is dropped.
   */
  snapshot(): Iterator<Uint8Array, void> {
    return new SnapshotWriter(this.#store, this.#checksum);
  }

  /** @throws KvError KV_SNAPSHOT_INVALID, from the sink's methods; the state is then as before */
  restore(): SnapshotSink {
    return new SnapshotReader(new KvStore(), this.#checksum, (store) => {
      this.#store = store;
      this.#toldTicks = store.leases.ticks;
      this.#toldFresh = store.leases.hasFresh;
      this.#leaseListener?.();
      store.versions.onSweepable(this.#sweepListener);
      this.changes.restored(store);
      this.#sweepListener();
    });
  }

  /** Tells of what comes sooner than the listener could know: a tick, or a lease that is fresh. */
  #tellLeases(): void {
    const { ticks, hasFresh } = this.#store.leases;
    if (ticks === this.#toldTicks && hasFresh === this.#toldFresh) return;
    this.#toldTicks = ticks;
    this.#toldFresh = hasFresh;
    this.#leaseListener?.();
  }

  #applyCommand(bytes: Uint8Array, timestampMicros: number): KvResult {
    let command: KvCommand;
    try {
      command = decodeCommand(bytes);
    } catch (error) {
      if (error instanceof KvError) return this.#store.refuse('malformed');
      throw error;
    }
    return this.#counted(this.#store.execute(command, timestampMicros));
  }

  #counted<Result extends KvResult | RangeResult>(result: Result): Result {
    this.#counts.count(result);
    return result;
  }
}

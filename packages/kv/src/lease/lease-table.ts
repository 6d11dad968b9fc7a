import { assert } from '@quorate/base';
import { mixNumber } from '../state-hash.ts';
import { ExpiryHeap } from './expiry-heap.ts';
import { Lease, type LeaseSpan } from './lease.ts';

/** Odd, so that multiplying by it gives different ids for different numbers. */
const ID_FACTOR = 0x1e37_79b9_7f4a_7c15n;

/** Roughly what a lease takes, without its keys. */
const LEASE_BYTES = 208;

/** One lease as it was at one moment. */
export interface LeaseRecord {
  readonly id: bigint;
  readonly ttlSeconds: number;
  /** Of its span. */
  readonly tick: number;
  /** Null: its time has not begun. */
  readonly startMs: number | null;
}

/**
 * All leases, and the time that they live by: replicated state, changed by commands alone.
 *
 * Lease time moves by ticks. Each is numbered, says how many milliseconds have passed since the one
 * before by the monotonic clock of whoever proposed it, and counts only as the successor of that
 * one. Those milliseconds lie between the proposer's having applied the one tick and its proposing
 * the next, so lease time never runs ahead of real time, whoever ticks; no wall clock has a say.
 *
 * @see docs/decisions/0030-leases-live-by-ticks-in-the-log.md
 */
export class LeaseTable {
  readonly #leases = new Map<bigint, Lease>();
  readonly #order = new ExpiryHeap();
  #nowMs = 0;
  #span: LeaseSpan = { tick: 0, startMs: null };
  #hasFresh = false;
  #hashSum = 0;

  get size(): number {
    return this.#leases.size;
  }

  /** Lease time: it begins at 0. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** How many ticks there have been. */
  get ticks(): number {
    return this.#span.tick;
  }

  /** Whether a lease was granted or renewed since the last tick: its time begins with the next. */
  get hasFresh(): boolean {
    return this.#hasFresh;
  }

  /** In lease time, when the next lease can end, or before; null: there is none. */
  get nextDeadlineMs(): number | null {
    return this.#order.first?.boundMs ?? null;
  }

  get bytes(): number {
    return this.#leases.size * LEASE_BYTES;
  }

  hash(): number {
    return mixNumber(mixNumber(this.#hashSum, this.#nowMs), this.ticks);
  }

  find(id: bigint): Lease | undefined {
    return this.#leases.get(id);
  }

  ids(): bigint[] {
    return [...this.#leases.keys()];
  }

  /** @param id new, and not 0n */
  grant(id: bigint, ttlSeconds: number): void {
    assert(!this.#leases.has(id) && id !== 0n, 'a lease has an id of its own');
    this.#add(new Lease(id, ttlSeconds, this.#span));
    this.#hasFresh = true;
  }

  /**
   * @param seed another for each grant
   * @returns a positive id that no lease has
   */
  freeId(seed: number): bigint {
    let id = BigInt.asUintN(63, BigInt(seed) * ID_FACTOR);
    while (id === 0n || this.#leases.has(id)) id = BigInt.asUintN(63, id + 1n);
    return id;
  }

  /** @returns the granted time to live in seconds; 0: there is no such lease */
  renew(id: bigint): number {
    const lease = this.#leases.get(id);
    if (lease === undefined) return 0;
    if (lease.span !== this.#span) {
      this.#hashSum = (this.#hashSum - lease.hash) >>> 0;
      lease.span = this.#span;
      this.#hashSum = (this.#hashSum + lease.hash) >>> 0;
      this.#hasFresh = true;
    }
    return lease.ttlSeconds;
  }

  remove(lease: Lease): void {
    this.#leases.delete(lease.id);
    // Else the next one granted would not be news, to whoever waits for it to begin time again.
    if (this.#leases.size === 0) this.#hasFresh = false;
    this.#order.remove(lease);
    this.#hashSum = (this.#hashSum - lease.hash) >>> 0;
  }

  /** Moves time; what was fresh lives from now on. */
  tick(elapsedMs: number): void {
    this.#nowMs += elapsedMs;
    this.#span.startMs = this.#nowMs;
    this.#span = { tick: this.#span.tick + 1, startMs: null };
    this.#hasFresh = false;
  }

  /** @returns the next lease whose time is over, in the order of deadlines and ids */
  nextExpired(): Lease | undefined {
    for (;;) {
      const lease = this.#order.first;
      if (lease === undefined || lease.boundMs > this.#nowMs) return undefined;
      const deadlineMs = lease.deadlineMs(this.#nowMs);
      if (deadlineMs === lease.boundMs) return lease;
      this.#order.move(lease, deadlineMs);
    }
  }

  /** All leases as they are now, in the order in which they were granted. */
  records(): Iterable<LeaseRecord> {
    // Two flat arrays, since this is called while commands wait: all but the span never changes.
    const leases = [...this.#leases.values()];
    const spans = leases.map(({ span }) => span);
    const fresh = this.#span;
    return {
      *[Symbol.iterator]() {
        for (const [at, { id, ttlSeconds }] of leases.entries()) {
          const span = spans[at] as LeaseSpan;
          const startMs = span === fresh ? null : span.startMs;
          yield { id, ttlSeconds, tick: span.tick, startMs };
        }
      },
    };
  }

  /** Sets the clock of an empty table, before leases are loaded. */
  resumeAt(nowMs: number, ticks: number): void {
    assert(this.#leases.size === 0, 'the clock of an empty table is set');
    this.#nowMs = nowMs;
    this.#span = { tick: ticks, startMs: null };
  }

  /**
   * Takes over a lease from a snapshot, in order.
   *
   * @param span shared by the leases that shared it; null: it is the present one
   */
  load(id: bigint, ttlSeconds: number, span: LeaseSpan | null): void {
    if (span === null) this.#hasFresh = true;
    this.#add(new Lease(id, ttlSeconds, span ?? this.#span));
  }

  #add(lease: Lease): void {
    this.#leases.set(lease.id, lease);
    this.#order.add(lease, lease.deadlineMs(this.#nowMs));
    this.#hashSum = (this.#hashSum + lease.hash) >>> 0;
  }
}

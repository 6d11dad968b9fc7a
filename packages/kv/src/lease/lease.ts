import { mixNumber } from '../state-hash.ts';

/** What the API takes at most, about 285 years. */
export const MAX_LEASE_TTL_SECONDS = 9_000_000_000;

/**
 * The leases that were granted or renewed between two ticks share one: the time that they live from
 * is that of the tick after, so that it is never before the renewal. One tick starts them all.
 */
export interface LeaseSpan {
  /** Of the tick before it. */
  readonly tick: number;
  /** In lease time; null: the tick after has not come. */
  startMs: number | null;
}

/** One lease. What never changes is not in the state hash twice: `idHash` stands for the id. */
export class Lease {
  readonly id: bigint;
  readonly ttlSeconds: number;
  readonly idHash: number;
  span: LeaseSpan;
  /** In lease time: it does not end before. A renewal does not move it, the heap does. */
  boundMs = 0;
  /** Where it stands in the heap. */
  heapAt = 0;

  constructor(id: bigint, ttlSeconds: number, span: LeaseSpan) {
    this.id = id;
    this.ttlSeconds = ttlSeconds;
    this.span = span;
    const low = mixNumber(0, Number(BigInt.asUintN(32, id)));
    this.idHash = mixNumber(low, Number(BigInt.asUintN(32, id >> 32n))) | 0;
  }

  get hash(): number {
    return mixNumber(mixNumber(this.idHash, this.ttlSeconds), this.span.tick);
  }

  /** @param nowMs lease time, for a lease whose time has not begun */
  deadlineMs(nowMs: number): number {
    return (this.span.startMs ?? nowMs) + this.ttlSeconds * 1000;
  }
}

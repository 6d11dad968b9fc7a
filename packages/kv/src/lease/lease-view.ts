/** One lease, as a server tells of it. */
export interface LeaseStatus {
  readonly id: bigint;
  /** As granted. */
  readonly ttlSeconds: number;
  /**
   * How much was left at the last tick; null: it was renewed since, and has all of its time. Below
   * 0: it is over, and ends with the next tick.
   */
  readonly leftMs: number | null;
}

/** What decides when the next tick is worth proposing. Times are in lease time. */
export interface LeaseSchedule {
  /** How many ticks were applied: what the next one comes after. */
  readonly ticks: number;
  readonly nowMs: number;
  /** A lease was granted or renewed since the last tick: its time begins with the next. */
  readonly hasFresh: boolean;
  /** No lease ends before; null: there is none. */
  readonly nextDeadlineMs: number | null;
}

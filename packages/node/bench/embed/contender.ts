/** What one load showed. Latencies in milliseconds. */
export interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of one proposal on all nodes together; null where nobody counts them. */
  readonly diskBytes: number | null;
  readonly wireBytes: number | null;
}

/** Three nodes of one implementation on this machine, with a leader. */
export interface Contender {
  readonly name: string;
  /** So many callers at the leader, each with one proposal at a time. */
  load(callers: number, seconds: number): Promise<Figures>;
  close(): Promise<void>;
}

export const commandBytes = 128;

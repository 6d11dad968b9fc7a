import type { AutoCompaction } from './core/index.ts';

/** How the API is served, where it is not as usual. */
export interface ApiOptions {
  /** Left out: history is kept until somebody compacts it. */
  readonly autoCompaction?: AutoCompaction;
  /** Of one write, as it is proposed; 1.5 MiB when left out. A message may have 512 KiB more. */
  readonly maxRequestBytes?: number;
  /** In one list of a transaction; 128 when left out. */
  readonly maxTxnOperations?: number;
  /** Calls at a time of one connection; 10,000 when left out. */
  readonly maxConcurrentStreams?: number;
  /**
   * Connections of clients at a time, on all addresses; when left out, three quarters of what this
   * process may open, and 16,384 at most.
   */
  readonly maxConnections?: number;
  /** How often a quiet watcher that asks for it is told how far it is; 10 minutes when left out. */
  readonly watchProgressIntervalMs?: number;
}

/** What clients of etcd may propose at most. */
const usualRequestBytes = 1.5 * 1024 * 1024;
/** What a message may have beside what is proposed. */
const overheadBytes = 512 * 1024;

/** @returns the largest command that may be proposed */
export function maxCommandBytesOf({ maxRequestBytes = usualRequestBytes }: ApiOptions): number {
  return maxRequestBytes;
}

/** @returns the largest message of a client */
export function maxMessageBytesOf(options: ApiOptions): number {
  return maxCommandBytesOf(options) + overheadBytes;
}

/** What of them concerns the service itself, on any transport. */
export function serviceParts(options: ApiOptions) {
  const { autoCompaction, maxTxnOperations, watchProgressIntervalMs } = options;
  return {
    ...(autoCompaction === undefined ? {} : { autoCompaction }),
    ...(maxTxnOperations === undefined ? {} : { maxTxnOperations }),
    ...(watchProgressIntervalMs === undefined
      ? {}
      : { watch: { progressIntervalMs: watchProgressIntervalMs } }),
  };
}

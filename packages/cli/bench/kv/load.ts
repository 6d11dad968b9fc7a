import type { Figures } from './figures.ts';

/** `get` is linearizable, `sget` serializable. */
export type Operation = 'put' | 'get' | 'sget';

/** Who asks for what, and for how long. */
export interface LoadLevel {
  /** `host:port` of each member; every client uses them in turn. */
  readonly endpoints: readonly string[];
  readonly operation: Operation;
  /** Each has one operation under way at a time. */
  readonly clients: number;
  readonly seconds: number;
  /** The load ends with this many operations even if its time is not over. */
  readonly operations: number;
  /** Keys are drawn from this many, each operation a new draw. */
  readonly keys: number;
  readonly valueBytes: number;
  /** Of one operation, milliseconds. */
  readonly timeoutMs: number;
}

/** A program that uses the cluster, in processes other than the servers'. */
export interface Load {
  readonly name: string;
  run(level: LoadLevel): Promise<LoadResult>;
  stop(): Promise<void>;
}

export interface LoadResult {
  readonly figures: Figures;
  /** How many were answered. */
  readonly operations: number;
  /** What else the client has to say, above all whether it was the bottleneck; may be empty. */
  readonly remark: string;
}

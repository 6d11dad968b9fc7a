import type { Figures } from './figures.ts';

/** Who asks for what, and for how long. */
export interface LoadLevel {
  /** `host:port` of each member; every client uses them in turn. */
  readonly endpoints: readonly string[];
  /** Each has one put under way at a time. */
  readonly clients: number;
  readonly seconds: number;
  /** The load ends with this many puts even if its time is not over. */
  readonly puts: number;
  /** Keys are drawn from this many, each put a new draw. */
  readonly keys: number;
  readonly valueBytes: number;
}

/** A program that puts, in processes other than the servers'. */
export interface Load {
  readonly name: string;
  run(level: LoadLevel): Promise<LoadResult>;
  stop(): Promise<void>;
}

export interface LoadResult {
  readonly figures: Figures;
  /** How many were acknowledged. */
  readonly puts: number;
  /** What else the client has to say, above all whether it was the bottleneck; may be empty. */
  readonly remark: string;
}

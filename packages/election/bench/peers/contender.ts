import type { Cluster } from '../election/cluster.ts';

/** One way to have a leader, as the scenarios see it. */
export interface Contender {
  readonly name: string;
  readonly version: string;
  /** With which times, in a word. */
  readonly times: string;
  /** After so long a silence of the leader another one may lead; stops last three times as long. */
  readonly timeoutMs: number;
  /** How many members the scenario of two halves has. */
  readonly halves: 3 | 5;
  /** Whether members tell whom they follow. */
  readonly tellsFollowing: boolean;
  start(members: number, directory: string, hasLinks: boolean): Promise<Running>;
}

/** Its members, and whatever they need besides. */
export interface Running {
  readonly cluster: Cluster;
  /** Null: it needs no servers. */
  readonly servers: Servers | null;
  close(): Promise<void>;
}

export interface Servers {
  readonly count: number;
  kill(at: number): Promise<void>;
  start(at: number): Promise<void>;
}

import type { HostTuning } from '@quorate/host';

/** One blow of a nemesis: when, which, and where its own draws come from. */
export interface Strike {
  /** Virtual milliseconds since the start. */
  readonly atMs: number;
  readonly nemesis: string;
  /** Below 2^32. Its own, so that dropping one strike does not change what another does. */
  readonly seed: number;
}

/** What a run may set of the tuning. */
export const tunedFields = [
  'electionTimeoutMs',
  'heartbeatIntervalMs',
  'requestTimeoutMs',
  'segmentBytes',
  'snapshotLogBytes',
  'snapshotTailEntries',
  'maxMessageBytes',
  'maxInflightMessages',
  'maxUncommittedBytes',
  'snapshotBytesPerSecond',
] as const satisfies readonly (keyof HostTuning)[];

/** A field of `HostTuning` that a plan may set. */
export type TunedField = (typeof tunedFields)[number];

/** What is left out is as in `usualTuning`. */
export type PlannedTuning = Readonly<Partial<Record<TunedField, number>>>;

/** What stands for a tuned field that a plan leaves out. */
export const usualTuning: Readonly<Record<TunedField, number>> = {
  electionTimeoutMs: 1000,
  heartbeatIntervalMs: 100,
  requestTimeoutMs: 5000,
  segmentBytes: 65_536,
  snapshotLogBytes: 10_000_000,
  snapshotTailEntries: 500,
  maxMessageBytes: 100_000,
  maxInflightMessages: 256,
  maxUncommittedBytes: 1_000_000,
  snapshotBytesPerSecond: 1_000_000_000,
};

/** What the last node is in the group that clients use; there is more than one node then. */
export const lastParts = ['voter', 'learner', 'witness'] as const;

/** See `lastParts`. */
export type LastPart = (typeof lastParts)[number];

/**
 * A run of a cluster as data: all that is decided before it begins. The same plan on the same
 * sources is the same run. A scenario adds what its clients need.
 */
export interface ClusterPlan {
  /** Of the network, the disks, the nodes and the clients. */
  readonly seed: number;
  readonly nodes: number;
  readonly clients: number;
  /** A client waits at most this long between two operations. */
  readonly thinkMs: number;
  /** A disk operation takes at most this long while all is well. */
  readonly diskMs: number;
  /** Clocks run at 1 plus or minus this. */
  readonly clockDrift: number;
  /** Whether leaders hold leases, for that drift of the clocks. */
  readonly leases: boolean;
  /** After so long a group in which nothing happens stops its heartbeats; 0: it never does. */
  readonly quiesceMs: number;
  /** Whether some nodes are preferred as leaders. */
  readonly priorities: boolean;
  readonly lastPart: LastPart;
  /** Whether nodes whose disks are lost are repaired or replaced when the faults end. */
  readonly mends: boolean;
  /** When all faults end and the cluster must recover. */
  readonly faultyMs: number;
  readonly tuning: PlannedTuning;
  /** In the order of their times. */
  readonly strikes: readonly Strike[];
}

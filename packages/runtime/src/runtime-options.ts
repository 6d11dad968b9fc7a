import type { Ports } from '@quorate/base';
import type { Effects, LogStore, PeerLinks, Raft, SnapshotStore } from '@quorate/raft';
import type { Entry, GroupId, NodeId } from '@quorate/schema';

/** Durations in milliseconds. */
export interface RuntimeTuning {
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: number;
  /** As `RaftOptions.maxClockDrift`. */
  readonly maxClockDrift: number | null;
  /** After which a proposal's outcome is unknown, and a read is given up. */
  readonly requestTimeoutMs: number;
  /** After which a group in which nothing happens sleeps (rule 11); null: it never does. */
  readonly quiesceAfterMs: number | null;
  readonly snapshotLogBytes: number;
  readonly snapshotTailEntries: number;
  /** Of snapshots that are sent, by all groups together; null: no limit. */
  readonly snapshotBytesPerSecond: number | null;
  readonly maxCommandBytes: number;
  readonly maxUncommittedBytes: number;
  readonly maxMessageBytes: number;
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
}

/** What may be read of a replica from outside; nothing here changes it. */
export type RaftView = Pick<
  Raft,
  | 'nodeId'
  | 'currentTerm'
  | 'votedFor'
  | 'role'
  | 'leaderId'
  | 'commitIndex'
  | 'lastIndex'
  | 'logEntries'
  | 'logBytes'
  | 'durableIndex'
  | 'configuration'
  | 'configurationIndex'
  | 'leaseUntilMs'
  | 'repairing'
  | 'isImpostor'
  | 'asleep'
  | 'appliedIndex'
  | 'peers'
  | 'snapshot'
  | 'termAt'
  | 'entryAt'
>;

/** Sees what happens without taking part: the simulator's invariants, and traces. */
export interface RuntimeObserver {
  /** After each turn of a group, before its effects are carried out. */
  turned(group: GroupId, raft: RaftView, effects: Effects): void;
  /** What a turn wrote is durable here. */
  persisted?(group: GroupId, entries: readonly Entry[]): void;
  /** The state machine has taken `seconds` for these, Raft's own among them. */
  applied?(group: GroupId, entries: readonly Entry[], seconds: number): void;
}

/**
 * What one process's groups share. The runtime starts `links`, and closes them and `logStore` when
 * it is closed.
 */
export interface RuntimeOptions {
  readonly ports: Ports;
  readonly nodeId: NodeId;
  /** Of the data directory; 0: not told. */
  readonly incarnation: number;
  readonly logStore: LogStore;
  readonly snapshotStore: SnapshotStore;
  readonly links: PeerLinks;
  readonly tuning: RuntimeTuning;
  readonly observer?: RuntimeObserver;
  /** The log failed or a state machine threw: the runtime has stopped for good. */
  readonly onHalt: (error: Error) => void;
}

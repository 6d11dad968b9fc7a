import type { Address, Ports, StateMachine } from '@quorate/base';
import type { PeerLinks } from '@quorate/raft';
import type { GroupHandle, RuntimeObserver } from '@quorate/runtime';
import type { GroupId, NodeId } from '@quorate/schema';

export interface HostGroup {
  readonly id: GroupId;
  /** For logs and metrics. */
  readonly name: string;
  readonly stateMachine: StateMachine<unknown>;
}

/** Every duration in milliseconds; defaults in `defaultTuning`. */
export interface HostTuning {
  readonly heartbeatIntervalMs: number;
  /** The shortest wait for a leader before an election; the longest is twice that. */
  readonly electionTimeoutMs: number;
  /**
   * By how much the rate of any node's clock may differ from true time, as a fraction; null: no
   * leader lease. The same on every node.
   */
  readonly maxClockDrift: number | null;
  readonly requestTimeoutMs: number;
  /**
   * After which a group in which nothing happens stops its own heartbeats; one heartbeat from node
   * to node then stands for all that sleep. Null: it never does.
   */
  readonly quiesceAfterMs: number | null;
  readonly segmentBytes: number;
  /**
   * A snapshot is taken after this much log, or after as much as the last snapshot had, if more.
   */
  readonly snapshotLogBytes: number;
  /** How many entries stay in the log behind a snapshot for followers that are a little late. */
  readonly snapshotTailEntries: number;
  /**
   * How much of snapshots this process sends in a second, to all followers together; at least
   * 64 KiB. Null: as fast as they take it.
   */
  readonly snapshotBytesPerSecond: number | null;
  readonly maxCommandBytes: number;
  readonly maxUncommittedBytes: number;
  readonly maxMessageBytes: number;
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
}

export interface HostOptions {
  readonly ports: Ports;
  readonly nodeId: NodeId;
  /** 16 hex digits; peers of another cluster are refused. */
  readonly clusterId: string;
  /** Relative to the file-system port's root. */
  readonly dataDirectory: string;
  readonly listen: Address;
  /** All voters of a new cluster, this node included. */
  readonly members: ReadonlyMap<NodeId, Address>;
  readonly groups: readonly HostGroup[];
  readonly tuning?: Partial<HostTuning>;
  /** Puts something between the runtime and the links: message faults, or a trace. */
  readonly linksThrough?: (links: PeerLinks) => PeerLinks;
  /** Sees every turn of every group; see `RuntimeObserver`. */
  readonly observer?: RuntimeObserver;
  /** The node can no longer be trusted to go on: it has stopped itself, the process should end. */
  readonly onHalt: (error: Error) => void;
}

/** One process of a cluster: a log, links to peers, and any number of groups. */
export interface Host {
  readonly nodeId: NodeId;
  /** Where peers reach it. */
  readonly address: Address;
  group<Result>(id: GroupId): GroupHandle<Result>;
  /** Refuses new work, lets what is being made durable finish, then closes. Idempotent. */
  close(done: () => void): void;
}

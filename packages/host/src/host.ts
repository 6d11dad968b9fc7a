import type { Address, Ports, StateMachine } from '@quorate/base';
import type { LogStore, MembershipStep, PeerLinks, SnapshotStore } from '@quorate/raft';
import type { GroupHandle, RuntimeObserver } from '@quorate/runtime';
import type { GroupId, LogIndex, NodeId } from '@quorate/schema';

export interface HostGroup {
  readonly id: GroupId;
  /** For logs and metrics. */
  readonly name: string;
  readonly stateMachine: StateMachine<unknown>;
  /**
   * Of a group that is new; the same on every founder. Left out: all members. Empty: there is such
   * a group elsewhere, and this node is to join it.
   */
  readonly voters?: readonly NodeId[];
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
  /** Relative to the file-system port's root. Null: there is none, `storage` keeps everything. */
  readonly dataDirectory: string | null;
  /** Left out: a log and snapshot files in the data directory. */
  readonly storage?: HostStorage;
  readonly listen: Address;
  /**
   * Whom this node talks to from the start, itself included: the founders of a new cluster or, when
   * it joins one, the members it was told of. Whoever comes later is known by the log.
   */
  readonly members: ReadonlyMap<NodeId, Address>;
  /** Whether nodes may join by asking, without having been added before. Default: no. */
  readonly admitsNodes?: boolean;
  readonly groups: readonly HostGroup[];
  readonly tuning?: Partial<HostTuning>;
  /** Puts something between the runtime and the links: message faults, or a trace. */
  readonly linksThrough?: (links: PeerLinks) => PeerLinks;
  /** Sees every turn of every group; see `RuntimeObserver`. */
  readonly observer?: RuntimeObserver;
  /** The node can no longer be trusted to go on: it has stopped itself, the process should end. */
  readonly onHalt: (error: Error) => void;
}

/** Where a host keeps its log and its snapshots. */
export interface HostStorage {
  readonly logStore: LogStore;
  readonly snapshotStore: SnapshotStore;
  /**
   * Drawn once in the life of what is stored, a safe integer from 1; a store that forgets has
   * another one each time. Used when there is no data directory, which has its own.
   */
  readonly incarnation: number;
}

/** What this node wants to be in a group that it joins. */
export interface JoinOptions {
  /** Become a voter once it has caught up (default), or stay a learner. */
  readonly promote?: boolean;
  /** Failure domain, outermost first: 'eu/de/fra1'. */
  readonly locality?: string;
  /** Members to ask, when the log names none yet. */
  readonly contacts?: readonly Address[];
}

/** @param index of the configuration in force, committed; null with an error */
export type MembersDone = (error: Error | null, index: LogIndex | null) => void;

/** One process of a cluster: a log, links to peers, and any number of groups. */
export interface Host {
  readonly nodeId: NodeId;
  /** Of the data this node has. */
  readonly incarnation: number;
  /** Where peers reach it. */
  readonly address: Address;
  group<Result>(id: GroupId): GroupHandle<Result>;
  /**
   * Asks the members, wherever the leader is, to let this node take part in the group; as a learner
   * at first. Nothing is done twice.
   */
  join(group: GroupId, options: JoinOptions, timeoutMs: number, done: MembersDone): void;
  /** As `GroupHandle.changeMembership`, on whichever node leads. */
  changeMembers(
    group: GroupId,
    steps: readonly MembershipStep[],
    timeoutMs: number,
    done: MembersDone,
  ): void;
  /**
   * As `GroupHandle.transferLeadership`, on whichever node leads.
   *
   * @param to null: to the voter that would take over best
   */
  transferLeadership(
    group: GroupId,
    to: NodeId | null,
    timeoutMs: number,
    done: (error: Error | null) => void,
  ): void;
  /** Refuses new work, lets what is being made durable finish, then closes. Idempotent. */
  close(done: () => void): void;
}

import type { Address, Ports, StateMachine } from '@quorate/base';
import type { LogStore, MembershipStep, PeerLinks, SnapshotStore } from '@quorate/raft';
import type {
  Applied,
  GroupHandle,
  ProposeOptions,
  ReadDone,
  ReadOptions,
  RuntimeObserver,
} from '@quorate/runtime';
import type { GroupId, LogIndex, NodeId } from '@quorate/schema';
import type { SpokenVersions } from '@quorate/transport';
import type { ChangeConditions, MetMember } from './enquiries/messages.ts';
import type { Survey } from './enquiries/surveyor.ts';

/**
 * A group of which this node is to be a replica. Left out at a later start, it keeps the host from
 * opening (HOST_GROUP_UNKNOWN): its promises are in the log.
 */
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
  /** How nodes that are no members are served; left out: they are not. See `Host.reach`. */
  readonly service?: GroupService;
}

/** What a group's state machine answers, in bytes, so that it can be asked from another node. */
export interface GroupService {
  /** Of an applied command. */
  encodeResult(result: unknown): Uint8Array;
  /** @param bytes from another node. @throws when they are no result */
  decodeResult(bytes: Uint8Array): unknown;
  /**
   * Looks at the local state machine, at once.
   *
   * @param query from another node
   * @throws why there is no answer; whoever asked is told the message
   */
  answer(query: Uint8Array): Uint8Array;
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
  /** How many may follow who leads, through this node and for each group; others are sent on. */
  readonly maxFollowers: number;
}

/** What a node is. Ids, groups and the data directory stay the same for the node's whole life. */
export interface HostOptions {
  readonly ports: Ports;
  readonly nodeId: NodeId;
  /** 16 hex digits; peers of another cluster are refused. */
  readonly clusterId: string;
  /** Told to nodes that want to join, so that they can compare; at most 255 characters. */
  readonly clusterName?: string;
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
  /** Nodes to ask besides where groups are, whoever they are. */
  readonly contacts?: readonly Address[];
  /** Whether nodes may join by asking, without having been added before. Default: no. */
  readonly admitsNodes?: boolean;
  readonly groups: readonly HostGroup[];
  readonly tuning?: Partial<HostTuning>;
  /** Of the peers' protocol; left out: those that this release speaks. */
  readonly protocolVersions?: SpokenVersions;
  /** Puts something between the runtime and the links: message faults, or a trace. */
  readonly linksThrough?: (links: PeerLinks) => PeerLinks;
  /** Puts something between the runtime and the storage: faults of disks, or a trace. */
  readonly storageThrough?: (storage: HostStorage) => HostStorage;
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

/** The result of a command, as `GroupService.decodeResult` gives it if it was applied elsewhere. */
export type ReachedDone = (error: Error | null, applied: Applied<unknown> | null) => void;

/** Called once. `answer` is as `GroupService.answer` gave it; null with an error. */
export type QueryDone = (error: Error | null, answer: Uint8Array | null) => void;

/**
 * How recent the state has to be that a query looks at; left out, linearizable. `maxStalenessMs` is
 * of `bounded`; `minIndex` waits until so much is applied.
 */
export interface QueryOptions {
  /** `lease` asks nobody on a leader with a lease; `bounded` may be `maxStalenessMs` behind. */
  readonly consistency?: 'linearizable' | 'lease' | 'bounded' | 'local';
  readonly maxStalenessMs?: number;
  readonly minIndex?: LogIndex;
}

/** A group of which this node may or may not be a member. */
export interface ReachableGroup {
  /** Whether this node answers for it itself: it votes, and knows a leader. */
  readonly place: 'here' | 'elsewhere' | 'unknown';
  /**
   * As `GroupHandle.propose`, on any node. One that is no voter asks one, and another one to do
   * the same only when the first has surely done nothing: a command is applied once, or its outcome
   * is unknown.
   */
  propose(command: Uint8Array, done: ReachedDone, options?: ProposeOptions): void;
  /** As `GroupHandle.readBarrier` of the replica here, whatever that is worth: see `place`. */
  readBarrier(done: ReadDone, options?: ReadOptions): void;
  /** `GroupService.answer` of a state machine that is as recent as asked for. */
  query(query: Uint8Array, options: QueryOptions, done: QueryDone): void;
}

/** One process of a cluster: a log, links to peers, and any number of groups. */
export interface Host {
  readonly nodeId: NodeId;
  /** Of the data this node has. */
  readonly incarnation: number;
  /** Where peers reach it. */
  readonly address: Address;
  /** Whether the log has room: false while a disk is full, and after it has failed. */
  readonly writable: boolean;
  group<Result>(id: GroupId): GroupHandle<Result>;
  /** Of a group with a `service`, on any node. */
  reach(id: GroupId): ReachableGroup;
  /**
   * Asks every node that is known to anyone where groups are; bounded in time.
   *
   * @param group null: all that this node has
   */
  survey(group: GroupId | null, done: (survey: Survey) => void): void;
  /**
   * Tells the node at `address` who the members are of a group that is to be moved to it, or they
   * could not reach it.
   *
   * @param done which node it is, and where its peers reach it
   */
  introduce(
    address: Address,
    group: GroupId,
    members: readonly MetMember[],
    timeoutMs: number,
    done: (error: Error | null, node: MetMember | null) => void,
  ): void;
  /**
   * Tells the node at `address` that it will be removed from the group: what it is asked it hands
   * to other members from now on, for 30 s, or for good once it is removed. `done` once nothing is
   * under way there that a removal would cut off.
   */
  release(
    address: Address,
    group: GroupId,
    timeoutMs: number,
    done: (error: Error | null) => void,
  ): void;
  /**
   * Asks the members, wherever the leader is, to let this node take part in the group; as a learner
   * at first. Nothing is done twice.
   */
  join(group: GroupId, options: JoinOptions, timeoutMs: number, done: MembersDone): void;
  /**
   * As `GroupHandle.changeMembership`, on whichever node leads. A condition that is not met there
   * ends it with HOST_REQUEST_REFUSED, `code` TOO_MANY_LEARNERS, LEARNER_BEHIND
   * or VOTERS_SILENT.
   */
  changeMembers(
    group: GroupId,
    steps: readonly MembershipStep[],
    timeoutMs: number,
    done: MembersDone,
    conditions?: ChangeConditions,
  ): void;
  /**
   * Asks a member of the group whether another one answers it at present: what one node cannot
   * reach, another may.
   *
   * @param done exactly once, within 2 s; null: `voter` did not say
   */
  askAbout(
    group: GroupId,
    voter: NodeId,
    about: NodeId,
    done: (answers: boolean | null) => void,
  ): void;
  /** These are nodes to talk to, and may talk to this one, until the log says more. */
  meet(members: readonly MetMember[]): void;
  /** Whether messages can go to this node now. */
  isConnected(node: NodeId): boolean;
  /** Where its peers reach a member, as far as this node knows: 'host:port', or empty. */
  addressOf(group: GroupId, node: NodeId): string;
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

import type { Address, Clock, LogFields, Logger, Network, StateMachine } from '@quorate/base';
import type { GroupService, Host, HostOptions, HostStorage, HostTuning } from '@quorate/host';
import type { Applied, GroupStatus, RuntimeObserver } from '@quorate/runtime';
import type { NodeId } from '@quorate/schema';

/**
 * A node for those who bring state machines of commands in bytes and do without sessions; most want
 * `NodeOptions`. Nothing is checked against what the cluster is: all founders need the same
 * `clusterId`, `members` and `voters`.
 */
export interface MemberOptions {
  readonly nodeId: NodeId;
  /** 16 hex digits; see `clusterIdOf`. */
  readonly clusterId: string;
  /** See `HostOptions.clusterName`. */
  readonly clusterName?: string;
  /** Null: nothing survives the process, and `storage` has to be given. */
  readonly dataDirectory: string | null;
  /** Left out: a log and snapshot files in the data directory. */
  readonly storage?: HostStorage;
  /** Left out: TCP. */
  readonly network?: (logger: Logger) => Network;
  readonly listen: Address;
  /**
   * All voters of a new cluster, this node included; or, for one that joins, itself and members
   * that it can ask.
   */
  readonly members: ReadonlyMap<NodeId, Address>;
  /** By name; names are permanent, for they decide each group's id. */
  readonly groups: Readonly<Record<string, StateMachine<unknown>>>;
  /** Of new groups, by name; see `HostGroup.voters`. Left out: all members. */
  readonly voters?: Readonly<Record<string, readonly NodeId[]>>;
  /** Of groups, by name; see `HostGroup.service`. Left out: nodes outside are not served. */
  readonly services?: Readonly<Record<string, GroupService>>;
  /** See `HostOptions.contacts`. */
  readonly contacts?: readonly Address[];
  /** Whether nodes may join by asking, without having been added before. Default: no. */
  readonly admitsNodes?: boolean;
  readonly tuning?: Partial<HostTuning>;
  /** See `HostOptions.protocolVersions`. */
  readonly protocolVersions?: HostOptions['protocolVersions'];
  /** See `HostOptions.storageThrough`. */
  readonly storageThrough?: HostOptions['storageThrough'];
  readonly log?: LogOptions;
  /** See `HostOptions.observer`. */
  readonly observer?: RuntimeObserver;
  /** Called when the node had to stop itself (a failed fsync, say). Default: exit with code 1. */
  readonly onHalt?: (error: Error) => void;
}

/** Lines go to standard error. `fields` are added to each of them; `silent` writes none. */
export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly format: 'json' | 'logfmt';
  readonly fields?: LogFields;
}

/**
 * One replicated state machine of commands in bytes, on this node. Works on every member: a
 * follower hands commands on to its leader.
 */
export interface MemberGroup<Result> {
  /** @throws RuntimeError; see docs/reference/errors.md for each code */
  propose(command: Uint8Array): Promise<Applied<Result>>;
  /**
   * Runs `query` on the local state once it is known to be up to date (linearizable).
   * `query` must be synchronous: an await inside would let the state move on.
   */
  read<T>(query: () => T): Promise<T>;
  status(): GroupStatus;
  onLeadership(listener: (status: GroupStatus) => void): void;
  /**
   * Hands the lead from this node, which must have it, to another voter.
   *
   * @param to null: to the one that would take over best
   * @throws RuntimeError RUNTIME_NOT_LEADER, RUNTIME_TRANSFER_FAILED
   */
  transferLeadership(to: NodeId | null): Promise<void>;
}

/**
 * One process of a cluster, without what `openNode` adds. `group` gives the group of a name that
 * was opened here; its `Result` is the caller's claim. `close` lets what is being made durable
 * finish, and may be called twice.
 */
export interface ClusterMember extends AsyncDisposable {
  readonly nodeId: NodeId;
  readonly address: Address;
  /** See `Host.writable`. */
  readonly writable: boolean;
  group<Result>(name: string): MemberGroup<Result>;
  /** Prometheus text format, version 0.0.4. */
  metricsText(): Promise<string>;
  close(): Promise<void>;
}

/** A member that this process holds itself. */
export interface OpenedMember extends ClusterMember {
  /** What it is made of: every group by id, in callbacks; requests to the cluster. */
  readonly host: Host;
  /** The one its replicas go by: their deadlines are compared with no other (rule 1). */
  readonly clock: Clock;
}

import type { Address, Logger, Network } from '@quorate/base';
import type { HostStorage, HostTuning } from '@quorate/host';
import type {
  AnswerOf,
  Applied,
  CommandOf,
  GroupStatus,
  QueryOf,
  ResultOf,
} from '@quorate/runtime';
import type { DurabilityClass, LogIndex, NodeId, Term } from '@quorate/schema';
import type { LogOptions } from '../member.ts';
import type { MachineOf, MachineSource } from './machine-forms.ts';
import type { Session, SessionOptions } from './session.ts';

/** 'host:port' (IPv6 in brackets), or its parts. */
export type AddressLike = string | Address;

/**
 * State machines by the names of their groups. A name decides its group's id, so it stays; every
 * node of a cluster has the same ones.
 */
export type GroupSources = Readonly<Record<string, MachineSource>>;

/** Exactly one of `peers` and `join` is needed the first time; afterwards the log knows. */
export interface NodeOptions<Groups extends GroupSources = GroupSources> {
  /** A whole number from 1, of this node alone, for good. */
  readonly id: NodeId;
  /** This node's alone. Null: in memory, for tests; what the node knew is gone with the process. */
  readonly dataDir: string | null;
  /** Where peers reach this node; port 0 takes a free one, for tests with one node. */
  readonly listen: AddressLike;
  /**
   * What peers are told, when it differs from `listen` (0.0.0.0, a container). For one that joins;
   * founders are reached where `peers` says.
   */
  readonly advertise?: AddressLike;
  /** All founders of a new cluster by id, this node included; the same on each of them. */
  readonly peers?: Readonly<Record<NodeId, AddressLike>>;
  /** Any members of a running cluster. */
  readonly join?: readonly AddressLike[];
  /**
   * Tells clusters apart that have the same founders' ids. The same on each. Default 'quorate'.
   * With `join` it may be left out; given, it has to be the members' own.
   */
  readonly cluster?: string;
  /**
   * State machines by name, or functions that make them; names are permanent. Either the simple
   * form (`SimpleStateMachine`) or the full one (`StateMachine`).
   */
  readonly groups: Groups;
  /** Whether nodes may join by asking. Default: yes. */
  readonly admit?: boolean;
  /** A learner for good: it has the data, and no vote. */
  readonly learner?: boolean;
  /** Failure domain, outermost first: 'eu/de/fra1'. For one that joins. */
  readonly locality?: string;
  /**
   * For development: every group runs two copies of its state machine, compares them, and notes
   * what is not the same on every replica, such as the clock. Groups have to be given as functions.
   */
  readonly checked?: boolean;
  /** Left out: a log and snapshot files in `dataDir`. */
  readonly storage?: HostStorage;
  /** Left out: TCP. See `createHttpNetwork`. */
  readonly network?: (logger: Logger) => Network;
  readonly tuning?: Partial<HostTuning>;
  readonly log?: LogOptions;
  /** Joining, leaving and changes of membership are given up after this. Default 30,000. */
  readonly timeoutMs?: number;
  /**
   * Called when the node had to stop itself (a failed fsync, say). Default: exit with code 1. What
   * it throws is an uncaught exception of the program.
   */
  readonly onHalt?: (error: Error) => void;
}

/**
 * Checked, as all options are: NodeError NODE_OPTIONS_INVALID, and nothing was begun.
 *
 * Left out, a proposal waits until it is applied here or the node's request timeout has passed, and
 * is appended at most once.
 */
export interface ProposeOptions<Command = never, Result = unknown> {
  /**
   * Ends the wait. Before the command was handed over: nothing happened, and `signal.reason` is
   * thrown. Afterwards: RuntimeError RUNTIME_OUTCOME_UNKNOWN.
   */
  readonly signal?: AbortSignal;
  /**
   * Applied once, however often it has to be sent. One that this very group has opened, on this
   * node: NodeError NODE_OPTIONS_INVALID for any other. Not together with `durability`.
   */
  readonly session?: Session<Command, Result>;
  /**
   * Answer only once the command is durable in these failure domains as well; `depth` and `domains`
   * from 1 to 1024.
   */
  readonly durability?: DurabilityClass;
}

/**
 * Left out, a read is linearizable. A read that no quorum confirms in time is rejected, never
 * answered with something older.
 */
export interface ReadOptions {
  /**
   * - `linearizable` (default): reflects everything acknowledged anywhere before the call; asks a
   *   quorum, shared by all reads of a moment.
   * - `lease`: the same without asking, on a leader whose lease holds; elsewhere as `linearizable`.
   * - `bounded`: at most `maxStalenessMs` behind, by this node's clock.
   * - `local`: what is here, however old.
   */
  readonly consistency?: 'linearizable' | 'lease' | 'bounded' | 'local';
  /** Of `bounded`, which needs it. 0 or more. */
  readonly maxStalenessMs?: number;
  /** Waits until this index is applied here, such as a proposal's: then its effect is seen. */
  readonly minIndex?: LogIndex;
  readonly signal?: AbortSignal;
}

/**
 * A member as this node knows it, by the configuration that is in force here: behind on a node that
 * is cut off.
 */
export interface MemberInfo {
  readonly id: NodeId;
  /** 'host:port'; empty when this node does not know it. */
  readonly address: string;
  readonly role: 'voter' | 'learner' | 'witness';
  readonly isLeader: boolean;
}

/** In order; `elected` and `lost` alternate, and each comes once. */
export type LeadershipEvent =
  /** This node leads. Others may have been elected since: see `Group.status`. */
  | { readonly kind: 'elected'; readonly term: Term }
  /** This node leads no more, has halted, or is closing. */
  | { readonly kind: 'lost'; readonly term: Term }
  /** Another node leads; 0: nobody that this node knows of. */
  | { readonly kind: 'leader'; readonly leader: NodeId; readonly term: Term };

/** A node to take in. `id` is one that no member has, `address` where its peers will reach it. */
export interface NewMember {
  readonly id: NodeId;
  readonly address: AddressLike;
  /** Stays a learner. */
  readonly learner?: boolean;
}

/** One replicated state machine on this node. All methods work on every member. */
export interface Group<Machine> {
  readonly name: string;
  /**
   * Replicates a command and applies it here. Of one group at most 100,000 wait at a time to be in
   * the log; more are refused at once (RUNTIME_OVERLOADED).
   *
   * @throws RuntimeError, each code saying whether the command may have happened; MachineError when
   *   the state machine does not take it; see docs/reference/errors.md
   */
  propose(
    command: CommandOf<Machine>,
    options?: ProposeOptions<CommandOf<Machine>, ResultOf<Machine>>,
  ): Promise<Applied<ResultOf<Machine>>>;
  /**
   * @param view looks at the local state machine, once that is as recent as asked for; must be
   *   synchronous and change nothing. What it returns must not be part of the state.
   * @throws RuntimeError RUNTIME_READ_TIMEOUT, RUNTIME_STOPPING, RUNTIME_HALTED; what `view` throws
   */
  read<Answer>(view: (machine: Machine) => Answer, options?: ReadOptions): Promise<Answer>;
  /** As above, through the state machine's own `query`. */
  read(query: QueryOf<Machine>, options?: ReadOptions): Promise<AnswerOf<Machine>>;
  /** Commands proposed through it are applied exactly once. */
  openSession(options?: SessionOptions): Session<CommandOf<Machine>, ResultOf<Machine>>;
  /**
   * What this replica knows itself. Addresses of founders are not in the log until they change: ask
   * `members` for those.
   */
  status(): GroupStatus;
  members(): readonly MemberInfo[];
  /**
   * As a learner at first; a voter once it has caught up. The node itself need not ask. Asking
   * again for what is so already changes nothing.
   *
   * @throws HostError HOST_REQUEST_REFUSED, with `code` NODE_ID_TAKEN when a member has this id and
   *   is otherwise or elsewhere, NODE_ADDRESS_TAKEN when another member has this address; nothing
   *   was changed. HOST_CLUSTER_UNREACHABLE; RuntimeError RUNTIME_CHANGE_REFUSED
   */
  addMember(member: NewMember): Promise<void>;
  /** @throws NodeError NODE_MEMBER_UNKNOWN when it is none; else as `addMember` */
  removeMember(id: NodeId): Promise<void>;
  /**
   * @param to left out: to the voter that would take over best
   * @throws RuntimeError RUNTIME_TRANSFER_FAILED, also for one that is no voter
   */
  transferLeadership(to?: NodeId): Promise<void>;
  /**
   * What a listener throws does not touch the replica: it is an uncaught exception of the program.
   *
   * @returns stops listening
   */
  onLeadership(listener: (event: LeadershipEvent) => void): () => void;
  /**
   * From this call on; ends with `signal`, or when the node is closed. What is not drawn is kept:
   * to stop listening leave the loop, call `return`, or abort `signal`.
   */
  leadership(signal?: AbortSignal): AsyncIterableIterator<LeadershipEvent>;
}

/**
 * One process of a cluster with its replicas of all groups. `await using` closes it. `group` throws
 * NodeError NODE_GROUP_UNKNOWN for a name that was not opened.
 */
export interface QuorateNode<Groups extends GroupSources = GroupSources> extends AsyncDisposable {
  readonly id: NodeId;
  /** Where peers reach it. */
  readonly address: Address;
  group<Name extends keyof Groups & string>(name: Name): Group<MachineOf<Groups[Name]>>;
  readonly groupNames: readonly string[];
  /**
   * Leaves all groups in order, handing its leaderships over, then closes. A group's last voter
   * cannot leave.
   */
  leave(): Promise<void>;
  /** Prometheus text format, version 0.0.4. */
  metricsText(): Promise<string>;
  /**
   * Takes nothing new; what is under way finishes, first in sessions, then all other; leaderships
   * are handed over. Each of both is waited for up to 2 s as long as something moves on, and 0.6 s
   * when nothing does; what then has no answer has an unknown outcome. Idempotent.
   */
  close(): Promise<void>;
}

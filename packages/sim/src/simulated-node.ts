import type { Address, Prng, StateMachine } from '@quorate/base';
import type { Host, HostOptions, HostTuning } from '@quorate/host';
import type { PeerLinks } from '@quorate/raft';
import type { RaftView } from '@quorate/runtime';
import type { GroupId, NodeId } from '@quorate/schema';
import type { VirtualDisk } from './disk/virtual-disk.ts';
import type { NodeWorld } from './node-world.ts';
import type { TraceEvent } from './trace/trace-event.ts';

/** A group of which every node has a replica. */
export interface SimulatedGroup {
  readonly id: GroupId;
  readonly name: string;
  /** A fresh state machine for each life of each node. */
  readonly create: (node: NodeId) => StateMachine<unknown>;
  /** Of state machines that keep files: a fresh one, for a repair to read those with. */
  readonly createForRepair?: () => StateMachine<unknown>;
}

/**
 * What decides a simulated cluster: the same options and the same calls at the same virtual times
 * make the same run. Ids of nodes are 1 to `nodes`.
 */
export interface SimulatedClusterOptions {
  readonly seed: number;
  readonly nodes: number;
  /** So many nodes are the groups' first voters, the others have no part. Default: all. */
  readonly founders?: number;
  readonly groups: readonly SimulatedGroup[];
  readonly tuning: Partial<HostTuning>;
  /** Clocks run at rates drawn from [1 - drift, 1 + drift], now and whenever they change. */
  readonly clockDrift: number;
  /** A disk operation takes at most this long while all is well. */
  readonly diskMs: number;
  /**
   * Clients of the first group send so many commands at once, through one node and without waiting
   * for answers: what a nemesis calls at the worst moment. Default: nothing happens.
   */
  readonly burst?: (node: NodeId, commands: number, prng: Prng) => void;
  readonly trace?: (event: TraceEvent) => void;
  /** Whether nodes may join by asking, without having been added before. Default: no. */
  readonly admitsNodes?: boolean;
  /** Puts something between a node's replicas and its links, in each life: for scripts. */
  readonly linksThrough?: (node: SimulatedNode, links: PeerLinks) => PeerLinks;
  /**
   * Names of invariants that are not looked at, in a run that breaks what they rest on: that clocks
   * keep to the drift that the nodes were told. Default: all are.
   */
  readonly unchecked?: readonly string[];
}

type ProtocolVersions = NonNullable<HostOptions['protocolVersions']>;

export const presentRelease: ProtocolVersions = { min: 1, max: 1 };
/** Speaks one version more, whose messages are as before. */
export const nextRelease: ProtocolVersions = { min: 1, max: 2 };

/** Why a node's disk counts as lost. */
export interface DiskLoss {
  readonly why: string;
  /**
   * The node has forgotten promises and has no means to know: the simulator does. No repair can
   * find what is missing; another incarnation has to take its place.
   */
  readonly isUnnoticed: boolean;
}

/** One machine: its disk outlives its process. */
export interface SimulatedNode {
  readonly id: NodeId;
  readonly address: Address;
  readonly world: NodeWorld;
  /** Another one once the machine has been replaced. */
  disk: VirtualDisk;
  readonly prng: Prng;
  /** Of its release: what its process speaks to peers from its next start on. */
  protocolVersions: ProtocolVersions;
  /** Null while the process is down, or starting. */
  host: Host | null;
  /** The state machines of the present life, by group. */
  stateMachines: ReadonlyMap<GroupId, StateMachine<unknown>>;
  up: boolean;
  /** Why it stopped itself in this life, or did not start, if so. */
  halted: Error | null;
  /** Its disk was made to fail in this life, so it may stop itself. */
  diskFault: boolean;
  /**
   * Its disk may have been damaged for good: a bit that turned, a sync that lied, a write that went
   * astray. Such a node may refuse to start, and `damageOf` says whether anything did strike.
   */
  mayBeDamaged: boolean;
  /** Not null while its disk counts as lost: it stays down until it is repaired or replaced. */
  lost: DiskLoss | null;
  /** So many of the faults that have struck its disk a repair has dealt with. */
  mendedFaults: number;
  /** It is being replaced, which takes changes of membership; not yet done. */
  isBeingMended: boolean;
  /** Of each group, its replica in the present life, or in the last: what it had durable stays. */
  readonly replicas: Map<GroupId, RaftView>;
}

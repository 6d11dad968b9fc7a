import type { LogIndex, NodeId } from '@quorate/schema';
import type { Role } from './contract/effects.ts';
import type { Membership } from './membership/membership.ts';
import { DurabilityWaitList } from './reads/durability-wait-list.ts';
import { ReadQueue } from './reads/read-queue.ts';
import type { Progress } from './replication/progress.ts';

export interface FollowerState {
  readonly kind: 'follower';
  /** An acknowledgement is owed for entries that are not yet durable. */
  owesAnswer: boolean;
}

export interface CandidateState {
  readonly kind: 'preCandidate' | 'candidate';
  readonly votes: Map<NodeId, boolean>;
}

export interface LeaderState {
  readonly kind: 'leader';
  /** Everyone but this node. */
  readonly progress: Map<NodeId, Progress>;
  /** Index of the empty entry that began the term: nothing older may be committed by counting. */
  readonly termStart: LogIndex;
  readonly reads: ReadQueue;
  /** The newest heartbeat round; when each recent one was sent. */
  round: number;
  readonly roundSentMs: Map<number, number>;
  nextHeartbeatMs: number;
  /** When to look next whether a quorum still supports it; no later than it may cease to. */
  supportCheckMs: number;
  transfer: LeadershipTransfer | null;
  /** A TimeoutNow sent in this round or an earlier one is void; heartbeats say so (rule 3). */
  cancelRound: number;
  /**
   * Nodes to which a TimeoutNow has left that they may yet act on, each with the round after which
   * an answer says that it no longer will. No lease while there is one (rule 3).
   */
  readonly fences: Map<NodeId, number>;
  readonly durabilityWaits: DurabilityWaitList;
}

export interface LeadershipTransfer {
  readonly to: NodeId;
  readonly deadlineMs: number;
  /** The heartbeat round in which TimeoutNow left; null before. */
  sentInRound: number | null;
}

export type RoleState = FollowerState | CandidateState | LeaderState;

export function followerState(): FollowerState {
  return { kind: 'follower', owesAnswer: false };
}

export function leaderState(
  progress: Map<NodeId, Progress>,
  termStart: LogIndex,
  nowMs: number,
): LeaderState {
  return {
    kind: 'leader',
    progress,
    termStart,
    reads: new ReadQueue(),
    round: 0,
    roundSentMs: new Map(),
    nextHeartbeatMs: nowMs,
    supportCheckMs: nowMs,
    transfer: null,
    cancelRound: 0,
    fences: new Map(),
    durabilityWaits: new DurabilityWaitList(),
  };
}

/** The role as others see it: a follower is told apart by its part in the configuration. */
export function visibleRole(state: RoleState, membership: Membership): Role {
  if (state.kind !== 'follower') return state.kind;
  if (membership.isWitness) return 'witness';
  if (membership.isVoter) return 'follower';
  return membership.isMember ? 'learner' : 'removed';
}

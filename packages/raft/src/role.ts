import type { LogIndex, NodeId } from '@quorate/schema';
import type { Role } from './contract/effects.ts';
import { ReadQueue } from './reads/read-queue.ts';
import type { Progress } from './replication/progress.ts';

export interface FollowerState {
  readonly kind: 'follower';
  /** The log is known to equal the leader's up to here; grows within a term. */
  verifiedIndex: LogIndex;
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
  /** Of this log's entries after the commit index. */
  uncommittedBytes: number;
  transfer: LeadershipTransfer | null;
}

export interface LeadershipTransfer {
  readonly to: NodeId;
  readonly deadlineMs: number;
  timeoutNowSent: boolean;
}

export type RoleState = FollowerState | CandidateState | LeaderState;

export function followerState(verifiedIndex: LogIndex): FollowerState {
  return { kind: 'follower', verifiedIndex, owesAnswer: false };
}

export function leaderState(
  progress: Map<NodeId, Progress>,
  termStart: LogIndex,
  uncommittedBytes: number,
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
    uncommittedBytes,
    transfer: null,
  };
}

/** The role as others see it: a follower without a vote is a learner. */
export function visibleRole(state: RoleState, voter: boolean): Role {
  return state.kind === 'follower' && !voter ? 'learner' : state.kind;
}

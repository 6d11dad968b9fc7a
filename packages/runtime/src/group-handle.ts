import type { Role } from '@quorate/raft';
import type { Configuration, GroupId, LogIndex, NodeId, Term } from '@quorate/schema';
import type { RuntimeError } from './runtime-error.ts';

export interface Applied<Result> {
  readonly index: LogIndex;
  readonly result: Result;
}

export type ProposeDone<Result> = (
  error: RuntimeError | null,
  applied: Applied<Result> | null,
) => void;

export type ReadDone = (error: RuntimeError | null, appliedIndex: LogIndex) => void;

export interface GroupStatus {
  readonly group: GroupId;
  readonly node: NodeId;
  readonly role: Role;
  readonly term: Term;
  /** 0 when unknown. */
  readonly leader: NodeId;
  readonly lastIndex: LogIndex;
  readonly commitIndex: LogIndex;
  readonly appliedIndex: LogIndex;
  readonly configuration: Configuration;
}

/** One replicated state machine on this node, as the code above sees it. */
export interface GroupHandle<Result> {
  /**
   * Replicates a command and applies it here; from a follower it is forwarded to the leader, at
   * most once. `done` is called exactly once, from the event loop.
   */
  propose(command: Uint8Array, done: ProposeDone<Result>): void;
  /**
   * Linearizable read: once `done` is called without error, the local state machine, read before
   * the next turn (so at once, with no await between), reflects everything acknowledged anywhere
   * before the call (dissertation 6.4).
   */
  readBarrier(done: ReadDone): void;
  status(): GroupStatus;
  /** Called on every change of term, role or known leader, once, in order. */
  onLeadership(listener: (status: GroupStatus) => void): void;
}

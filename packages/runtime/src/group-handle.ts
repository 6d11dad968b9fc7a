import type { MembershipChange, Role } from '@quorate/raft';
import type {
  Configuration,
  DurabilityClass,
  Entry,
  GroupId,
  LogIndex,
  NodeId,
  Term,
} from '@quorate/schema';
import type { RuntimeError } from './runtime-error.ts';

/**
 * `result` is what the state machine of this node answered for the command at `index`; a read with
 * that `minIndex`, on any node, sees its effect.
 */
export interface Applied<Result> {
  readonly index: LogIndex;
  readonly result: Result;
}

/** Called once; exactly one of both is null. */
export type ProposeDone<Result> = (
  error: RuntimeError | null,
  applied: Applied<Result> | null,
) => void;

/** Left out, a command is answered once it is committed and applied here. */
export interface ProposeOptions {
  /**
   * Answer only once the command is durable in these failure domains as well (rule 12). Both from 1
   * to 1024.
   */
  readonly durability?: DurabilityClass;
}

/** Both have to be met; left out, a read is linearizable. */
export interface ReadOptions {
  /**
   * How old the state that is read may be, by this node's clock. 0, the default, is linearizable;
   * more lets reads share a question to the leader; Infinity reads what is here.
   */
  readonly maxStalenessMs?: number;
  /** Waits until this index is applied here: what was written at it is then seen. */
  readonly minIndex?: LogIndex;
}

/** @param index of a configuration as it was asked for, committed */
export type ChangeDone = (error: RuntimeError | null, index: LogIndex | null) => void;

/**
 * Null: the other node leads, as far as this one knows. Else RUNTIME_TRANSFER_FAILED or what keeps
 * this node from trying.
 */
export type TransferDone = (error: RuntimeError | null) => void;

/**
 * Without error the local state machine may be read now, before anything is awaited; `appliedIndex`
 * is what it reflects.
 */
export type ReadDone = (error: RuntimeError | null, appliedIndex: LogIndex) => void;

/** A value that reflects everything acknowledged anywhere before it was read. */
export interface LeaseRead<Value> {
  readonly value: Value;
  /** What the state reflects; a later read with this `minIndex`, anywhere, sees as much. */
  readonly index: LogIndex;
}

/**
 * One replica at one moment, by what it knows itself: a leader that is cut off is `leader` here
 * until its check of the quorum fails.
 */
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
  /** Where the configuration in force stands in the log; 0: the one the group began with. */
  readonly configurationIndex: LogIndex;
  /** Damaged, and not yet brought back to what this node may have acknowledged (rule 14). */
  readonly repairing: boolean;
}

/** Hears what the state machine has applied, in order. */
export interface AppliedListener {
  /** Raft's own entries included. */
  applied(entries: readonly Entry[]): void;
  /** The whole state was replaced by that of a snapshot. */
  restored(index: LogIndex): void;
}

/** The state as of `index`, to be drawn to its end or ended with `return()`. */
export interface StateSnapshot {
  readonly index: LogIndex;
  readonly chunks: Iterator<Uint8Array, void>;
}

/** One replicated state machine on this node, as the code above sees it. */
export interface GroupHandle<Result> {
  /**
   * Replicates a command and applies it here; from a follower it is forwarded to the leader, at
   * most once. `done` is called exactly once, from the event loop.
   *
   * Here and in all that follows: what a callback throws does not touch the replica, and is thrown
   * again from the event loop, as an uncaught exception of the program.
   *
   * @throws OptionError RUNTIME_OPTIONS_INVALID, at once, and `done` is not called
   */
  propose(command: Uint8Array, done: ProposeDone<Result>, options?: ProposeOptions): void;
  /**
   * Linearizable read, unless `options` ask for less: once `done` is called without error, the
   * local state machine, read before the next turn (so at once, with no await between), reflects
   * everything acknowledged anywhere before the call (dissertation 6.4).
   *
   * @throws OptionError RUNTIME_OPTIONS_INVALID, at once, and `done` is not called
   */
  readBarrier(done: ReadDone, options?: ReadOptions): void;
  /**
   * A linearizable read that asks nobody, on a leader with a lease. The lease is checked after
   * `read` has run, so a pause anywhere cannot make the value stale (rule 1).
   *
   * @param read reads the local state machine, at once
   * @returns null without a lease: use `readBarrier`
   */
  leaseRead<Value>(read: () => Value): LeaseRead<Value> | null;
  /**
   * Until when no other node can lead, by this node's monotonic clock. It moves on with each round
   * that a quorum answers, and ends at once when the lead is handed over; so look at it first and
   * at the clock after it, each time (rules 1, 2, 3).
   *
   * @returns null without a lease: it does not lead, has not earned one yet in this term, or sleeps
   */
  leaseUntilMs(): number | null;
  /**
   * Changes who decides, holds data, or is preferred as leader. To be asked of the leader. `done`
   * once the configuration asked for is in force and committed, and a joint one that leaves by
   * itself has been left. With `mode: 'joint'` it is once the joint one is committed: from then on
   * every other change is refused until `leaveJoint`.
   */
  changeMembership(change: MembershipChange, done: ChangeDone): void;
  /**
   * Ends a joint configuration that was entered with `mode: 'joint'`. To be asked of the leader.
   * `done` once the configuration it leads to is in force and committed; refused with
   * `notJoint` where there is none to leave.
   */
  leaveJoint(done: ChangeDone): void;
  /**
   * The caller knows that the leader is gone, as when its process has exited: this node then votes
   * for another at once, where it would have waited for an election timeout. A leader that is there
   * after all may lose its lead for nothing. Refused under leader leases, which rest on that wait,
   * and where no other node is known to lead.
   *
   * @returns whether it was forgotten
   */
  forgetLeader(): boolean;
  /**
   * Hands the lead over, and tells when it is with the other. To be asked of the leader.
   *
   * @param to null: to the voter that would take over best
   */
  transferLeadership(to: NodeId | null, done: TransferDone): void;
  status(): GroupStatus;
  /**
   * How much of this leader's log another node is known to hold; null when this node does not lead,
   * or the other has no part in the group.
   */
  progressOf(node: NodeId): LogIndex | null;
  /**
   * When this leader sent the newest heartbeat that another node has answered, by this node's
   * monotonic clock; in a group that sleeps it stands still. Null when this node does not lead, or
   * the other has not answered since it does.
   */
  heardMs(node: NodeId): number | null;
  /**
   * Called on every change of term, role or known leader, once, in order; and when a leader closes
   * or halts, which ends its lead.
   */
  onLeadership(listener: (status: GroupStatus) => void): void;
  /**
   * Called before another node is told to take the lead over from this one: from here on it may
   * lead at any moment, and there is no lease. The hand-over may yet fail, and this leader go on.
   */
  onHandOver(listener: () => void): void;
  /** @returns stops listening */
  onApplied(listener: AppliedListener): () => void;
  /** @throws what the state machine's `snapshot` throws */
  openSnapshot(): StateSnapshot;
}

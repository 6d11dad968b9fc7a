import type { Clock, Prng, Timers } from '@quorate/base';
import type { GroupHandle } from '@quorate/runtime';
import type { NodeId, Term } from '@quorate/schema';
import type { ElectionMachine } from './election-machine.ts';
import type { ElectionRecord, ElectionResult } from './election-model.ts';
import type { ElectionTiming } from './election-timing.ts';
import type { LossReason } from './loss-reason.ts';

/** What an elector asks of its replica; `Host.group` gives it whole. */
export type ElectionGroup = Pick<
  GroupHandle<ElectionResult>,
  | 'propose'
  | 'readBarrier'
  | 'status'
  | 'leaseUntilMs'
  | 'transferLeadership'
  | 'onLeadership'
  | 'onHandOver'
  | 'onApplied'
>;

/** What an elector is made of: its node, that one's replica of the group, and ports. */
export interface ElectorOptions {
  readonly node: NodeId;
  /** With leader leases, and never asleep (`quiesceAfterMs: null`, rule 11). */
  readonly group: ElectionGroup;
  /** The state machine of that replica. */
  readonly machine: Pick<ElectionMachine, 'record'>;
  /** The one that the replica goes by. */
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timers: Timers;
  /** Draws how long a candidate waits before it asks for the lead. */
  readonly prng: Prng;
  readonly timing: ElectionTiming;
  /** Of the last restore from a backup, 0 to `maxGeneration`; the same on every node. */
  readonly generation: number;
  /**
   * Whoever leads now goes by another lease than this node's timing gives, so that this node would
   * refuse its vote too briefly, or lead too long. The elector has closed, and the node must not
   * vote any more. Called once at most.
   */
  readonly leaseDiffers?: (record: ElectionRecord) => void;
  /**
   * Asks whoever leads the group to hand that to this node, as `Host.transferLeadership` does;
   * `done` exactly once.
   */
  readonly askForLead: (done: (error: Error | null) => void) => void;
}

/** A leadership of this node, as it was at one look. */
export interface Leadership {
  /** To be sent along with whatever is done as leader, and compared by a fence. */
  readonly token: bigint;
  readonly term: Term;
  readonly value: Uint8Array;
  /**
   * By this node's monotonic clock: no other node leads before, unless this one hands the lead over
   * and says so first. Moves on while a quorum answers.
   */
  readonly deadlineMs: number;
}

/** What is told of this node's leaderships, in order; each leadership begins and ends once. */
export interface LeadershipListener {
  /** Once for each token, and the token is larger than any before. */
  elected?(leadership: Leadership): void;
  /** Once for each `elected`; `isLeader()` is false already, for this leadership for good. */
  lost?(leadership: Leadership, reason: LossReason): void;
}

/** The record that was applied last here; null: nobody has ever led. */
export type RecordListener = (record: ElectionRecord | null) => void;

/** Called once; null: it is done. */
export type ElectorDone = (error: Error | null) => void;

/** How a leader gives up. */
export interface HandOverOptions {
  /** Who is to lead the group next; null or left out: whoever would take over best. */
  readonly to?: NodeId | null;
  /**
   * Called once the leadership has ended here; it calls `then` when whatever was done as leader
   * has ended, and only then may another be elected. Left out: at once.
   */
  readonly workEnds?: (then: () => void) => void;
}

import type { StateMachine } from '@quorate/base';
import type { InitialState, Raft } from '@quorate/raft';
import type { GroupId, LogIndex, NodeId, PeerMessage } from '@quorate/schema';
import type { GroupMetrics } from './group-metrics.ts';
import type { RuntimeError } from './runtime-error.ts';
import type { RuntimeOptions } from './runtime-options.ts';
import type { SendRate } from './send-rate.ts';

/**
 * A group as it was recovered, or as it begins. The state machine is empty; it gets the snapshot
 * that `initial` names before any command.
 */
export interface GroupOptions {
  readonly id: GroupId;
  /** For logs and metrics. */
  readonly name: string;
  readonly stateMachine: StateMachine<unknown>;
  readonly initial: InitialState;
  /**
   * Whether the state leaves the memory once the group has been taken away from this node: a
   * snapshot has it, and is read when it is needed again. Default: no.
   */
  readonly mayPark?: boolean;
  /** Draws this replica's election timeouts. */
  readonly seed: number;
}

/** What the parts of one group's driver share. */
export interface GroupContext {
  readonly options: RuntimeOptions;
  readonly group: GroupOptions;
  readonly raft: Raft;
  readonly metrics: GroupMetrics;
  nowMs(): number;
  /** What the state machine's state reflects. */
  appliedIndex(): LogIndex;
  /** Something is to be done: give this group a turn. */
  wake(): void;
  send(to: NodeId, message: PeerMessage): boolean;
  /** What all groups of this process may send of snapshots. */
  readonly snapshotRate: SendRate;
  /** Why no new work is taken: the node is closing, or has halted. Null: it is. */
  refusal(): RuntimeError | null;
}

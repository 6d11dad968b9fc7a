import type { ClusterPlan } from '../plan/cluster-plan.ts';

/** What came of one run. */
export interface WorkbenchRun {
  readonly plan: ClusterPlan;
  /** Null: all is well. */
  readonly failure: RunFailure | null;
  /** Of all that happened: equal runs have equal hashes. */
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
  /** By nemesis, those that found something to do. */
  readonly faults: ReadonlyMap<string, number>;
  /** Of the plan's strikes, in their order: which found something to do. */
  readonly struck: readonly boolean[];
  /** Commands that were applied, and those of them that somebody was told of. */
  readonly applied: number;
  readonly acknowledged: number;
  readonly reads: number;
  /** How often a state machine was restored from a snapshot. */
  readonly restored: number;
  /** The search for an order as the model wants it took too long: no verdict. */
  readonly undecided: boolean;
}

/** The first thing that went wrong in a run, which ended there. */
export interface RunFailure {
  readonly property: string;
  readonly message: string;
  readonly error: Error;
  /** Virtual time at which it was seen, or at which a client saw it. */
  readonly atMs: number;
}

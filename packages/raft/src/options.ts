import type { Prng } from '@quorate/base';
import type {
  Configuration,
  Entry,
  HardState,
  LogIndex,
  LogPosition,
  NodeId,
  SnapshotMeta,
} from '@quorate/schema';

/** How one replica behaves. Durations in milliseconds of the monotonic clock. */
export interface RaftOptions {
  readonly nodeId: NodeId;
  readonly heartbeatIntervalMs: number;
  /**
   * The shortest silence after which a follower campaigns, the longest for which a leader leads
   * without hearing a quorum, and how long a voter stays loyal to a leader it has heard. The
   * actual wait is drawn anew each time from [electionTimeoutMs, 2 * electionTimeoutMs).
   */
  readonly electionTimeoutMs: number;
  /**
   * By how much the rate of any member's clock may differ from true time, as a fraction: 0.01 for
   * one in a hundred. Null: no leader lease, and so no lease reads. The same on every member.
   */
  readonly maxClockDrift: number | null;
  /** Drawn when this node's data directory was made; 0: it does not say. */
  readonly incarnation: number;
  /** Of entries in one AppendEntries; a single larger entry still travels, alone. */
  readonly maxMessageBytes: number;
  /** Unanswered AppendEntries per follower. */
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
  /** Of proposals appended and not yet committed; beyond it proposals are refused. */
  readonly maxUncommittedBytes: number;
  /**
   * Of committed entries handed out at a time, so that a long backlog does not block heartbeats.
   */
  readonly maxApplyBytes: number;
  /** Draws election timeouts; nothing else here is random. */
  readonly prng: Prng;
}

/** What a replica starts from: what its log store recovered. */
export interface InitialState {
  readonly hardState: HardState;
  /** Index 0 with the initial configuration in a group that has never taken one. */
  readonly snapshot: SnapshotMeta;
  readonly logStart: LogPosition;
  readonly entries: readonly Entry[];
  /** True in a new group: the first write makes `snapshot` durable before anything is promised. */
  readonly bootstrap: boolean;
  /**
   * The last index this replica may have acknowledged before its log was damaged: until it has the
   * log up to there again it gives no vote, and its acknowledgements do not count (rule 14). 0 when
   * nothing was damaged.
   */
  readonly repairUntil: LogIndex;
}

/** The state from which every voter of a new group begins (safety rule 9: the same on each). */
export function bootstrapState(configuration: Configuration): InitialState {
  return {
    hardState: { term: 0, votedFor: 0, commitIndex: 0 },
    snapshot: { index: 0, term: 0, timestampMicros: 0, configuration, withheld: false },
    logStart: { index: 0, term: 0 },
    entries: [],
    bootstrap: true,
    repairUntil: 0,
  };
}

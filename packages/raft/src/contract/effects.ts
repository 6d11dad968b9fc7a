import type {
  Entry,
  HardState,
  LogIndex,
  LogPosition,
  NodeId,
  RaftMessage,
  SnapshotMeta,
  Term,
} from '@quorate/schema';

/** `removed`: the configuration in force does not name this node (any more, or yet). */
export type Role =
  | 'follower'
  | 'preCandidate'
  | 'candidate'
  | 'leader'
  | 'learner'
  | 'witness'
  | 'removed';

/** To be made durable as one step; its completion is `persisted(id)`. Ids ascend by one. */
export interface DurableWrite {
  readonly id: number;
  readonly hardState: HardState | null;
  readonly truncateAfter: LogIndex | null;
  readonly entries: readonly Entry[];
  readonly snapshot: SnapshotMeta | null;
  readonly logStart: LogPosition | null;
}

/** A read that the asker may now serve from any state that has applied `index`. */
export interface ReadyRead {
  readonly context: number;
  readonly index: LogIndex;
}

/** Whether a committed entry is durable in the class that was asked for. */
export interface DurabilityAnswer {
  readonly context: number;
  /** False: the members lie in too few domains to reach it; it is committed all the same. */
  readonly reached: boolean;
}

/** A change that others may want to hear of, in the order in which it happened. */
export interface LeadershipChange {
  readonly term: Term;
  readonly role: Role;
  /** 0 when unknown. */
  readonly leader: NodeId;
}

/**
 * What the driver has to do after a turn. Every message may leave at once: the core holds back what
 * promises something until `persisted` has told it that the promise is durable.
 */
export interface Effects {
  readonly write: DurableWrite | null;
  readonly messages: readonly RaftMessage[];
  /** Newly committed, contiguous, in order; to be applied and then reported by `applied`. */
  readonly committed: readonly Entry[];
  readonly reads: readonly ReadyRead[];
  /** Contexts whose read index will never come: ask again. */
  readonly failedReads: readonly number[];
  /** Answers to `awaitDurability`. */
  readonly durability: readonly DurabilityAnswer[];
  /** Contexts of `awaitDurability` that nobody will answer: ask again. */
  readonly failedDurability: readonly number[];
  /** Stream this snapshot to these followers, each ended by `snapshotSent`. */
  readonly snapshotsToSend: readonly { readonly to: NodeId; readonly snapshot: SnapshotMeta }[];
  /** Replace the state machine by this snapshot before applying `committed`. */
  readonly restore: SnapshotMeta | null;
  readonly leadership: readonly LeadershipChange[];
}

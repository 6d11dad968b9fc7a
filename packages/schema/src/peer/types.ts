/**
 * What replicas of a group say to each other, and what their logs are made of. The field numbers
 * are in proto/quorate/peer.proto; the codec beside this file turns one into the other.
 *
 * Terms and indexes are safe integers (below 2^53), never 64-bit.
 */
export type NodeId = number;

/**
 * A safe integer from 1; 0 in an envelope: of no group. `groupIdOf` of `@quorate/node` makes it
 * from a name.
 */
export type GroupId = number;

/** From 1; 0 before the first election. */
export type Term = number;
/** 1-based; 0 is the position before the first entry. */
export type LogIndex = number;

/** `votedFor` when no vote was given in the term. */
export const noNode: NodeId = 0;

/** What an entry of the log is; on disks and wires by its number. */
export const EntryKind = {
  /** A command for the state machine. */
  command: 0,
  /** Appended by a new leader so that it can commit in its own term (dissertation 6.4). */
  empty: 1,
  /** A new configuration; in force from the moment it is appended. */
  configuration: 2,
  /** A command whose data this node is not given, because it is a witness (rule 7). */
  withheld: 3,
} as const;
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind];

/** Immutable from the moment it exists, and shared freely. */
export interface Entry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly kind: EntryKind;
  /** Microseconds since the Unix epoch by the leader's clock; strictly increasing along a log. */
  readonly timestampMicros: number;
  readonly data: Uint8Array;
}

/**
 * An entry, named so that two logs that have it agree up to there (dissertation 3.5); 0 and 0:
 * before the first.
 */
export interface LogPosition {
  readonly index: LogIndex;
  readonly term: Term;
}

/**
 * What the group knows of one node beyond its part in decisions. Changes only through the log
 * (rule 10).
 */
export interface Member {
  readonly id: NodeId;
  /**
   * Drawn when the node's data directory was made, a safe integer; 0: not yet known. A node that
   * comes back with another one has lost its data and is refused.
   */
  readonly incarnation: number;
  /** Failure domain, outermost first, parts separated by '/': 'eu/de/fra1'. Empty: unknown. */
  readonly locality: string;
  /** Where its peers reach it, opaque to the core ('host:port'). Empty: known by other means. */
  readonly address: string;
  /** 0 to 255; higher ones are preferred as leader. */
  readonly priority: number;
  /** Votes and acknowledges with log metadata only; holds no data (rule 7). */
  readonly witness: boolean;
  /** A learner that is to become a voter as soon as it has caught up. */
  readonly promote: boolean;
}

/**
 * How many of n voters commit and how many elect: `commit + election > n`, `2 * election > n`
 * (rule 5).
 */
export interface QuorumSizes {
  readonly commit: number;
  readonly election: number;
}

/**
 * Where data is before a reply: on nodes of at least `domains` distinct domains, a domain being the
 * first `depth` parts of the locality (rule 12).
 */
export interface DurabilityClass {
  readonly depth: number;
  readonly domains: number;
}

/** Who decides. Joint while `votersOutgoing` is not empty (dissertation 4.3). Ids ascend. */
export interface Configuration {
  readonly voters: readonly NodeId[];
  readonly votersOutgoing: readonly NodeId[];
  readonly learners: readonly NodeId[];
  /** Voters of the outgoing half that become learners when the joint configuration is left. */
  readonly learnersNext: readonly NodeId[];
  readonly autoLeave: boolean;
  /** Ascending by id; only nodes about which something is known. */
  readonly members: readonly Member[];
  /** Of `voters`; null: majorities. */
  readonly quorum: QuorumSizes | null;
  /** Of `votersOutgoing`; null: majorities. */
  readonly quorumOutgoing: QuorumSizes | null;
  /** A change that would leave it unmet for good waits; null: no such promise. */
  readonly durability: DurabilityClass | null;
}

/** A replica's promises: durable before anything that rests on them leaves the node. */
export interface HardState {
  readonly term: Term;
  readonly votedFor: NodeId;
  /** A hint that spares a restarted node the wait for its leader; may lag. */
  readonly commitIndex: LogIndex;
}

/** A state machine's state as of `index`, and all that the log before it decided. */
export interface SnapshotMeta {
  readonly index: LogIndex;
  readonly term: Term;
  /** Of the entry at `index`. */
  readonly timestampMicros: number;
  readonly configuration: Configuration;
  /** There is no state behind it: a witness has it, or is to get it (rule 7). */
  readonly withheld: boolean;
}

interface Between {
  readonly from: NodeId;
  readonly to: NodeId;
  /** The sender's current term; in PreVote the term it would campaign in. */
  readonly term: Term;
}

/**
 * Asks whether a vote would be given in `term`, which the sender has not begun: so a node that was
 * cut off deposes nobody (dissertation 9.6).
 */
export interface PreVote extends Between {
  readonly type: 'PreVote';
  readonly lastLogIndex: LogIndex;
  readonly lastLogTerm: Term;
}

/** When granted, `term` is the one that was asked about; when not, the receiver's own. */
export interface PreVoteResponse extends Between {
  readonly type: 'PreVoteResponse';
  readonly granted: boolean;
}

/** Asks for the vote of `term`, with the end of the candidate's log (dissertation 3.4). */
export interface RequestVote extends Between {
  readonly type: 'RequestVote';
  readonly lastLogIndex: LogIndex;
  readonly lastLogTerm: Term;
  /** The leader asked for this election (TimeoutNow): voters do not hold on to it. */
  readonly leadershipTransfer: boolean;
}

/** A vote that is granted is durable at the sender. */
export interface RequestVoteResponse extends Between {
  readonly type: 'RequestVoteResponse';
  readonly granted: boolean;
}

/**
 * Entries that follow (`prevLogIndex`, `prevLogTerm`), contiguous, perhaps none. Several are under
 * way at a time.
 */
export interface AppendEntries extends Between {
  readonly type: 'AppendEntries';
  readonly prevLogIndex: LogIndex;
  readonly prevLogTerm: Term;
  readonly commitIndex: LogIndex;
  readonly entries: readonly Entry[];
}

/**
 * Entries up to `matchIndex` are durable at the sender; or they do not fit its log, and the hint
 * says where they may.
 */
export interface AppendEntriesResponse extends Between {
  readonly type: 'AppendEntriesResponse';
  readonly success: boolean;
  /** success: the last index known durable and equal to the leader's. */
  readonly matchIndex: LogIndex;
  /** The sender repairs its log: this moves it on, and counts for no commit (rule 14). */
  readonly repairing: boolean;
  /** Refused: the `prevLogIndex` this answers, so that a stale refusal is recognised. */
  readonly rejectedIndex: LogIndex;
  /** Refused: where the follower may agree: its last entry at or before `rejectedIndex` ... */
  readonly hintIndex: LogIndex;
  /** ... and that entry's term, so that whole terms are skipped at once. */
  readonly hintTerm: Term;
  /** Drawn when the sender's process started; 0: it does not say. */
  readonly life: number;
}

/** Says that the sender leads, in rounds; asks nothing of the log. */
export interface Heartbeat extends Between {
  readonly type: 'Heartbeat';
  /** Never reused in a term; the answer names it, which dates the leader's support (rule 2). */
  readonly round: number;
  /** Never above what the follower has acknowledged. */
  readonly commitIndex: LogIndex;
  /** A TimeoutNow of this term sent in this round or an earlier one is void (rule 3). */
  readonly cancelRound: number;
}

/**
 * The sender followed this leader when it got `round`; its own election timeout began anew then.
 */
export interface HeartbeatResponse extends Between {
  readonly type: 'HeartbeatResponse';
  readonly round: number;
  /** Drawn when the sender's process started: what it was told before that it has forgotten. */
  readonly life: number;
}

/** The commit index has moved and there are no entries to say so. Not answered; may be lost. */
export interface CommitNotice extends Between {
  readonly type: 'CommitNotice';
  /** Never above what the follower has acknowledged. */
  readonly commitIndex: LogIndex;
}

/** Sent by the driver once all chunks of the snapshot are durable at the receiver. */
export interface InstallSnapshot extends Between {
  readonly type: 'InstallSnapshot';
  readonly snapshot: SnapshotMeta;
}

/**
 * Asks the receiver to stand for election at once, for a transfer of leadership (dissertation
 * 3.10).
 */
export interface TimeoutNow extends Between {
  readonly type: 'TimeoutNow';
  /** The heartbeat round it was sent in; a later heartbeat may cancel it (rule 3). */
  readonly round: number;
  /** The life of the receiver that it is meant for: a later one may not know of a cancel. */
  readonly life: number;
}

/** A follower asks its leader for a read index (dissertation 6.4). */
export interface ReadIndex extends Between {
  readonly type: 'ReadIndex';
  /** Chosen by the asker, unique in its lifetime. */
  readonly context: number;
}

/** Once `index` is applied, a read reflects all that was acknowledged before it was asked for. */
export interface ReadIndexResponse extends Between {
  readonly type: 'ReadIndexResponse';
  readonly context: number;
  readonly index: LogIndex;
}

/** Asks the leader to tell when an entry is durable in a class of failure domains (rule 12). */
export interface AwaitDurability extends Between {
  readonly type: 'AwaitDurability';
  /** Chosen by the asker, unique in its lifetime. */
  readonly context: number;
  /** Committed; the asker has applied it. */
  readonly index: LogIndex;
  readonly durability: DurabilityClass;
}

/** Answers an AwaitDurability, not before its class is reached or cannot be. */
export interface DurabilityReached extends Between {
  readonly type: 'DurabilityReached';
  readonly context: number;
  /** False: the present members lie in too few domains. Committed all the same: ask again later. */
  readonly reached: boolean;
}

/** What the consensus core sends and receives. */
export type RaftMessage =
  | PreVote
  | PreVoteResponse
  | RequestVote
  | RequestVoteResponse
  | AppendEntries
  | AppendEntriesResponse
  | Heartbeat
  | HeartbeatResponse
  | CommitNotice
  | InstallSnapshot
  | TimeoutNow
  | ReadIndex
  | ReadIndexResponse
  | AwaitDurability
  | DurabilityReached;

/**
 * Proposals handed on to the leader. Never sent again when the answer stays away (the outcome is
 * then unknown); only a refusal, which says that nothing was appended, lets them be handed on anew.
 */
export interface Forward extends Between {
  readonly type: 'Forward';
  readonly request: number;
  readonly commands: readonly Uint8Array[];
}

/**
 * Answers a Forward at the moment of appending, not of commitment: the asker watches its own log
 * for (`firstIndex`, `entryTerm`) and computes the results itself.
 */
export interface ForwardResponse extends Between {
  readonly type: 'ForwardResponse';
  readonly request: number;
  readonly outcome: 'appended' | 'notLeader' | 'overloaded' | 'stopping' | 'storageFull';
  readonly firstIndex: LogIndex;
  readonly entryTerm: Term;
}

/** One piece of a snapshot's content, in order; one or a few in flight. */
export interface SnapshotChunk extends Between {
  readonly type: 'SnapshotChunk';
  readonly snapshot: SnapshotMeta;
  /** 0-based. */
  readonly chunk: number;
  readonly last: boolean;
  readonly data: Uint8Array;
}

/** What became of a piece. `refused`: the receiver does not want this snapshot, or not now. */
export interface SnapshotChunkResponse extends Between {
  readonly type: 'SnapshotChunkResponse';
  readonly snapshotIndex: LogIndex;
  readonly snapshotTerm: Term;
  /** The chunk wanted next; a sender that is elsewhere continues there. */
  readonly nextChunk: number;
  readonly outcome: 'more' | 'installed' | 'refused';
}

/** A group that sleeps, as its leader's node knows it. */
export interface SleepingGroup {
  readonly group: GroupId;
  readonly term: Term;
  readonly lastIndex: LogIndex;
}

/**
 * One for all groups that sleep under the sender's lead and have a replica at the receiver: it
 * takes the place of their heartbeats (rule 11). Belongs to no group: its envelope says 0, and
 * term 0.
 */
export interface NodeHeartbeat extends Between {
  readonly type: 'NodeHeartbeat';
  /** Never reused in a life; the answer names it. */
  readonly round: number;
  /** Drawn when the sender's process started. */
  readonly life: number;
  /** Of the list of groups; rises whenever it changes. */
  readonly version: number;
  /** Null when the receiver is known to have the list of this version. */
  readonly sleeping: readonly SleepingGroup[] | null;
}

/**
 * Stands for the answers of all groups that sleep; those that are awake are answered for by
 * themselves.
 */
export interface NodeHeartbeatResponse extends Between {
  readonly type: 'NodeHeartbeatResponse';
  readonly round: number;
  readonly life: number;
  /** Of the list the sender has; 0 for none. */
  readonly version: number;
  /** Groups of that list that do not sleep here. */
  readonly awake: readonly GroupId[];
}

/** Everything that crosses a peer link, each for one group. */
export type PeerMessage =
  | RaftMessage
  | Forward
  | ForwardResponse
  | SnapshotChunk
  | SnapshotChunkResponse
  | NodeHeartbeat
  | NodeHeartbeatResponse;

import type { Address } from '@quorate/base';
import type { GroupStatus } from '@quorate/runtime';
import type { NodeId, Term } from '@quorate/schema';
import type { ElectionClaims } from './claims/election-claims.ts';
import type { LossReason } from './core/loss-reason.ts';
import type { Membership } from './core/members/rejoiner.ts';

/** What a leader says of itself, an address for instance; text is taken as UTF-8. */
export type ElectionValue = string | Uint8Array;

/** Whoever leads, as far as a node knows. Its lease it alone knows. */
export interface Leader {
  readonly id: NodeId;
  /** 'host:port' where its peers reach it; empty when this node does not know. */
  readonly address: string;
  readonly token: bigint;
  readonly term: Term;
  readonly value: Uint8Array;
  /** `value` as UTF-8. */
  readonly text: string;
}

/**
 * A leadership of this node. At one moment of true time at most one is valid in the cluster, as
 * long as clocks run within `maxClockDrift`. `await using` resigns it.
 */
export interface Leadership extends AsyncDisposable {
  /**
   * Larger than that of every leadership before, across restarts. Send it along with whatever is
   * done as leader, and have it compared there: see `createFence`.
   */
  readonly token: bigint;
  readonly term: Term;
  /** As it was proclaimed last. */
  readonly value: Uint8Array;
  /**
   * Aborted when it is lost, with an ElectionError ELECTION_LEADERSHIP_LOST. A process that stands
   * still hears it late: `isValid()` looks at the clock, so ask that before each act.
   */
  readonly signal: AbortSignal;
  /**
   * By this node's monotonic clock, which also counts the time that the machine was suspended. It
   * moves on while a quorum answers. -Infinity: the leadership is over.
   */
  readonly deadlineMs: number;
  /** How long it lasts if no quorum answers from now on; 0: it is over. */
  readonly remainingMs: number;
  /** By the clock, at each call. Once false, it is false for good. */
  isValid(): boolean;
  /**
   * Replaces `value`; resolves once that is committed.
   *
   * @throws ElectionError ELECTION_NOT_LEADER, ELECTION_VALUE_TOO_LARGE; RuntimeError
   *   RUNTIME_OUTCOME_UNKNOWN and others
   */
  proclaim(value: ElectionValue, options?: CallOptions): Promise<void>;
  /** As `Election.resign`, unless it is over already. */
  resign(): Promise<void>;
}

/** `signal` ends the wait, with its own reason. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** Of `withLeadership`. */
export interface WorkOptions {
  /** Left out: the election's. */
  readonly value?: ElectionValue;
  /** Ends the campaign, or aborts the work, after which the leadership is resigned. */
  readonly signal?: AbortSignal;
  /**
   * After a loss, once the work has ended, campaign again and do it anew. Default: no, then
   * ELECTION_LEADERSHIP_LOST is thrown.
   */
  readonly again?: boolean;
}

/** A member of the election's group, as this node knows it. */
export interface ElectionMember {
  readonly id: NodeId;
  /** 'host:port'; empty when this node does not know it. */
  readonly address: string;
  readonly role: 'voter' | 'learner' | 'witness';
  /** Whether it leads the election, as far as this node knows. */
  readonly isLeader: boolean;
  /** Whether this node has a connection to it; of itself, true. */
  readonly isReachable: boolean;
  /**
   * On the node that leads the group, for how long it has heard nothing of this member, counted
   * from the last heartbeat that was answered, and at most from when it began to lead. Null on all
   * others: `isReachable` is what they know.
   */
  readonly silentMs: number | null;
}

/** How this node stands in the election. */
export interface ElectionHealth {
  /**
   * It can write to its disk, is a member, and knows who leads its group: it can hear of a leader
   * or be one.
   */
  readonly isHealthy: boolean;
  readonly isLeader: boolean;
  /** Whether a `campaign` or `withLeadership` is waiting here. */
  readonly isCandidate: boolean;
  /** Null: nobody that this node knows of. */
  readonly leader: Leader | null;
  readonly term: Term;
  readonly voters: number;
  /** So many of these voters may be lost and one can still lead: (voters - 1) / 2, rounded down. */
  readonly failureTolerance: number;
  /**
   * Whether this node has a part: `member`, as far as it knows; `rejoin`, it was removed and asks
   * to be taken in again, and campaigns wait; `out`, it was removed, and does not ask.
   */
  readonly membership: Membership;
  /** In the Raft group. Its leader leads the election only while `isLeader` holds as well. */
  readonly role: GroupStatus['role'];
  /** Voters that this node has a connection to, itself included if it is one. */
  readonly reachableVoters: number;
  /** So many voters have to answer for anyone to lead. */
  readonly quorum: number;
  readonly isWritable: boolean;
}

/** By name, what a listener is given. */
export interface ElectionEvents {
  /** Once for each token. */
  elected: (leadership: Leadership) => void;
  /** Once for each `elected`, after it; `isLeader()` is false already. */
  lost: (leadership: Leadership, reason: LossReason) => void;
  /** Whenever `leader()` is another; null: nobody, as far as this node knows. */
  leader: (leader: Leader | null) => void;
}

/** Called with what ends it early, and with the leadership it is done under. */
export type Work<Result> = (signal: AbortSignal, leadership: Leadership) => Promise<Result>;

/**
 * One node of an election. Every method works on every node; whoever campaigns is a candidate, the
 * others vote and observe. `await using` closes it.
 */
export interface Election extends AsyncDisposable {
  readonly id: NodeId;
  /** Where peers reach it. */
  readonly address: Address;
  /** For what must never be signed twice. Null: it was opened without option `claims`. */
  readonly claims: ElectionClaims | null;
  /** Whether this node leads, by the clock, at each call: ask before each act, and act at once. */
  isLeader(): boolean;
  /**
   * Waits until this node leads. One leadership for each call: after its loss, ask again. While
   * this node leads it is the present leadership, and `value` is not looked at; several calls that
   * wait get the same one, with the value of the last.
   *
   * @param value left out: the election's
   * @throws the signal's reason; ElectionError ELECTION_VALUE_TOO_LARGE, ELECTION_RESIGNED,
   *   ELECTION_CLOSED
   */
  campaign(value?: ElectionValue, options?: CallOptions): Promise<Leadership>;
  /** The leadership of this node; null: it does not lead. */
  leadership(): Leadership | null;
  /** Whoever leads, as far as this node knows: one that is cut off knows an old one, or nobody. */
  leader(): Leader | null;
  /**
   * `leader()` now, and whenever it has changed: the latest always, those between may be skipped.
   * Ends with the signal, or when the election is closed.
   */
  observe(options?: CallOptions): AsyncIterableIterator<Leader | null>;
  /** @throws as `Leadership.proclaim` */
  proclaim(value: ElectionValue, options?: CallOptions): Promise<void>;
  /**
   * Ends this node's campaigns and its leadership: first here, then it waits for the work of
   * `withLeadership`, for `workEndsWithinMs` at most, then it tells the others, and hands the lead
   * on. From within such work return instead, for this would wait for the work itself.
   *
   * @throws ElectionError ELECTION_CLOSED
   */
  resign(): Promise<void>;
  /**
   * As `resign`, but a chosen node is to take over. It leads as soon as it campaigns; if it does
   * not, another candidate takes over after an election timeout or two.
   *
   * @param to a voter; left out: whoever would take over best
   * @throws ElectionError ELECTION_NOT_LEADER, ELECTION_OPTIONS_INVALID: nothing was changed.
   *   RuntimeError RUNTIME_TRANSFER_FAILED: the leadership is over, and this node may lead again
   */
  transferLeadership(to?: NodeId): Promise<void>;
  /**
   * Asks a quorum whether this node still leads; it did at some moment after the call.
   *
   * @throws the signal's reason; ElectionError ELECTION_NOT_LEADER; RuntimeError
   *   RUNTIME_READ_TIMEOUT when no quorum answers
   */
  verifyLeader(options?: CallOptions): Promise<Leadership>;
  /**
   * Campaigns, does the work while leading, and resigns once that has ended. A loss aborts the
   * signal that the work was given before another node can lead; work that goes on regardless is
   * not stopped. Work of the same node at the same time shares a leadership, which is resigned when
   * the last of it has ended; one that `campaign` gave is not resigned.
   *
   * @returns what the work did
   * @throws what the work did; ElectionError ELECTION_LEADERSHIP_LOST when it ended after a loss;
   *   what `campaign` throws
   */
  withLeadership<Result>(work: Work<Result>, options?: WorkOptions): Promise<Result>;
  members(): readonly ElectionMember[];
  health(): ElectionHealth;
  /**
   * What a listener throws is an uncaught exception of the program, and the others are told.
   *
   * @returns stops listening
   */
  on<Name extends keyof ElectionEvents>(name: Name, listener: ElectionEvents[Name]): () => void;
  /** Prometheus text format, version 0.0.4. */
  metricsText(): Promise<string>;
  /**
   * Resigns, has this node removed from the members, and closes it: the others then need one voter
   * less, where they would otherwise go on counting it. Two become one by this alone. A node that
   * has left stays out, also when it is opened again, until it is opened with `join`.
   *
   * @throws ElectionError ELECTION_LEAVE_REFUSED: it is the only voter, or those that remain do not
   *   answer; ELECTION_CLOSED; HostError HOST_CLUSTER_UNREACHABLE when nobody confirmed it within
   *   `timeoutMs`. Then the node is open, and a member unless it turns out that it was removed
   */
  leave(): Promise<void>;
  /** Resigns, then stops the node; it stays a member. Idempotent. */
  close(): Promise<void>;
}

/** An election that was opened with option `claims`. */
export interface ElectionWithClaims extends Election {
  readonly claims: ElectionClaims;
}

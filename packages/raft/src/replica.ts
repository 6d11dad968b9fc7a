import { assert } from '@quorate/base';
import type {
  Configuration,
  Entry,
  HardState,
  LogIndex,
  LogPosition,
  NodeId,
  RaftMessage,
  SnapshotMeta,
  Term,
} from '@quorate/schema';
import { noNode } from '@quorate/schema';
import type {
  DurabilityAnswer,
  DurableWrite,
  LeadershipChange,
  ReadyRead,
  Role,
} from './contract/effects.ts';
import type { NodeContacts } from './contract/node-contacts.ts';
import { Durability } from './log/durability.ts';
import { RaftLog } from './log/raft-log.ts';
import type { Membership } from './membership/membership.ts';
import { MembershipState } from './membership/membership-state.ts';
import type { InitialState, RaftOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { followerState, type RoleState, visibleRole } from './role.ts';
import { nothing } from './take-all.ts';

/** What has changed and is not yet in a write. */
interface Unwritten {
  hardState: boolean;
  truncateAfter: LogIndex | null;
  /** The first entry of the log that no write has carried yet. */
  nextEntry: LogIndex;
  snapshot: SnapshotMeta | null;
  logStart: LogPosition | null;
  /** The write installs a snapshot: the state machine follows once it is durable. */
  restore: SnapshotMeta | null;
}

/**
 * One replica's state, and the few operations that keep its parts consistent. What happens when is
 * decided by the handlers (handle/), the election and the replication rules; they act on this.
 */
export class Replica {
  readonly options: RaftOptions;
  readonly nodeId: NodeId;
  readonly outbox: Outbox;
  readonly log: RaftLog;
  readonly durability: Durability;
  readonly memberships: MembershipState;
  /** Drawn when the process started: what it was told in an earlier life it has forgotten. */
  readonly life: number;

  /** Changed by `adoptTerm` and `voteFor` alone, so that every change becomes durable. */
  #currentTerm: Term;
  #votedFor: NodeId;
  role: RoleState;
  leaderId: NodeId = noNode;
  snapshot: SnapshotMeta;

  commitIndex: LogIndex;
  #verifiedIndex: LogIndex;
  /** The last entry handed out for applying, and the last that was reported applied. */
  handedIndex: LogIndex;
  appliedIndex: LogIndex;

  /** The time of the current input, monotonic. */
  nowMs: number;
  readonly startedMs: number;
  lastLeaderContactMs = Number.NEGATIVE_INFINITY;
  electionDeadlineMs = 0;
  /** Not null while the group sleeps: who answers for the nodes meanwhile (rule 11). */
  asleepUnder: NodeContacts | null = null;
  /** Nodes of a lower priority do not campaign yet; sinks while nobody is elected. */
  priorityFloor = 0;
  /** The highest round whose TimeoutNow the leader of this term has taken back (rule 3). */
  cancelledRound = 0;
  #repairUntil: LogIndex;

  readonly readyReads: ReadyRead[] = [];
  readonly failedReads: number[] = [];
  /** Reads this follower has asked its leader for, so that they can be failed with the leader. */
  readonly forwardedReads = new Set<number>();
  readonly durabilityAnswers: DurabilityAnswer[] = [];
  readonly failedDurability: number[] = [];
  /** As `forwardedReads`. */
  readonly forwardedWaits = new Set<number>();
  readonly snapshotsToSend: { to: NodeId; snapshot: SnapshotMeta }[] = [];
  restore: SnapshotMeta | null = null;
  readonly leadership: LeadershipChange[] = [];

  readonly #unwritten: Unwritten;
  /** The write that carries (or carried) the newest term and vote. */
  #promiseWriteId = 0;

  constructor(options: RaftOptions, initial: InitialState, nowMs: number) {
    this.options = options;
    this.nodeId = options.nodeId;
    this.outbox = new Outbox(options.nodeId);
    this.log = new RaftLog(initial.logStart, initial.entries);
    const durableIndex = Math.max(this.log.lastIndex, initial.snapshot.index);
    if (this.log.lastIndex < initial.snapshot.index) this.log.reset(initial.snapshot);
    this.durability = new Durability(durableIndex);
    const { snapshot, hardState } = initial;
    this.snapshot = snapshot;
    this.memberships = new MembershipState(
      options.nodeId,
      options.incarnation,
      snapshot,
      initial.entries,
    );
    this.life = 1 + options.prng.below(2 ** 48);
    this.#repairUntil = initial.repairUntil;
    this.#currentTerm = hardState.term;
    this.#votedFor = hardState.votedFor;
    this.commitIndex = Math.max(snapshot.index, Math.min(hardState.commitIndex, durableIndex));
    this.handedIndex = snapshot.index;
    this.appliedIndex = snapshot.index;
    this.#verifiedIndex = this.commitIndex;
    this.role = followerState();
    this.#resetPriorityFloor();
    this.nowMs = nowMs;
    this.startedMs = nowMs;
    this.#unwritten = {
      hardState: initial.bootstrap,
      truncateAfter: null,
      nextEntry: this.log.lastIndex + 1,
      snapshot: initial.bootstrap ? snapshot : null,
      logStart: initial.bootstrap ? initial.logStart : null,
      restore: null,
    };
    if (initial.bootstrap) this.#promiseWriteId = this.durability.nextId;
    this.resetElectionDeadline();
  }

  get currentTerm(): Term {
    return this.#currentTerm;
  }

  get votedFor(): NodeId {
    return this.#votedFor;
  }

  /** What the configuration in force means here. */
  get membership(): Membership {
    return this.memberships.inForce;
  }

  get configuration(): Configuration {
    return this.membership.configuration;
  }

  /** Whether this node may try to become leader: one without the data could serve nobody. */
  get canLead(): boolean {
    const { memberships } = this;
    return memberships.isOrWasVoter(this.commitIndex) && this.holdsData && this.mayVote;
  }

  /** Whether its vote may be given: not where promises may have been forgotten (rule 14). */
  get mayVote(): boolean {
    return !this.repairing && !this.memberships.isImpostor(this.nodeId);
  }

  /** Not so on a witness, which is given commands without their data (rule 7). */
  get holdsData(): boolean {
    return !this.snapshot.withheld && !this.log.hasWithheld && !this.membership.isWitness;
  }

  /** The log does not reach what this node may have acknowledged before it was damaged. */
  get repairing(): boolean {
    return this.durability.durableIndex < this.#repairUntil;
  }

  /** What is reached once is reached: a later truncation is an ordinary one. */
  settleRepair(): void {
    if (!this.repairing) this.#repairUntil = 0;
  }

  get lastTimestampMicros(): number {
    return this.log.lastTimestampMicros ?? this.snapshot.timestampMicros;
  }

  /** Whether a leader was heard, or this node started, less than a minimum election timeout ago. */
  get loyal(): boolean {
    const heardMs = this.asleepUnder?.heardMs(this.leaderId) ?? Number.NEGATIVE_INFINITY;
    const since = Math.max(this.startedMs, this.lastLeaderContactMs, heardMs);
    return this.nowMs < since + this.options.electionTimeoutMs;
  }

  /** @param sinceMs when the silence began */
  resetElectionDeadline(sinceMs: number = this.nowMs): void {
    const { electionTimeoutMs, prng } = this.options;
    this.electionDeadlineMs = sinceMs + electionTimeoutMs * (1 + prng.float());
  }

  adoptTerm(term: Term): void {
    assert(term > this.#currentTerm, 'terms only rise');
    this.#currentTerm = term;
    this.#votedFor = noNode;
    this.cancelledRound = 0;
    this.#verifiedIndex = this.commitIndex;
    this.#promiseChanged();
  }

  voteFor(candidate: NodeId): void {
    if (this.#votedFor === candidate) return;
    assert(this.#votedFor === noNode, 'one vote a term');
    this.#votedFor = candidate;
    this.#promiseChanged();
  }

  #promiseChanged(): void {
    this.#unwritten.hardState = true;
    this.#promiseWriteId = this.durability.nextId;
  }

  setRole(role: RoleState, leaderId: NodeId): void {
    this.role = role;
    this.leaderId = leaderId;
    if (leaderId !== noNode) this.#resetPriorityFloor();
    this.#tellLeadership();
  }

  #tellLeadership(): void {
    this.leadership.push({
      term: this.#currentTerm,
      role: visibleRole(this.role, this.membership),
      leader: this.leaderId,
    });
  }

  /** Another configuration is in force, perhaps with another part for this node. */
  #membershipChanged(before: Role): void {
    this.#resetPriorityFloor();
    if (visibleRole(this.role, this.membership) !== before) this.#tellLeadership();
  }

  #resetPriorityFloor(): void {
    this.priorityFloor = this.membership.priorities[0] ?? 0;
  }

  /** For messages that rest on the current term and vote: they leave once both are durable. */
  promise(message: RaftMessage): void {
    if (this.#promiseWriteId <= this.durability.durableId && message.to !== this.nodeId) {
      this.outbox.send(message);
    } else {
      this.outbox.hold(message, this.#promiseWriteId);
    }
  }

  append(entries: readonly Entry[]): void {
    this.log.append(entries);
    const before = visibleRole(this.role, this.membership);
    if (this.memberships.appended(entries)) this.#membershipChanged(before);
  }

  truncateAfter(index: LogIndex): void {
    assert(index >= this.commitIndex, 'committed entries are never truncated');
    this.log.truncateAfter(index);
    this.durability.truncatedAfter(index);
    const before = visibleRole(this.role, this.membership);
    if (this.memberships.truncatedAfter(index)) this.#membershipChanged(before);
    const unwritten = this.#unwritten;
    if (unwritten.nextEntry > index + 1) {
      unwritten.nextEntry = index + 1;
      unwritten.truncateAfter = Math.min(unwritten.truncateAfter ?? index, index);
    }
  }

  /** @returns whether the commit index moved */
  /** The log is known to equal that of the term's leader up to here; grows within a term. */
  get verifiedIndex(): LogIndex {
    return this.#verifiedIndex;
  }

  verifiedTo(index: LogIndex): void {
    this.#verifiedIndex = Math.max(this.#verifiedIndex, index);
  }

  commitTo(index: LogIndex): boolean {
    if (index <= this.commitIndex) return false;
    assert(index <= this.log.lastIndex, 'only entries that are there can be committed');
    this.commitIndex = index;
    return true;
  }

  /** Replaces log and state by a snapshot whose content is durable already. */
  installSnapshot(snapshot: SnapshotMeta): void {
    const voidAfter = this.log.start.index;
    this.durability.replaced();
    this.durability.truncatedAfter(this.commitIndex);
    this.log.reset({ index: snapshot.index, term: snapshot.term });
    const before = visibleRole(this.role, this.membership);
    if (this.memberships.reset(snapshot)) this.#membershipChanged(before);
    this.snapshot = snapshot;
    this.commitIndex = snapshot.index;
    this.#unwritten.truncateAfter = Math.min(this.#unwritten.truncateAfter ?? voidAfter, voidAfter);
    this.#unwritten.nextEntry = snapshot.index + 1;
    this.#unwritten.snapshot = snapshot;
    this.#unwritten.logStart = this.log.start;
    this.#unwritten.restore = snapshot;
  }

  /** A snapshot of this node's own state machine is durable: cut the log behind it. */
  compact(snapshot: SnapshotMeta, keepFrom: LogIndex): void {
    if (snapshot.index > this.snapshot.index) {
      this.snapshot = snapshot;
      this.memberships.compactedTo(snapshot.index);
      this.#unwritten.snapshot = snapshot;
    }
    const cutAt = Math.min(snapshot.index, keepFrom - 1);
    if (cutAt > this.log.start.index) {
      this.log.compactTo(cutAt);
      this.#unwritten.logStart = this.log.start;
    }
  }

  /** @returns the next write, or null when nothing waits to be made durable */
  takeWrite(): DurableWrite | null {
    const unwritten = this.#unwritten;
    // What follows a snapshot waits for the next write: within one, entries come before it.
    const last = unwritten.restore?.index ?? this.log.lastIndex;
    const { truncateAfter, snapshot, logStart } = unwritten;
    const hasEntries = unwritten.nextEntry <= last;
    const isEmpty =
      !hasEntries &&
      !unwritten.hardState &&
      truncateAfter === null &&
      snapshot === null &&
      logStart === null;
    if (isEmpty) return null;
    const entries = hasEntries
      ? this.log.slice(unwritten.nextEntry, last, Number.POSITIVE_INFINITY)
      : nothing;
    const lastIndex = hasEntries ? last : null;
    const id = this.durability.submitted(lastIndex, unwritten.restore, this.nowMs);
    const hardState: HardState = {
      term: this.#currentTerm,
      votedFor: this.#votedFor,
      commitIndex: Math.min(this.commitIndex, last),
    };
    unwritten.hardState = false;
    unwritten.truncateAfter = null;
    unwritten.nextEntry = last + 1;
    unwritten.snapshot = null;
    unwritten.logStart = null;
    unwritten.restore = null;
    return { id, hardState, truncateAfter, entries, snapshot, logStart };
  }

  /** @returns committed entries that are durable here and may be applied next */
  takeCommitted(): readonly Entry[] {
    if (this.handedIndex > this.appliedIndex) return nothing;
    // A snapshot has replaced the log and is not durable yet: what it replaced is gone.
    if (this.handedIndex < this.log.start.index) return nothing;
    const to = Math.min(this.commitIndex, this.durability.durableIndex);
    if (to <= this.handedIndex) return nothing;
    if (!this.holdsData) {
      this.handedIndex = to;
      this.appliedIndex = to;
      return nothing;
    }
    const entries = this.log.slice(this.handedIndex + 1, to, this.options.maxApplyBytes);
    this.handedIndex += entries.length;
    return entries;
  }
}

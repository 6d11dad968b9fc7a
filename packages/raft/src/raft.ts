import { assert } from '@quorate/base';
import type {
  Configuration,
  Entry,
  LogIndex,
  NodeId,
  RaftMessage,
  SnapshotMeta,
  Term,
} from '@quorate/schema';
import { EntryKind, noNode } from '@quorate/schema';
import type { Effects, Role } from './contract/effects.ts';
import { startPreVote } from './election/campaign.ts';
import { advanceTransfer, startTransfer } from './election/leadership-transfer.ts';
import { stepDown } from './election/transitions.ts';
import { answerOwed } from './handle/append-entries.ts';
import { dispatch } from './handle/dispatch.ts';
import { entryBytes } from './log/raft-log.ts';
import type { InitialState, RaftOptions } from './options.ts';
import { startReadRound } from './reads/reads.ts';
import { Replica } from './replica.ts';
import { advanceCommit } from './replication/commit.ts';
import { diskIsStalled, supportedUntilMs } from './replication/leadership-check.ts';
import { replicateToAll, sendHeartbeats } from './replication/replicate.ts';
import { visibleRole } from './role.ts';

/** What became of a proposal at the moment it was made; `appended` is not yet committed. */
export type Proposed =
  | { readonly outcome: 'appended'; readonly firstIndex: LogIndex; readonly term: Term }
  | { readonly outcome: 'notLeader'; readonly leader: NodeId }
  | { readonly outcome: 'overloaded' };

/**
 * One replica of one group: a pure machine. Events go in, each with the time; after any number of
 * them `takeEffects` says what the driver has to do. It does no I/O, reads no clock, and keeps no
 * promise it has not seen become durable.
 *
 * Times are milliseconds of one monotonic clock. Terms and indexes are safe integers.
 *
 * @throws AssertionFailed when a caller breaks the contract; nothing a peer says makes it throw
 *   unless Raft's own safety is already broken
 * @see Ongaro's dissertation, chapters 3 to 6; docs/internals/core.md
 */
export class Raft {
  readonly #replica: Replica;

  constructor(options: RaftOptions, initial: InitialState, nowMs: number) {
    this.#replica = new Replica(options, initial, nowMs);
  }

  get nodeId(): NodeId {
    return this.#replica.nodeId;
  }

  get currentTerm(): Term {
    return this.#replica.currentTerm;
  }

  get votedFor(): NodeId {
    return this.#replica.votedFor;
  }

  get role(): Role {
    return visibleRole(this.#replica.role, this.#replica.isVoter);
  }

  /** 0 when unknown. */
  get leaderId(): NodeId {
    return this.#replica.leaderId;
  }

  get commitIndex(): LogIndex {
    return this.#replica.commitIndex;
  }

  get lastIndex(): LogIndex {
    return this.#replica.log.lastIndex;
  }

  get durableIndex(): LogIndex {
    return this.#replica.durability.durableIndex;
  }

  get configuration(): Configuration {
    return this.#replica.configuration;
  }

  /** The newest snapshot, index 0 in a group that has never taken one. */
  get snapshot(): SnapshotMeta {
    return this.#replica.snapshot;
  }

  /** @returns null where the log does not reach */
  termAt(index: LogIndex): Term | null {
    return this.#replica.log.termAt(index);
  }

  /** @returns null where the log does not reach, or at the position it starts behind */
  entryAt(index: LogIndex): Entry | null {
    return this.#replica.log.entryAt(index);
  }

  /** When `tick` has to be called at the latest, in the clock's milliseconds; may be Infinity. */
  get deadlineMs(): number {
    const { role } = this.#replica;
    if (role.kind === 'leader') {
      return Math.min(role.nextHeartbeatMs, supportedUntilMs(this.#replica, role));
    }
    return this.#replica.isVoter ? this.#replica.electionDeadlineMs : Number.POSITIVE_INFINITY;
  }

  /** Time has passed. Deadlines that were missed are acted on once, never caught up. */
  tick(nowMs: number): void {
    this.#advance(nowMs);
    const replica = this.#replica;
    const { role } = replica;
    if (role.kind === 'leader') {
      // Before anything else is done as leader: after a pause this is where it learns that it is
      // none.
      if (nowMs >= supportedUntilMs(replica, role) || diskIsStalled(replica)) {
        stepDown(replica);
      }
      return;
    }
    if (nowMs < replica.electionDeadlineMs || !replica.isVoter) return;
    // A vote cannot become durable on a disk that stands still, so campaigning is pointless.
    if (diskIsStalled(replica)) replica.resetElectionDeadline();
    else startPreVote(replica);
  }

  /** A message has arrived. One that is not for this node is ignored. */
  step(message: RaftMessage, nowMs: number): void {
    this.#advance(nowMs);
    if (message.to !== this.#replica.nodeId) return;
    dispatch(this.#replica, message);
  }

  /**
   * Appends commands to the log, if this node leads. They are committed later, or never.
   *
   * @param commands not to be changed afterwards; at least one
   * @param wallMicros the wall clock; entries get times that strictly increase along the log
   */
  propose(commands: readonly Uint8Array[], nowMs: number, wallMicros: number): Proposed {
    this.#advance(nowMs);
    assert(commands.length > 0, 'a proposal has at least one command');
    const replica = this.#replica;
    const { role } = replica;
    if (role.kind !== 'leader') return { outcome: 'notLeader', leader: replica.leaderId };
    if (role.transfer !== null) return { outcome: 'overloaded' };
    const firstIndex = replica.log.lastIndex + 1;
    let timestampMicros = replica.lastTimestampMicros;
    let bytes = 0;
    const entries: Entry[] = [];
    for (const data of commands) {
      timestampMicros = Math.max(wallMicros, timestampMicros + 1);
      const index = firstIndex + entries.length;
      const term = replica.currentTerm;
      const entry = { index, term, kind: EntryKind.command, timestampMicros, data };
      entries.push(entry);
      bytes += entryBytes(entry);
    }
    const waiting = role.uncommittedBytes;
    // One proposal is always let through, or a large one could never be made.
    if (waiting > 0 && waiting + bytes > replica.options.maxUncommittedBytes) {
      return { outcome: 'overloaded' };
    }
    role.uncommittedBytes += bytes;
    replica.append(entries);
    return { outcome: 'appended', firstIndex, term: replica.currentTerm };
  }

  /**
   * Asks for an index that is safe to read at: everything acknowledged before this call is at or
   * below it. The answer comes as `reads` or `failedReads` of some later effects.
   *
   * @param context chosen by the caller, unique among its reads of this process
   * @returns false when nobody is known to lead: ask again later
   */
  readIndex(context: number, nowMs: number): boolean {
    this.#advance(nowMs);
    const replica = this.#replica;
    if (replica.role.kind === 'leader') {
      replica.role.reads.add({ from: replica.nodeId, context });
      return true;
    }
    if (replica.leaderId === noNode) return false;
    replica.forwardedReads.add(context);
    replica.outbox.send({
      type: 'ReadIndex',
      to: replica.leaderId,
      term: replica.currentTerm,
      context,
    });
    return true;
  }

  /** The asker has given up on a read; a late answer will be ignored. */
  forgetRead(context: number): void {
    this.#replica.forwardedReads.delete(context);
  }

  /** Hands the lead to a voter. @returns false when this node cannot (not leader, target unfit) */
  transferLeadership(to: NodeId, nowMs: number): boolean {
    this.#advance(nowMs);
    const { role } = this.#replica;
    return role.kind === 'leader' && startTransfer(this.#replica, role, to);
  }

  /** Write `id` is durable; completions come in the order in which the writes were handed out. */
  persisted(id: number, nowMs: number): void {
    this.#advance(nowMs);
    const replica = this.#replica;
    const restore = replica.durability.persisted(id);
    for (const message of replica.outbox.release(id)) dispatch(replica, message);
    if (restore !== null) {
      replica.restore = restore;
      replica.handedIndex = restore.index;
      replica.appliedIndex = restore.index;
    }
    const { role } = replica;
    if (role.kind === 'leader') advanceCommit(replica);
    else if (role.kind === 'follower') answerOwed(replica, role, replica.leaderId);
  }

  /** The state machine has applied everything up to and including `index`. */
  applied(index: LogIndex): void {
    const replica = this.#replica;
    assert(index <= replica.handedIndex, 'only what was handed out can have been applied');
    replica.appliedIndex = Math.max(replica.appliedIndex, index);
  }

  /** What a snapshot of the state machine taken now, at an applied index, has to record. */
  snapshotMeta(index: LogIndex): SnapshotMeta {
    const { log, snapshot, configurations } = this.#replica;
    if (index === snapshot.index) return snapshot;
    const entry = log.entryAt(index);
    assert(entry !== null, `the log holds index ${index}`);
    const { term, timestampMicros } = entry;
    return { index, term, timestampMicros, configuration: configurations.at(index) };
  }

  /**
   * A snapshot of this node's state machine is durable: the log behind it may go, but for a tail
   * that spares slightly late followers a snapshot.
   */
  compact(snapshot: SnapshotMeta, tailEntries: number): void {
    const replica = this.#replica;
    if (snapshot.index < replica.snapshot.index) return;
    let keepFrom = snapshot.index + 1 - tailEntries;
    if (replica.role.kind === 'leader') {
      for (const progress of replica.role.progress.values()) {
        // A follower that is receiving a snapshot will need what comes after it.
        if (progress.state === 'snapshot')
          keepFrom = Math.min(keepFrom, progress.snapshotIndex + 1);
      }
    }
    replica.compact(snapshot, keepFrom);
  }

  /** The link to a peer broke: whatever was under way to it is lost. */
  unreachable(peer: NodeId): void {
    const { role } = this.#replica;
    if (role.kind !== 'leader') return;
    const progress = role.progress.get(peer);
    if (progress?.state === 'replicate') progress.becomeProbe();
  }

  /**
   * Streaming a snapshot to `to` has ended; on success its answer moves it on, else it begins
   * anew.
   */
  snapshotSent(to: NodeId): void {
    const { role } = this.#replica;
    if (role.kind !== 'leader') return;
    const progress = role.progress.get(to);
    if (progress?.state === 'snapshot') progress.becomeProbe();
  }

  /** What the driver has to do now. Call it after each turn's inputs. */
  takeEffects(): Effects {
    const replica = this.#replica;
    const { role } = replica;
    if (role.kind === 'leader') {
      startReadRound(replica, role);
      if (replica.nowMs >= role.nextHeartbeatMs) {
        sendHeartbeats(replica, role);
        role.nextHeartbeatMs = replica.nowMs + replica.options.heartbeatIntervalMs;
      }
      replicateToAll(replica);
      advanceTransfer(replica, role);
    }
    const effects: Effects = {
      write: replica.takeWrite(),
      messages: replica.outbox.take(),
      restore: replica.restore,
      committed: replica.takeCommitted(),
      reads: replica.readyReads,
      failedReads: replica.failedReads,
      snapshotsToSend: replica.snapshotsToSend,
      leadership: replica.leadership,
    };
    replica.restore = null;
    replica.readyReads = [];
    replica.failedReads = [];
    replica.snapshotsToSend = [];
    replica.leadership = [];
    return effects;
  }

  #advance(nowMs: number): void {
    // Two events may carry times read in the wrong order; time itself does not go back.
    this.#replica.nowMs = Math.max(this.#replica.nowMs, nowMs);
  }
}

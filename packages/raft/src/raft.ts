import { assert } from '@quorate/base';
import type {
  DurabilityClass,
  LogIndex,
  NodeId,
  RaftMessage,
  SnapshotMeta,
  Term,
} from '@quorate/schema';
import { noNode } from '@quorate/schema';
import type { Effects } from './contract/effects.ts';
import type { NodeContacts } from './contract/node-contacts.ts';
import { startPreVote } from './election/campaign.ts';
import { startTransfer, type TransferRefusal } from './election/leadership-transfer.ts';
import { yieldsToHigherPriority } from './election/priority.ts';
import { becomeFollower, stepDown } from './election/transitions.ts';
import { answerOwed } from './handle/append-entries.ts';
import { dispatch } from './handle/dispatch.ts';
import type { MembershipChange } from './membership/membership-change.ts';
import {
  type MembershipProposed,
  proposeLeaveJoint,
  proposeMembership,
} from './membership/reconfiguration.ts';
import type { InitialState, RaftOptions } from './options.ts';
import { isEcho, mayFollowerSleep, mayLeaderSleep, wake } from './quiescence/sleep.ts';
import { RaftState } from './raft-state.ts';
import { Replica } from './replica.ts';
import { advanceCommit } from './replication/commit.ts';
import { lead } from './replication/lead.ts';
import { diskIsStalled, supportedUntilMs } from './replication/leadership-check.ts';
import { type Proposed, proposeCommands } from './replication/propose.ts';
import { trackOthers } from './replication/replicate.ts';
import { takeAll } from './take-all.ts';

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
export class Raft extends RaftState {
  constructor(options: RaftOptions, initial: InitialState, nowMs: number) {
    super(new Replica(options, initial, nowMs));
  }

  /**
   * Stops the group's own heartbeats, when there is nothing in it but they. From then on `contacts`
   * speaks for its nodes, and the driver must `wake` it as soon as one of them has been silent for
   * an election timeout, or says that its replica is awake.
   *
   * @returns whether it sleeps; only a leader's goes to sleep by itself
   */
  sleep(contacts: NodeContacts, nowMs: number): boolean {
    this.#advance(nowMs);
    const replica = this.replica;
    const { role } = replica;
    if (role.kind !== 'leader' || !mayLeaderSleep(replica, role)) return false;
    replica.asleepUnder = contacts;
    return true;
  }

  /** As `sleep`, because the leader's does. @returns whether it sleeps */
  sleepUnder(
    leader: NodeId,
    term: Term,
    lastIndex: LogIndex,
    contacts: NodeContacts,
    nowMs: number,
  ): boolean {
    this.#advance(nowMs);
    const replica = this.replica;
    if (!mayFollowerSleep(replica, leader, term, lastIndex)) return false;
    // Its leader sleeps only once everyone has acknowledged everything.
    replica.commitTo(lastIndex);
    replica.asleepUnder = contacts;
    return true;
  }

  /** Goes back to heartbeats of its own. Any input but a tick does so by itself. */
  wake(nowMs: number): void {
    this.#advance(nowMs);
    this.#wake();
  }

  #wake(): void {
    if (this.replica.asleepUnder !== null) wake(this.replica);
  }

  /** Time has passed. Deadlines that were missed are acted on once, never caught up. */
  tick(nowMs: number): void {
    this.#advance(nowMs);
    const replica = this.replica;
    if (replica.asleepUnder !== null) return;
    const { role } = replica;
    if (role.kind === 'leader') {
      // Before anything else is done as leader: after a pause this is where it learns that it is
      // none.
      role.supportCheckMs = supportedUntilMs(replica, role);
      if (nowMs >= role.supportCheckMs || diskIsStalled(replica)) stepDown(replica);
      return;
    }
    if (nowMs < replica.electionDeadlineMs) return;
    if (!replica.canLead) {
      // Who cannot campaign would otherwise know a leader for ever that has been silent for long.
      becomeFollower(replica, replica.currentTerm, noNode);
      return;
    }
    // A vote cannot become durable on a disk that stands still, so campaigning is pointless.
    if (diskIsStalled(replica) || yieldsToHigherPriority(replica)) replica.resetElectionDeadline();
    else startPreVote(replica);
  }

  /** A message has arrived. One that is not for this node is ignored. */
  step(message: RaftMessage, nowMs: number): void {
    this.#advance(nowMs);
    if (message.to !== this.replica.nodeId) return;
    if (this.asleep && !isEcho(this.replica, message)) this.#wake();
    dispatch(this.replica, message);
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
    this.#wake();
    const replica = this.replica;
    const { role } = replica;
    if (role.kind !== 'leader') return { outcome: 'notLeader', leader: replica.leaderId };
    return proposeCommands(replica, role, commands, wallMicros);
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
    this.#wake();
    const replica = this.replica;
    if (replica.role.kind === 'leader') {
      replica.role.reads.add({ from: replica.nodeId, context });
      return true;
    }
    if (replica.leaderId === noNode) return false;
    replica.forwardedReads.add(context);
    replica.outbox.send({
      type: 'ReadIndex',
      from: replica.nodeId,
      to: replica.leaderId,
      term: replica.currentTerm,
      context,
    });
    return true;
  }

  /**
   * The index to read at without asking anyone, if this node holds a leader lease. The state is
   * read first and the lease checked after, with nothing between but that read: a process may be
   * stopped anywhere (bug 36).
   *
   * @returns null without a lease: ask for a read index instead
   */
  leaseReadIndex(nowMs: number): LogIndex | null {
    this.#advance(nowMs);
    if (this.asleep) return null;
    return this.leaseUntilMs > this.replica.nowMs ? this.replica.commitIndex : null;
  }

  /**
   * Asks to be told when a committed entry is durable in as many failure domains as the class asks
   * for. The answer comes as `durability` or `failedDurability` of some later effects. Asking again
   * under the same context is harmless.
   *
   * @param context chosen by the caller, unique among its waits of this process
   * @returns false when nobody is known to lead: ask again later
   */
  awaitDurability(
    context: number,
    index: LogIndex,
    durability: DurabilityClass,
    nowMs: number,
  ): boolean {
    this.#advance(nowMs);
    this.#wake();
    const replica = this.replica;
    if (replica.role.kind === 'leader') {
      const wait = { from: replica.nodeId, context, index, durability, askedMs: nowMs };
      replica.role.durabilityWaits.add(wait);
      return true;
    }
    if (replica.leaderId === noNode) return false;
    replica.forwardedWaits.add(context);
    replica.outbox.send({
      type: 'AwaitDurability',
      from: replica.nodeId,
      to: replica.leaderId,
      term: replica.currentTerm,
      context,
      index,
      durability,
    });
    return true;
  }

  /** The asker has given up on a read; a late answer will be ignored. */
  forgetRead(context: number): void {
    this.replica.forwardedReads.delete(context);
  }

  /** As `forgetRead`, of a wait for durability. */
  forgetDurability(context: number): void {
    const { role, nodeId, forwardedWaits } = this.replica;
    forwardedWaits.delete(context);
    if (role.kind === 'leader') role.durabilityWaits.forget(nodeId, context);
  }

  /** Hands the lead to a voter. @returns null when it has begun, else why it cannot */
  transferLeadership(to: NodeId, nowMs: number): TransferRefusal | 'notLeader' | null {
    this.#advance(nowMs);
    this.#wake();
    const { role } = this.replica;
    return role.kind === 'leader' ? startTransfer(this.replica, role, to) : 'notLeader';
  }

  /**
   * Changes who decides, holds data, or leads by preference (dissertation 4.3). In force here at
   * once; committed when `commitIndex` has passed its entry and, for a joint change that leaves by
   * itself, the one after it.
   */
  proposeMembership(change: MembershipChange, nowMs: number): MembershipProposed {
    this.#advance(nowMs);
    this.#wake();
    const replica = this.replica;
    const { role } = replica;
    if (role.kind !== 'leader') return { outcome: 'notLeader', leader: replica.leaderId };
    return proposeMembership(replica, role, change);
  }

  /** Leaves a joint configuration that was entered with `mode: 'joint'`. */
  leaveJoint(nowMs: number): MembershipProposed {
    this.#advance(nowMs);
    this.#wake();
    const replica = this.replica;
    const { role } = replica;
    if (role.kind !== 'leader') return { outcome: 'notLeader', leader: replica.leaderId };
    return proposeLeaveJoint(replica, role);
  }

  /**
   * The driver knows that the leader is gone (its process exited): forget it, so that this node
   * votes without waiting. Refused under leader leases, which rest on that wait.
   *
   * @returns whether it was forgotten
   */
  forgetLeader(nowMs: number): boolean {
    this.#advance(nowMs);
    this.#wake();
    const replica = this.replica;
    const follows = replica.role.kind === 'follower' && replica.leaderId !== noNode;
    if (!follows || replica.options.maxClockDrift !== null) return false;
    becomeFollower(replica, replica.currentTerm, noNode);
    replica.lastLeaderContactMs = Number.NEGATIVE_INFINITY;
    return true;
  }

  /**
   * A peer has said which incarnation of its node it is, when its link came up. One that the
   * configuration knows otherwise has lost its data: what it promises counts for nothing (bug 20).
   */
  peerIncarnation(peer: NodeId, incarnation: number, nowMs: number): void {
    this.#advance(nowMs);
    const replica = this.replica;
    const isAnother = replica.memberships.peerIncarnation(peer, incarnation);
    if (replica.memberships.unrecorded.size > 0) this.#wake();
    const { role } = replica;
    if (!isAnother || role.kind !== 'leader') return;
    const before = role.progress.get(peer);
    if (before === undefined) return;
    // What the one before it had acknowledged is gone, and its support does not begin anew.
    role.progress.delete(peer);
    trackOthers(replica, role.progress, replica.log.lastIndex + 1);
    const now = role.progress.get(peer);
    if (now !== undefined) now.supportedAtMs = before.supportedAtMs;
  }

  /** Write `id` is durable; completions come in the order in which the writes were handed out. */
  persisted(id: number, nowMs: number): void {
    this.#advance(nowMs);
    const replica = this.replica;
    const restore = replica.durability.persisted(id);
    replica.settleRepair();
    for (const message of replica.outbox.release(id)) dispatch(replica, message);
    if (restore !== null) {
      if (!restore.withheld) replica.restore = restore;
      replica.handedIndex = restore.index;
      replica.appliedIndex = restore.index;
    }
    const { role, leaderId } = replica;
    if (role.kind === 'leader') advanceCommit(replica);
    // A leader that was forgotten has its answer when it is heard of again.
    else if (role.kind === 'follower' && leaderId !== noNode) answerOwed(replica, role, leaderId);
  }

  /** The state machine has applied everything up to and including `index`. */
  applied(index: LogIndex): void {
    const replica = this.replica;
    assert(index <= replica.handedIndex, 'only what was handed out can have been applied');
    replica.appliedIndex = Math.max(replica.appliedIndex, index);
  }

  /** What a snapshot of the state machine taken now, at an applied index, has to record. */
  snapshotMeta(index: LogIndex): SnapshotMeta {
    const { log, snapshot, memberships } = this.replica;
    if (index === snapshot.index) return snapshot;
    const entry = log.entryAt(index);
    assert(entry !== null, `the log holds index ${index}`);
    const { term, timestampMicros } = entry;
    const configuration = memberships.at(index);
    return { index, term, timestampMicros, configuration, withheld: !this.replica.holdsData };
  }

  /**
   * A snapshot of this node's state machine is durable: the log behind it may go, but for a tail
   * that spares slightly late followers a snapshot.
   */
  compact(snapshot: SnapshotMeta, tailEntries: number): void {
    const replica = this.replica;
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
    this.#wake();
    const { role } = this.replica;
    if (role.kind !== 'leader') return;
    role.durabilityWaits.drop(peer);
    const progress = role.progress.get(peer);
    if (progress?.state === 'replicate') progress.becomeProbe();
  }

  /**
   * Streaming a snapshot to `to` has ended; on success its answer moves it on, else it begins
   * anew.
   */
  snapshotSent(to: NodeId): void {
    const { role } = this.replica;
    if (role.kind !== 'leader') return;
    const progress = role.progress.get(to);
    if (progress?.state === 'snapshot') progress.becomeProbe();
  }

  /** What the driver has to do now. Call it after each turn's inputs. */
  takeEffects(): Effects {
    const replica = this.replica;
    const { role, asleepUnder } = replica;
    if (role.kind === 'leader' && asleepUnder === null) lead(replica, role);
    const effects: Effects = {
      write: replica.takeWrite(),
      messages: replica.outbox.take(),
      restore: replica.restore,
      committed: replica.takeCommitted(),
      reads: takeAll(replica.readyReads),
      failedReads: takeAll(replica.failedReads),
      durability: takeAll(replica.durabilityAnswers),
      failedDurability: takeAll(replica.failedDurability),
      snapshotsToSend: takeAll(replica.snapshotsToSend),
      leadership: takeAll(replica.leadership),
    };
    replica.restore = null;
    return effects;
  }

  #advance(nowMs: number): void {
    // Two events may carry times read in the wrong order; time itself does not go back.
    this.replica.nowMs = Math.max(this.replica.nowMs, nowMs);
  }
}

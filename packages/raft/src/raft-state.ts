import type { Configuration, Entry, LogIndex, NodeId, SnapshotMeta, Term } from '@quorate/schema';
import { noNode } from '@quorate/schema';
import type { Role } from './contract/effects.ts';
import { bestSuccessor } from './election/leadership-transfer.ts';
import type { Replica } from './replica.ts';
import { leaseUntilMs } from './replication/leadership-check.ts';
import { type PeerView, peerView } from './replication/peer-view.ts';
import { visibleRole } from './role.ts';

/** What may be seen of one replica. Nothing here changes it. */
export class RaftState {
  protected readonly replica: Replica;

  constructor(replica: Replica) {
    this.replica = replica;
  }

  get nodeId(): NodeId {
    return this.replica.nodeId;
  }

  get currentTerm(): Term {
    return this.replica.currentTerm;
  }

  get votedFor(): NodeId {
    return this.replica.votedFor;
  }

  get role(): Role {
    return visibleRole(this.replica.role, this.replica.membership);
  }

  /** 0 when unknown. */
  get leaderId(): NodeId {
    return this.replica.leaderId;
  }

  get commitIndex(): LogIndex {
    return this.replica.commitIndex;
  }

  /** Entries in memory. */
  get logEntries(): number {
    const { log } = this.replica;
    return log.lastIndex - log.start.index;
  }

  /** What those take in memory, about. */
  get logBytes(): number {
    return this.replica.log.bytes;
  }

  get lastIndex(): LogIndex {
    return this.replica.log.lastIndex;
  }

  get durableIndex(): LogIndex {
    return this.replica.durability.durableIndex;
  }

  get configuration(): Configuration {
    return this.replica.configuration;
  }

  /** Of the entry, or the snapshot, that brought the configuration in force. */
  get configurationIndex(): LogIndex {
    return this.replica.membership.index;
  }

  /** Applied, or in a witness skipped. */
  get appliedIndex(): LogIndex {
    return this.replica.appliedIndex;
  }

  /** Damaged, and not yet brought back to what it may have acknowledged (rule 14). */
  get repairing(): boolean {
    return this.replica.repairing;
  }

  /**
   * Whether the node came back without the data that the group knows it to have had: it takes no
   * part any more, and has to be removed and added anew.
   */
  isImpostor(id: NodeId): boolean {
    return this.replica.memberships.isImpostor(id);
  }

  /** Until when this node surely is the only leader, by its clock; -Infinity without a lease. */
  get leaseUntilMs(): number {
    const { role } = this.replica;
    return role.kind === 'leader' ? leaseUntilMs(this.replica, role) : Number.NEGATIVE_INFINITY;
  }

  /** The newest snapshot, index 0 in a group that has never taken one. */
  get snapshot(): SnapshotMeta {
    return this.replica.snapshot;
  }

  /** @returns null where the log does not reach */
  termAt(index: LogIndex): Term | null {
    return this.replica.log.termAt(index);
  }

  /** @returns null where the log does not reach, or at the position it starts behind */
  entryAt(index: LogIndex): Entry | null {
    return this.replica.log.entryAt(index);
  }

  /** When `tick` has to be called at the latest, in the clock's milliseconds; may be Infinity. */
  get deadlineMs(): number {
    const { role, asleepUnder } = this.replica;
    if (asleepUnder !== null) return Number.POSITIVE_INFINITY;
    if (role.kind === 'leader') {
      return Math.min(role.nextHeartbeatMs, role.supportCheckMs);
    }
    const { canLead, leaderId, electionDeadlineMs } = this.replica;
    return canLead || leaderId !== noNode ? electionDeadlineMs : Number.POSITIVE_INFINITY;
  }

  /** Sleeping: the driver wakes it when a node that answers for it is silent (rule 11). */
  get asleep(): boolean {
    return this.replica.asleepUnder !== null;
  }

  /** The voter that would take the lead over best; 0 when none is fit, or none leads here. */
  get bestSuccessor(): NodeId {
    const { role } = this.replica;
    return role.kind === 'leader' ? (bestSuccessor(this.replica, role) ?? noNode) : noNode;
  }

  /** A transfer is under way: no proposals are taken. */
  get transferring(): boolean {
    const { role } = this.replica;
    return role.kind === 'leader' && role.transfer !== null;
  }

  /**
   * When the newest heartbeat round was sent that the other node has answered.
   *
   * @returns null when this node does not lead, or the other has not answered since it does
   */
  heardMs(node: NodeId): number | null {
    const { role } = this.replica;
    const progress = role.kind === 'leader' ? role.progress.get(node) : undefined;
    return progress !== undefined && progress.answeredRound > 0 ? progress.roundSupportMs : null;
  }

  /** What a leader knows of the others, in the order of their ids; empty on others. */
  get peers(): readonly PeerView[] {
    const { role, memberships } = this.replica;
    if (role.kind !== 'leader') return [];
    return [...role.progress]
      .map(([id, progress]) => peerView(id, progress, memberships.isImpostor(id)))
      .sort((a, b) => a.id - b.id);
  }
}

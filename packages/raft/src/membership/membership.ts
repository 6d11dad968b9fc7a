import type { Configuration, LogIndex, Member, NodeId } from '@quorate/schema';
import { isVoter, membersOf } from './members.ts';

/** What follows from a configuration for one replica, worked out when it comes into force. */
export class Membership {
  readonly configuration: Configuration;
  /** Of the entry, or the snapshot, that brought it. */
  readonly index: LogIndex;
  /** Everyone but this node. */
  readonly others: readonly NodeId[];
  readonly otherVoters: readonly NodeId[];
  readonly isMember: boolean;
  readonly isVoter: boolean;
  /** Whether this node votes and acknowledges with log metadata only (rule 7). */
  readonly isWitness: boolean;
  /** Learners that become voters once they have caught up. */
  readonly promotable: readonly NodeId[];
  readonly ownPriority: number;
  /** Of the voters that may lead, descending, each once. */
  readonly priorities: readonly number[];
  readonly #members: ReadonlyMap<NodeId, Member>;

  constructor(nodeId: NodeId, index: LogIndex, configuration: Configuration) {
    this.configuration = configuration;
    this.index = index;
    this.#members = new Map(configuration.members.map((member) => [member.id, member]));
    const all = membersOf(configuration);
    this.isMember = all.includes(nodeId);
    this.others = all.filter((id) => id !== nodeId);
    this.otherVoters = this.others.filter((id) => isVoter(configuration, id));
    this.isVoter = isVoter(configuration, nodeId);
    this.isWitness = this.witness(nodeId);
    this.promotable = configuration.learners.filter((id) => this.member(id)?.promote === true);
    this.ownPriority = this.#priority(nodeId);
    const leaders = configuration.voters.filter((id) => !this.witness(id));
    this.priorities = [...new Set(leaders.map((id) => this.#priority(id)))].sort((a, b) => b - a);
  }

  member(id: NodeId): Member | undefined {
    return this.#members.get(id);
  }

  witness(id: NodeId): boolean {
    return this.#members.get(id)?.witness === true;
  }

  #priority(id: NodeId): number {
    return this.#members.get(id)?.priority ?? 0;
  }

  get isJoint(): boolean {
    return this.configuration.votersOutgoing.length > 0;
  }
}

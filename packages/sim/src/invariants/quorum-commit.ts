import type { Configuration, GroupId, LogIndex, NodeId, QuorumSizes, Term } from '@quorate/schema';
import { type Invariant, InvariantViolation, type Turn } from './invariant.ts';

interface Led {
  term: Term;
  commitIndex: LogIndex;
  configurationIndex: LogIndex;
  /** In force at the end of the turn before: a leader may commit and change it in one. */
  configuration: Configuration;
}

/**
 * Quorum commit: what a leader commits, a commit quorum of the configuration in force has
 * acknowledged in its term (dissertation 3.5, 4.1). Witnesses count here, repairing nodes do not.
 */
export class QuorumCommit implements Invariant {
  readonly name = 'quorum commit';
  /** By group and term: how far each node's acknowledgements go. */
  readonly #acknowledged = new Map<GroupId, Map<Term, Map<NodeId, LogIndex>>>();
  readonly #led = new Map<GroupId, Map<NodeId, Led>>();

  check(turn: Turn): void {
    this.#note(turn);
    const { node, group, raft } = turn;
    let leaders = this.#led.get(group);
    if (leaders === undefined) {
      leaders = new Map();
      this.#led.set(group, leaders);
    }
    if (raft.role !== 'leader') {
      leaders.delete(node);
      return;
    }
    const { currentTerm: term, commitIndex, configuration, configurationIndex } = raft;
    const before = leaders.get(node);
    if (before?.term === term && commitIndex > before.commitIndex) {
      const holds =
        (index: LogIndex) =>
        (id: NodeId): boolean =>
          (id === node ? raft.durableIndex : this.#reached(group, term, id)) >= index;
      const { configurationIndex: pending } = before;
      const settles = pending > before.commitIndex && pending <= commitIndex;
      // The next configuration is appended once this one is committed, so by this one's quorum.
      if (settles && !isQuorum(before.configuration, holds(pending))) refuse(turn, pending);
      const held = holds(commitIndex);
      if (!isQuorum(before.configuration, held) && !isQuorum(configuration, held)) {
        refuse(turn, commitIndex);
      }
    }
    leaders.set(node, { term, commitIndex, configuration, configurationIndex });
  }

  /** Acknowledgements that another machine gave count for nothing any more. */
  replaced(node: NodeId): void {
    for (const terms of this.#acknowledged.values()) {
      for (const nodes of terms.values()) nodes.delete(node);
    }
  }

  #note({ node, group, effects }: Turn): void {
    for (const message of effects.messages) {
      if (message.type !== 'AppendEntriesResponse' || !message.success || message.repairing) {
        continue;
      }
      let terms = this.#acknowledged.get(group);
      if (terms === undefined) {
        terms = new Map();
        this.#acknowledged.set(group, terms);
      }
      let nodes = terms.get(message.term);
      if (nodes === undefined) {
        nodes = new Map();
        terms.set(message.term, nodes);
      }
      nodes.set(node, Math.max(nodes.get(node) ?? 0, message.matchIndex));
    }
  }

  #reached(group: GroupId, term: Term, node: NodeId): LogIndex {
    return this.#acknowledged.get(group)?.get(term)?.get(node) ?? 0;
  }
}

function refuse({ node, group, raft }: Turn, index: LogIndex): never {
  throw new InvariantViolation(
    'quorum commit',
    `group ${group}: node ${node} commits index ${index} in term ${raft.currentTerm}, which no ` +
      'commit quorum has acknowledged',
  );
}

function isQuorum(configuration: Configuration, held: (id: NodeId) => boolean): boolean {
  const { voters, quorum, votersOutgoing, quorumOutgoing } = configuration;
  return (
    isQuorumOf(voters, quorum, held) &&
    (votersOutgoing.length === 0 || isQuorumOf(votersOutgoing, quorumOutgoing, held))
  );
}

function isQuorumOf(
  voters: readonly NodeId[],
  sizes: QuorumSizes | null,
  held: (id: NodeId) => boolean,
): boolean {
  const needed = sizes?.commit ?? Math.floor(voters.length / 2) + 1;
  return voters.filter(held).length >= needed;
}

import type { LogIndex, NodeId, Term } from '@quorate/schema';
import { GroupMap, type Invariant, InvariantViolation, type Turn } from './invariant.ts';

interface Acknowledged {
  term: Term;
  /** Up to here the log is the leader's of that term, as the node has told it. */
  index: LogIndex;
}

/**
 * Acknowledged entries are kept: what a follower has acknowledged to a leader it does not truncate
 * while that leader's term lasts. The leader's log only grows, so nothing in it can conflict, and
 * the leader counts on what it was told (dissertation 3.5, 3.6.2).
 */
export class AcknowledgedKept implements Invariant {
  readonly name = 'acknowledged entries are kept';
  readonly #acknowledged = new GroupMap<Acknowledged>();

  check({ node, group, raft, effects, first }: Turn): void {
    let known = this.#acknowledged.get(group, node);
    if (known === undefined) {
      known = { term: 0, index: 0 };
      this.#acknowledged.set(group, node, known);
    }
    // A node that repairs its log has said so, and its acknowledgements count for nothing.
    if (first && raft.repairing) known.index = 0;
    const { write, messages } = effects;
    if (write !== null && write.truncateAfter !== null) {
      const { truncateAfter, snapshot } = write;
      const isBroken = known.term === raft.currentTerm && truncateAfter < known.index;
      // A snapshot takes the place of the whole log, and covers what was acknowledged.
      if (isBroken && (snapshot === null || snapshot.index < known.index)) {
        throw new InvariantViolation(
          this.name,
          `group ${group}: node ${node} truncates its log after index ${truncateAfter} in term ` +
            `${known.term}, in which it has acknowledged up to index ${known.index}`,
        );
      }
    }
    for (const message of messages) {
      if (message.type !== 'AppendEntriesResponse' || !message.success || message.repairing) {
        continue;
      }
      if (message.term > known.term) known.index = 0;
      known.term = message.term;
      known.index = Math.max(known.index, message.matchIndex);
    }
  }

  replaced(node: NodeId): void {
    this.#acknowledged.forget(node);
  }
}

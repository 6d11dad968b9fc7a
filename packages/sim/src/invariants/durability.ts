import type { LogIndex, NodeId, RaftMessage, Term } from '@quorate/schema';
import { GroupMap, type Invariant, InvariantViolation, type Turn } from './invariant.ts';

interface Promises {
  /** The highest term this node has shown to anyone, and the vote it gave in it. */
  term: Term;
  votedFor: NodeId;
  /** The log it has said, or counted for itself, to be durable. */
  index: LogIndex;
  indexTerm: Term;
  /** While the node repairs its log: what it must have again before its word counts (rule 14). */
  owedIndex: LogIndex;
}

/** They may carry a term that is not durable yet: nobody relies on the sender remembering it. */
const promisesNothing: ReadonlySet<RaftMessage['type']> = new Set([
  'PreVote',
  'PreVoteResponse',
  'ReadIndex',
]);

/**
 * Durability: what a node has promised, it still knows after any crash: its term, its vote, and the
 * entries it acknowledged (dissertation 3.8). Only its own truncation releases it from entries.
 */
export class Durability implements Invariant {
  readonly name = 'durability';
  readonly #promises = new GroupMap<Promises>();

  check(turn: Turn): void {
    const { node, group, raft, effects, first } = turn;
    let promises = this.#promises.get(group, node);
    if (promises === undefined) {
      promises = { term: 0, votedFor: 0, index: 0, indexTerm: 0, owedIndex: 0 };
      this.#promises.set(group, node, promises);
    }
    if (first) this.#checkRecovered(turn, promises);
    if (promises.owedIndex > 0) this.#checkRepair(turn, promises);
    for (const message of effects.messages) {
      if (promisesNothing.has(message.type)) continue;
      const votedFor =
        message.type === 'RequestVoteResponse' && message.granted
          ? message.to
          : message.type === 'RequestVote'
            ? node
            : 0;
      if (message.term > promises.term) {
        promises.term = message.term;
        promises.votedFor = votedFor;
      } else if (message.term === promises.term && votedFor !== 0) {
        promises.votedFor = votedFor;
      }
    }
    // Truncation in this turn takes effect before the durable index is looked at.
    const index = raft.durableIndex;
    promises.index = index;
    promises.indexTerm = raft.termAt(index) ?? -1;
  }

  #checkRecovered({ node, group, raft }: Turn, promises: Promises): void {
    const forgotVote =
      raft.currentTerm === promises.term &&
      promises.votedFor !== 0 &&
      raft.votedFor !== promises.votedFor;
    if (raft.currentTerm < promises.term || forgotVote) {
      throw new InvariantViolation(
        this.name,
        `group ${group}: node ${node} promised term ${promises.term} and its vote to ` +
          `${promises.votedFor}, and came back with term ${raft.currentTerm} and vote ` +
          `${raft.votedFor}`,
      );
    }
    if (raft.repairing) {
      promises.owedIndex = Math.max(promises.owedIndex, promises.index);
      return;
    }
    const covered = promises.index <= raft.snapshot.index;
    if (covered || promises.indexTerm === -1) return;
    if (raft.termAt(promises.index) === promises.indexTerm) return;
    throw new InvariantViolation(
      this.name,
      `group ${group}: node ${node} had index ${promises.index} of term ${promises.indexTerm} ` +
        `durable, and came back with a log that ends at ${raft.lastIndex}`,
    );
  }

  #checkRepair({ node, group, raft, effects }: Turn, promises: Promises): void {
    const { owedIndex } = promises;
    if (!raft.repairing) promises.owedIndex = 0;
    if (raft.durableIndex >= owedIndex) return;
    if (!raft.repairing) {
      throw new InvariantViolation(
        this.name,
        `group ${group}: node ${node} had up to index ${owedIndex} durable, and takes part again ` +
          `after a repair with a log that ends at ${raft.durableIndex}`,
      );
    }
    if (!effects.messages.some(counts)) return;
    throw new InvariantViolation(
      'repair',
      `group ${group}: node ${node}, which has ${raft.durableIndex} of ${owedIndex} entries that ` +
        'it had promised, gives its vote or an acknowledgement that counts',
    );
  }

  replaced(node: NodeId): void {
    this.#promises.forget(node);
  }
}

function counts(message: RaftMessage): boolean {
  if (message.type === 'RequestVoteResponse') return message.granted;
  return message.type === 'AppendEntriesResponse' && message.success && !message.repairing;
}

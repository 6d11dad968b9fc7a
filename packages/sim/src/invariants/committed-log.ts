import type { GroupId, LogIndex, Term } from '@quorate/schema';
import { GroupMap, type Invariant, InvariantViolation, type Turn } from './invariant.ts';

/**
 * State-Machine Safety and Leader Completeness (figure 3.2): once an entry is committed anywhere,
 * no node ever commits another at its index, and every later leader has it.
 */
export class CommittedLog implements Invariant {
  readonly name = 'state-machine safety';
  /** The term of the entry that is committed at each index, whoever said so first. */
  readonly #terms = new GroupMap<Term>();
  /** The term of whoever said so first, which is the leader that committed it. */
  readonly #committedIn = new GroupMap<Term>();
  readonly #last = new Map<GroupId, LogIndex>();
  readonly #checkedTo = new GroupMap<LogIndex>();

  check(turn: Turn): void {
    const { node, group, raft, effects, first } = turn;
    const from = first ? raft.snapshot.index : (this.#checkedTo.get(group, node) ?? 0);
    for (let index = from + 1; index <= raft.commitIndex; index++) {
      const term = raft.termAt(index);
      if (term !== null) this.#committed(turn, index, term);
    }
    this.#checkedTo.set(group, node, raft.commitIndex);
    if (effects.leadership.some(({ role }) => role === 'leader')) this.#checkLeader(turn);
  }

  #committed({ node, group, raft }: Turn, index: LogIndex, term: Term): void {
    const known = this.#terms.get(group, index);
    if (known === undefined) {
      this.#terms.set(group, index, term);
      this.#committedIn.set(group, index, raft.currentTerm);
      this.#last.set(group, Math.max(this.#last.get(group) ?? 0, index));
    } else if (known !== term) {
      throw new InvariantViolation(
        this.name,
        `group ${group}: node ${node} commits term ${term} at index ${index}, ` +
          `where term ${known} was committed`,
      );
    }
  }

  /**
   * The last entry committed in an earlier term is enough: by log matching the rest is there with
   * it. What a later term committed is none of a leader's that was long asleep and wakes up elected
   * by votes of its own term.
   */
  #checkLeader({ node, group, raft }: Turn): void {
    if (raft.role !== 'leader') return;
    let last = this.#last.get(group) ?? 0;
    while (last > 0 && (this.#committedIn.get(group, last) ?? 0) >= raft.currentTerm) last -= 1;
    if (last <= raft.snapshot.index) return;
    const term = this.#terms.get(group, last);
    if (raft.termAt(last) === term) return;
    throw new InvariantViolation(
      'leader completeness',
      `group ${group}: node ${node} leads term ${raft.currentTerm} without the entry ` +
        `of term ${term} committed at index ${last}`,
    );
  }
}

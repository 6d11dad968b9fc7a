import type { LogIndex, Term } from '@quorate/schema';
import { GroupMap, type Invariant, InvariantViolation, type Turn } from './invariant.ts';

interface Led {
  readonly term: Term;
  readonly commitIndex: LogIndex;
}

/**
 * Commit rule: a leader moves its commit index only to an entry of its own term; what is older is
 * committed along with that (dissertation 3.6.2, figure 3.7).
 */
export class CommitRule implements Invariant {
  readonly name = 'commit rule';
  readonly #led = new GroupMap<Led | null>();

  check({ node, group, raft, first }: Turn): void {
    const before = first ? null : this.#led.get(group, node);
    if (raft.role !== 'leader') {
      this.#led.set(group, node, null);
      return;
    }
    const { currentTerm, commitIndex } = raft;
    const moved = before?.term === currentTerm && commitIndex > before.commitIndex;
    const term = raft.termAt(commitIndex);
    if (moved && term !== null && term !== currentTerm) {
      throw new InvariantViolation(
        this.name,
        `group ${group}: node ${node}, leading term ${currentTerm}, commits index ${commitIndex} ` +
          `of term ${term} by counting`,
      );
    }
    this.#led.set(group, node, { term: currentTerm, commitIndex });
  }
}

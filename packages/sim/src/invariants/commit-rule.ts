import type { LogIndex, Term } from '@quorate/schema';
import { GroupMap, type Invariant, InvariantViolation, type Turn } from './invariant.ts';

interface Led {
  /** -1 while the node does not lead. */
  term: Term;
  commitIndex: LogIndex;
}

/**
 * Commit rule: a leader moves its commit index only to an entry of its own term; what is older is
 * committed along with that (dissertation 3.6.2, figure 3.7).
 */
export class CommitRule implements Invariant {
  readonly name = 'commit rule';
  readonly #led = new GroupMap<Led>();

  check({ node, group, raft, first }: Turn): void {
    let led = this.#led.get(group, node);
    if (led === undefined) {
      led = { term: -1, commitIndex: 0 };
      this.#led.set(group, node, led);
    }
    if (raft.role !== 'leader') {
      led.term = -1;
      return;
    }
    const { currentTerm, commitIndex } = raft;
    const moved = !first && led.term === currentTerm && commitIndex > led.commitIndex;
    const term = moved ? raft.termAt(commitIndex) : null;
    if (term !== null && term !== currentTerm) {
      throw new InvariantViolation(
        this.name,
        `group ${group}: node ${node}, leading term ${currentTerm}, commits index ${commitIndex} ` +
          `of term ${term} by counting`,
      );
    }
    led.term = currentTerm;
    led.commitIndex = commitIndex;
  }
}

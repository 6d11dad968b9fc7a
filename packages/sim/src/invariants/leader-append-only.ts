import type { Term } from '@quorate/schema';
import { GroupMap, type Invariant, InvariantViolation, type Turn } from './invariant.ts';

/** Leader Append-Only: a leader never overwrites or deletes entries of its log (figure 3.2). */
export class LeaderAppendOnly implements Invariant {
  readonly name = 'leader append-only';
  readonly #ledTerm = new GroupMap<Term>();

  check({ node, group, raft, effects, first }: Turn): void {
    const led = first ? -1 : (this.#ledTerm.get(group, node) ?? -1);
    const leads = raft.role === 'leader';
    if (leads && led === raft.currentTerm && effects.write?.truncateAfter != null) {
      throw new InvariantViolation(
        this.name,
        `group ${group}: node ${node}, leading term ${led}, ` +
          `truncated its log after ${effects.write.truncateAfter}`,
      );
    }
    this.#ledTerm.set(group, node, leads ? raft.currentTerm : -1);
  }
}

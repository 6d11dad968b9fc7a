import type { NodeId } from '@quorate/schema';
import { GroupMap, type Invariant, InvariantViolation, type Turn } from './invariant.ts';

/** Election Safety: at most one leader can be elected in a term (dissertation 3.2, figure 3.2). */
export class ElectionSafety implements Invariant {
  readonly name = 'election safety';
  readonly #leaders = new GroupMap<NodeId>();

  check({ node, group, effects }: Turn): void {
    for (const { role, term } of effects.leadership) {
      if (role !== 'leader') continue;
      const known = this.#leaders.get(group, term);
      if (known !== undefined && known !== node) {
        throw new InvariantViolation(
          this.name,
          `group ${group}: nodes ${known} and ${node} both lead term ${term}`,
        );
      }
      this.#leaders.set(group, term, node);
    }
  }
}

import { classIndex } from '../membership/failure-domains.ts';
import type { Replica } from '../replica.ts';
import type { LeaderState } from '../role.ts';

/**
 * Answers those whose entries have become durable in the class they asked for, and those for whom
 * that cannot happen with the members there are. The commit index is not touched: classes gate
 * replies, never commitment (rule 12).
 */
export function answerDurabilityWaits(replica: Replica, role: LeaderState): void {
  if (role.durabilityWaits.isEmpty) return;
  role.durabilityWaits.answer(
    (durability) => {
      const durable = classIndex(replica, role, replica.configuration, durability);
      return durable === null ? null : Math.min(durable, replica.commitIndex);
    },
    ({ from, context }, reached) => {
      if (from === replica.nodeId) {
        replica.durabilityAnswers.push({ context, reached });
        return;
      }
      const term = replica.currentTerm;
      replica.outbox.send({
        type: 'DurabilityReached',
        from: replica.nodeId,
        to: from,
        term,
        context,
        reached,
      });
    },
  );
}

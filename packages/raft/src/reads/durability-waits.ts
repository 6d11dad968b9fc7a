import type { DurabilityClass, LogIndex } from '@quorate/schema';
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
  const known = new Map<string, LogIndex | null>();
  const durableIndex = (durability: DurabilityClass): LogIndex | null => {
    const key = `${durability.depth}:${durability.domains}`;
    let index = known.get(key);
    if (index === undefined) {
      index = classIndex(replica, role, replica.configuration, durability);
      known.set(key, index);
    }
    return index;
  };
  role.durabilityWaits.answer(
    ({ index, durability }) => {
      const durable = durableIndex(durability);
      if (durable === null) return false;
      return index <= replica.commitIndex && index <= durable ? true : null;
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

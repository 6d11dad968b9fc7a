import type { Replica } from '../replica.ts';

/**
 * Whether this node lets others campaign first, because some voter has a higher priority than the
 * floor allows here. Each time it does, the floor sinks to the next priority there is.
 *
 * Why it sinks: preference must not cost availability. When those that are preferred are gone, the
 * next ones wait one election timeout each, and the lowest campaigns in the end (bug 41).
 */
export function yieldsToHigherPriority(replica: Replica): boolean {
  const { ownPriority, priorities } = replica.membership;
  if (ownPriority >= replica.priorityFloor) return false;
  const floor = replica.priorityFloor;
  replica.priorityFloor = priorities.find((priority) => priority < floor) ?? 0;
  return true;
}

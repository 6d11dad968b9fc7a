import type { AwaitDurability, DurabilityReached } from '@quorate/schema';
import type { Replica } from '../replica.ts';

/** A follower asks on behalf of its clients; it is answered like a client here (rule 12). */
export function handleAwaitDurability(replica: Replica, message: AwaitDurability): void {
  if (replica.role.kind !== 'leader') return;
  const { from, context, index, durability } = message;
  const askedMs = replica.nowMs;
  replica.role.durabilityWaits.add({ from, context, index, durability, askedMs });
}

export function handleDurabilityReached(replica: Replica, message: DurabilityReached): void {
  if (!replica.forwardedWaits.delete(message.context)) return;
  replica.durabilityAnswers.push({ context: message.context, reached: message.reached });
}

import type { TimeoutNow } from '@quorate/schema';
import { startElection } from '../election/campaign.ts';
import type { Replica } from '../replica.ts';

/** The leader hands over: campaign at once, without a pre-vote (dissertation 3.10). */
export function handleTimeoutNow(replica: Replica, message: TimeoutNow): void {
  if (replica.role.kind !== 'follower' || replica.leaderId !== message.from) return;
  // The leader may have given up meanwhile, and trusts that this node would know (rule 3).
  if (message.life !== replica.life || message.round <= replica.cancelledRound) return;
  if (!replica.canLead) return;
  startElection(replica, true);
}

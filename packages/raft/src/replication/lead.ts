import { advanceTransfer } from '../election/leadership-transfer.ts';
import { dropDeparted, leaveOffice, settleMembership } from '../membership/reconfiguration.ts';
import { answerDurabilityWaits } from '../reads/durability-waits.ts';
import { startReadRound } from '../reads/reads.ts';
import type { Replica } from '../replica.ts';
import type { LeaderState } from '../role.ts';
import { replicateToAll, sendHeartbeats } from './replicate.ts';

/** What a leader does at the end of every turn. */
export function lead(replica: Replica, role: LeaderState): void {
  const isVoter = settleMembership(replica, role);
  startReadRound(replica, role);
  advanceTransfer(replica, role);
  if (replica.nowMs >= role.nextHeartbeatMs) {
    sendHeartbeats(replica, role);
    role.nextHeartbeatMs = replica.nowMs + replica.options.heartbeatIntervalMs;
  }
  replicateToAll(replica);
  answerDurabilityWaits(replica, role);
  dropDeparted(replica, role);
  if (!isVoter) leaveOffice(replica, role);
}

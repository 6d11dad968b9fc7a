import { quorumValue } from '../membership/quorum.ts';
import type { Replica } from '../replica.ts';
import type { LeaderState } from '../role.ts';

/** Until when a quorum's support lasts, counted from when the rounds it answered were *sent*. */
export function supportedUntilMs(replica: Replica, role: LeaderState): number {
  const since = quorumValue(replica.configuration, (id) =>
    id === replica.nodeId ? replica.nowMs : (role.progress.get(id)?.supportedAtMs ?? 0),
  );
  return since + replica.options.electionTimeoutMs;
}

/**
 * Until when no other node can lead, as far as this leader can know, by its own clock: a quorum has
 * answered a round, and each of its voters refuses its vote for a whole election timeout after it
 * heard that round. Counted from when the round was *sent*, and shortened by what two clocks may
 * drift apart (rule 2).
 *
 * @returns -Infinity without a lease: none is configured, none earned yet in this term, or the lead
 *   was offered to another who may still take it (rule 3)
 */
export function leaseUntilMs(replica: Replica, role: LeaderState): number {
  const { maxClockDrift, electionTimeoutMs } = replica.options;
  if (maxClockDrift === null || role.fences.size > 0 || replica.commitIndex < role.termStart) {
    return Number.NEGATIVE_INFINITY;
  }
  const since = quorumValue(replica.configuration, (id) => {
    if (id === replica.nodeId) return replica.nowMs;
    return role.progress.get(id)?.roundSupportMs ?? Number.NEGATIVE_INFINITY;
  });
  return since + (electionTimeoutMs * (1 - maxClockDrift)) / (1 + maxClockDrift);
}

/** The newest heartbeat round that a quorum has answered, this node included. */
export function confirmedRound(replica: Replica, role: LeaderState): number {
  return quorumValue(replica.configuration, (id) =>
    id === replica.nodeId ? role.round : (role.progress.get(id)?.answeredRound ?? 0),
  );
}

/**
 * A write that is still not durable after an election timeout: a leader must not go on (bug 15).
 */
export function diskIsStalled(replica: Replica): boolean {
  const since = replica.durability.oldestPendingMs;
  return since !== null && replica.nowMs >= since + replica.options.electionTimeoutMs;
}

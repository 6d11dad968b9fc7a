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

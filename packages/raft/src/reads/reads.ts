import type { Replica } from '../replica.ts';
import { confirmedRound } from '../replication/leadership-check.ts';
import { sendHeartbeats } from '../replication/replicate.ts';
import type { LeaderState } from '../role.ts';

/**
 * Begins a heartbeat round for the reads that wait, all of a turn in one round.
 *
 * Not before the term's first commit: until then the leader does not know what is committed
 * (dissertation 6.4, bug 33).
 */
export function startReadRound(replica: Replica, role: LeaderState): void {
  if (!role.reads.waiting || replica.commitIndex < role.termStart) return;
  sendHeartbeats(replica, role);
  role.reads.startRound(role.round, replica.commitIndex);
  // A leader without other voters is its own quorum.
  confirmReads(replica, role, confirmedRound(replica, role));
}

export function confirmReads(replica: Replica, role: LeaderState, round: number): void {
  for (const batch of role.reads.confirmed(round)) {
    for (const { from, context } of batch.reads) {
      if (from === replica.nodeId) {
        replica.readyReads.push({ context, index: batch.index });
      } else {
        replica.outbox.send({
          type: 'ReadIndexResponse',
          from: replica.nodeId,
          to: from,
          term: replica.currentTerm,
          context,
          index: batch.index,
        });
      }
    }
  }
}

import { assert } from '@quorate/base';
import type { CommitNotice, Heartbeat, HeartbeatResponse, LogIndex } from '@quorate/schema';
import { liftFence } from '../election/leadership-transfer.ts';
import { confirmReads } from '../reads/reads.ts';
import type { Replica } from '../replica.ts';
import { confirmedRound } from '../replication/leadership-check.ts';
import { nudge } from '../replication/replicate.ts';

export function handleHeartbeat(replica: Replica, message: Heartbeat): void {
  replica.cancelledRound = Math.max(replica.cancelledRound, message.cancelRound);
  learnCommit(replica, message.commitIndex);
  replica.promise({
    type: 'HeartbeatResponse',
    from: replica.nodeId,
    to: message.from,
    term: replica.currentTerm,
    round: message.round,
    life: replica.life,
  });
}

export function handleCommitNotice(replica: Replica, message: CommitNotice): void {
  learnCommit(replica, message.commitIndex);
}

/**
 * Only what this process has compared with the leader's log: what an earlier one acknowledged, the
 * disk may have lost (bug 9). The leader notices the new process, and lets it compare.
 */
function learnCommit(replica: Replica, commitIndex: LogIndex): void {
  assert(replica.role.kind === 'follower', 'the sender leads this term, so this node follows');
  replica.commitTo(Math.min(commitIndex, replica.verifiedIndex));
}

export function handleHeartbeatResponse(replica: Replica, message: HeartbeatResponse): void {
  const { role } = replica;
  if (role.kind !== 'leader') return;
  const progress = role.progress.get(message.from);
  if (progress === undefined) return;
  progress.heardOfLife(message.life, message.round);
  liftFence(role, message.from, message.round);
  nudge(replica, message.from, progress);
  const sentMs = role.roundSentMs.get(message.round);
  // Too late to say anything about the present, though not about messages that were lost.
  if (sentMs === undefined) return;
  progress.supportedAtMs = Math.max(progress.supportedAtMs, sentMs);
  progress.roundSupportMs = Math.max(progress.roundSupportMs, sentMs);
  progress.answeredRound = Math.max(progress.answeredRound, message.round);
  confirmReads(replica, role, confirmedRound(replica, role));
}

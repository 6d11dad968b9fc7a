import type { AppendEntriesResponse } from '@quorate/schema';
import type { Replica } from '../replica.ts';
import { advanceCommit } from '../replication/commit.ts';

/** Moves the follower's progress, and with it perhaps the commit index (dissertation 3.5, 3.6). */
export function handleAppendEntriesResponse(
  replica: Replica,
  message: AppendEntriesResponse,
): void {
  const { role, log } = replica;
  if (role.kind !== 'leader') return;
  const progress = role.progress.get(message.from);
  if (progress === undefined) return;
  if (!message.success) {
    const agreeIndex = log.lastIndexWithTermAtMost(message.hintIndex, message.hintTerm);
    if (message.repairing && !progress.repairing) progress.beginsRepair(agreeIndex);
    else progress.refused(message.rejectedIndex, agreeIndex);
    return;
  }
  if (message.repairing && !progress.repairing) progress.beginsRepair(message.matchIndex);
  if (!message.repairing) progress.repairing = false;
  // An index this log does not have was acknowledged to somebody else.
  if (message.matchIndex > log.lastIndex) return;
  if (progress.acknowledged(message.matchIndex, replica.nowMs)) advanceCommit(replica);
}

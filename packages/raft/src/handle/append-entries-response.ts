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
  const { success, repairing, life } = message;
  if (progress.isOutdated(life)) return;
  const beginsRepair = repairing && progress.isNewRepair(life);
  if (!success) {
    const agreeIndex = log.lastIndexWithTermAtMost(message.hintIndex, message.hintTerm);
    if (beginsRepair) progress.beginsRepair(agreeIndex, life, role.round);
    else progress.refused(message.rejectedIndex, agreeIndex);
    return;
  }
  if (beginsRepair) progress.beginsRepair(message.matchIndex, life, role.round);
  if (!repairing) progress.repairing = false;
  progress.comparedBy(life);
  // An index this log does not have was acknowledged to somebody else.
  if (message.matchIndex > log.lastIndex) return;
  if (progress.acknowledged(message.matchIndex, replica.nowMs)) advanceCommit(replica);
}

import type { NodeId } from '@quorate/schema';
import type { Replica } from '../replica.ts';
import type { LeaderState } from '../role.ts';

/**
 * Hands the lead to a voter once its log is complete (dissertation 3.10). While it is under way no
 * proposals are taken; past the deadline it is given up and they are again.
 *
 * @returns whether the transfer was begun
 */
export function startTransfer(replica: Replica, role: LeaderState, to: NodeId): boolean {
  const isVoter = replica.configuration.voters.includes(to);
  if (!isVoter || to === replica.nodeId || role.transfer !== null) return false;
  role.transfer = {
    to,
    deadlineMs: replica.nowMs + replica.options.electionTimeoutMs,
    timeoutNowSent: false,
  };
  return true;
}

/** Sends TimeoutNow as soon as the target has everything; gives up at the deadline. */
export function advanceTransfer(replica: Replica, role: LeaderState): void {
  const { transfer } = role;
  if (transfer === null) return;
  if (replica.nowMs >= transfer.deadlineMs) {
    role.transfer = null;
    return;
  }
  const caughtUp = role.progress.get(transfer.to)?.matchIndex === replica.log.lastIndex;
  if (transfer.timeoutNowSent || !caughtUp) return;
  transfer.timeoutNowSent = true;
  replica.outbox.send({ type: 'TimeoutNow', to: transfer.to, term: replica.currentTerm });
}

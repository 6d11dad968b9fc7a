import type { LogIndex, NodeId } from '@quorate/schema';
import type { Replica } from '../replica.ts';
import type { LeaderState } from '../role.ts';

/** Why the lead cannot be handed to a node now. */
export type TransferRefusal =
  /** It has no vote, or no data, or is this node. */
  | 'unfit'
  /** It has not answered for an election timeout, or is still being caught up. */
  | 'notCaughtUp'
  /** Another transfer is under way. */
  | 'transferring';

/**
 * Hands the lead to a voter once its log is complete (dissertation 3.10). While it is under way no
 * proposals are taken; past the deadline it is given up and they are again (bug 38).
 *
 * @returns null when the transfer was begun
 */
export function startTransfer(
  replica: Replica,
  role: LeaderState,
  to: NodeId,
): TransferRefusal | null {
  if (role.transfer !== null) return 'transferring';
  const refusal = transferRefusal(replica, role, to);
  if (refusal !== null) return refusal;
  const deadlineMs = replica.nowMs + replica.options.electionTimeoutMs;
  role.transfer = { to, deadlineMs, sentInRound: null };
  return null;
}

function transferRefusal(
  replica: Replica,
  role: LeaderState,
  to: NodeId,
): 'unfit' | 'notCaughtUp' | null {
  const { membership, nowMs, options } = replica;
  const isVoter = membership.configuration.voters.includes(to);
  if (!isVoter || membership.witness(to)) return 'unfit';
  // None of this node itself.
  const progress = role.progress.get(to);
  if (progress === undefined || progress.repairing || replica.memberships.isImpostor(to)) {
    return 'unfit';
  }
  // What is still on its way arrives while proposals wait; a snapshot would take too long.
  const answersUntilMs = progress.supportedAtMs + options.electionTimeoutMs;
  const isActive = progress.life !== 0 && nowMs < answersUntilMs;
  return isActive && progress.state === 'replicate' ? null : 'notCaughtUp';
}

/**
 * The voter that would take over best: the most preferred of those that are nearest to the end of
 * the log. Null when none is fit.
 */
export function bestSuccessor(replica: Replica, role: LeaderState): NodeId | null {
  const { membership } = replica;
  let best: { id: NodeId; matchIndex: LogIndex; priority: number } | null = null;
  for (const id of membership.otherVoters) {
    if (transferRefusal(replica, role, id) !== null) continue;
    const matchIndex = role.progress.get(id)?.matchIndex ?? 0;
    const priority = membership.member(id)?.priority ?? 0;
    const isBetter =
      best === null ||
      matchIndex > best.matchIndex ||
      (matchIndex === best.matchIndex && priority > best.priority);
    if (isBetter) best = { id, matchIndex, priority };
  }
  return best?.id ?? null;
}

/** Sends TimeoutNow as soon as the target has everything; gives up at the deadline. */
export function advanceTransfer(replica: Replica, role: LeaderState): void {
  const { transfer } = role;
  if (transfer === null) return;
  const progress = role.progress.get(transfer.to);
  if (replica.nowMs >= transfer.deadlineMs || progress === undefined) {
    giveUp(replica, role, transfer.to, transfer.sentInRound);
    return;
  }
  if (transfer.sentInRound !== null || progress.matchIndex !== replica.log.lastIndex) return;
  sendTimeoutNow(replica, role, transfer.to, progress.life);
  transfer.sentInRound = role.round;
}

/**
 * From here on the target may campaign at any time, and voters will not hold on to this leader: no
 * lease, until the target is known not to (rule 3, bug 35).
 */
export function sendTimeoutNow(
  replica: Replica,
  role: LeaderState,
  to: NodeId,
  life: number,
): void {
  role.fences.set(to, Number.POSITIVE_INFINITY);
  const term = replica.currentTerm;
  replica.outbox.send({
    type: 'TimeoutNow',
    from: replica.nodeId,
    to,
    term,
    round: role.round,
    life,
  });
}

/** Every later heartbeat says that the TimeoutNow is void; an answer to one lifts the fence. */
function giveUp(replica: Replica, role: LeaderState, to: NodeId, sentInRound: number | null): void {
  role.transfer = null;
  if (sentInRound === null) return;
  role.cancelRound = Math.max(role.cancelRound, sentInRound);
  role.fences.set(to, role.round);
  role.nextHeartbeatMs = replica.nowMs;
}

/** `from` has answered a heartbeat round: it knows what that heartbeat said. */
export function liftFence(role: LeaderState, from: NodeId, round: number): void {
  if (role.fences.size === 0) return;
  const cancelledIn = role.fences.get(from);
  if (cancelledIn !== undefined && round > cancelledIn) role.fences.delete(from);
}

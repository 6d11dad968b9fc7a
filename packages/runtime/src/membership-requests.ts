import type { MembershipProposed, Raft, TransferRefusal } from '@quorate/raft';
import type { Configuration, LogIndex, NodeId, Term } from '@quorate/schema';
import type { ChangeDone, TransferDone } from './group-handle.ts';
import { RuntimeError } from './runtime-error.ts';

interface Appended {
  readonly index: LogIndex;
  readonly term: Term;
}

interface PendingChange extends Appended {
  readonly deadlineMs: number;
  /** Whether it is done only when another entry has followed, which ends what is joint. */
  readonly leavesByItself: boolean;
  isCommitted: boolean;
  readonly done: ChangeDone;
}

interface PendingTransfer {
  readonly term: Term;
  readonly to: NodeId;
  readonly deadlineMs: number;
  readonly done: TransferDone;
}

/** What is seen of the replica. */
type ChangingRaft = Pick<
  Raft,
  | 'termAt'
  | 'commitIndex'
  | 'configuration'
  | 'configurationIndex'
  | 'role'
  | 'currentTerm'
  | 'leaderId'
  | 'transferring'
>;

/** Changes of membership and hand-overs that were begun on this node and are not finished. */
export class MembershipRequests {
  readonly #raft: ChangingRaft;
  #changes: PendingChange[] = [];
  #transfers: PendingTransfer[] = [];

  constructor(raft: ChangingRaft) {
    this.#raft = raft;
  }

  /** The change is in the log and in force, and not committed. */
  changeAppended({ index, term }: Appended, deadlineMs: number, done: ChangeDone): void {
    const leavesByItself = leavesJoint(this.#raft.configuration);
    this.#changes.push({ index, term, deadlineMs, leavesByItself, isCommitted: false, done });
  }

  transferBegun(to: NodeId, deadlineMs: number, done: TransferDone): void {
    this.#transfers.push({ term: this.#raft.currentTerm, to, deadlineMs, done });
  }

  /** After each turn: answers what has been decided. */
  settle(): void {
    if (this.#changes.length > 0) {
      this.#changes = this.#changes.filter((change) => !this.#answerChange(change));
    }
    if (this.#transfers.length > 0) {
      this.#transfers = this.#transfers.filter((transfer) => !this.#answerTransfer(transfer));
    }
  }

  #answerChange(change: PendingChange): boolean {
    const { index, term, leavesByItself, done } = change;
    const raft = this.#raft;
    if (!change.isCommitted) {
      // An entry that stands in its place and is not committed may be overwritten by it again, but
      // not once what is committed, in front of that place or in it, is of a later term.
      const isReached = raft.commitIndex >= index;
      const found = raft.termAt(isReached ? index : raft.commitIndex);
      if (!isReached && (found === null || found <= term)) return false;
      if (found !== term) {
        done(found === null ? unknown('snapshot') : lost(raft.leaderId), null);
        return true;
      }
      change.isCommitted = true;
    }
    if (!leavesByItself) {
      done(null, index);
      return true;
    }
    const { configuration, configurationIndex, commitIndex } = raft;
    if (leavesJoint(configuration) || configurationIndex > commitIndex) return false;
    done(null, configurationIndex);
    return true;
  }

  #answerTransfer({ term, to, done }: PendingTransfer): boolean {
    const raft = this.#raft;
    if (raft.role === 'leader' && raft.currentTerm === term) {
      if (raft.transferring) return false;
      done(transferFailed(to, 'it did not take over in time'));
      return true;
    }
    if (raft.leaderId === 0) return false;
    done(raft.leaderId === to ? null : transferFailed(to, `node ${raft.leaderId} leads instead`));
    return true;
  }

  expire(nowMs: number): void {
    if (this.#changes.length === 0 && this.#transfers.length === 0) return;
    const late = this.#changes.filter((change) => change.deadlineMs <= nowMs);
    this.#changes = this.#changes.filter((change) => change.deadlineMs > nowMs);
    for (const { done } of late) done(unknown('timeout'), null);
    const lateTransfers = this.#transfers.filter((transfer) => transfer.deadlineMs <= nowMs);
    this.#transfers = this.#transfers.filter((transfer) => transfer.deadlineMs > nowMs);
    for (const { to, done } of lateTransfers) done(transferFailed(to, 'no leader is known'));
  }

  failAll(error: RuntimeError): void {
    for (const { done } of this.#changes) done(unknown('stopping'), null);
    for (const { done } of this.#transfers) done(error);
    this.#changes = [];
    this.#transfers = [];
  }
}

/** What is told of a change that was not appended. */
export function answerUnappended(
  proposed: Exclude<MembershipProposed, { readonly outcome: 'appended' }>,
  configurationIndex: LogIndex,
  done: ChangeDone,
): void {
  if (proposed.outcome === 'unchanged') done(null, configurationIndex);
  else if (proposed.outcome === 'notLeader') done(notLeaderError(proposed.leader), null);
  else {
    const { reason, message } = proposed.refusal;
    done(new RuntimeError('RUNTIME_CHANGE_REFUSED', message, { reason }), null);
  }
}

function leavesJoint({ votersOutgoing, autoLeave }: Configuration): boolean {
  return votersOutgoing.length > 0 && autoLeave;
}

export function notLeaderError(leader: NodeId): RuntimeError {
  return new RuntimeError(
    'RUNTIME_NOT_LEADER',
    leader === 0
      ? 'This node does not lead, and knows no leader; nothing was appended.'
      : `This node does not lead; nothing was appended. Ask node ${leader}.`,
    { leader },
  );
}

const words: Readonly<Record<string, string>> = {
  unfit: 'it is no voter of the group, or is the leader itself',
  notCaughtUp: 'its log is not caught up, or it does not answer',
  transferring: 'another hand-over is under way',
} satisfies Record<TransferRefusal, string>;

export function transferFailed(to: NodeId, reason: string): RuntimeError {
  return new RuntimeError(
    'RUNTIME_TRANSFER_FAILED',
    `The lead was not handed to node ${to}: ${words[reason] ?? reason}. Writes go on as before.`,
    { to, reason },
  );
}

function lost(leader: NodeId): RuntimeError {
  return new RuntimeError(
    'RUNTIME_PROPOSAL_LOST',
    'The leader changed before the change was committed; it has not happened and never will.',
    { leader },
  );
}

function unknown(reason: 'timeout' | 'stopping' | 'snapshot'): RuntimeError {
  return new RuntimeError(
    'RUNTIME_OUTCOME_UNKNOWN',
    `The change of membership was proposed and its outcome is unknown (${reason}): it may be ` +
      'committed, or be so yet. Look at the members before deciding to ask again.',
    { reason },
  );
}

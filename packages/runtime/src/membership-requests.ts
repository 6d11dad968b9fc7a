import type { MembershipProposed, Raft } from '@quorate/raft';
import type { LogIndex, NodeId, Term } from '@quorate/schema';
import type { ChangeDone, TransferDone } from './group-handle.ts';
import { RuntimeError } from './runtime-error.ts';

interface PendingChange {
  readonly index: LogIndex;
  readonly term: Term;
  readonly deadlineMs: number;
  readonly done: ChangeDone;
}

interface PendingTransfer {
  readonly term: Term;
  readonly to: NodeId;
  readonly deadlineMs: number;
  readonly done: TransferDone;
}

/** Changes of membership and hand-overs that were begun on this node and are not finished. */
export class MembershipRequests {
  readonly #raft: Raft;
  #changes: PendingChange[] = [];
  #transfers: PendingTransfer[] = [];

  constructor(raft: Raft) {
    this.#raft = raft;
  }

  changeProposed(proposed: MembershipProposed, deadlineMs: number, done: ChangeDone): void {
    switch (proposed.outcome) {
      case 'appended':
        this.#changes.push({ index: proposed.index, term: proposed.term, deadlineMs, done });
        break;
      case 'unchanged':
        done(null, this.#raft.configurationIndex);
        break;
      case 'notLeader':
        done(notLeaderError(proposed.leader), null);
        break;
      default: {
        const { reason, message } = proposed.refusal;
        done(new RuntimeError('RUNTIME_CHANGE_REFUSED', message, { reason }), null);
      }
    }
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

  #answerChange({ index, term, done }: PendingChange): boolean {
    const raft = this.#raft;
    const found = raft.termAt(index);
    if (found !== null && found !== term) {
      done(lost(), null);
      return true;
    }
    if (raft.commitIndex < index) return false;
    // A joint configuration that leaves by itself is done once it has left.
    const { configuration, configurationIndex, commitIndex } = raft;
    const isJoint = configuration.votersOutgoing.length > 0 && configuration.autoLeave;
    if (isJoint || configurationIndex > commitIndex) return false;
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
    for (const { done } of late) done(unknown(), null);
    const lateTransfers = this.#transfers.filter((transfer) => transfer.deadlineMs <= nowMs);
    this.#transfers = this.#transfers.filter((transfer) => transfer.deadlineMs > nowMs);
    for (const { to, done } of lateTransfers) done(transferFailed(to, 'no leader is known'));
  }

  failAll(error: RuntimeError): void {
    for (const { done } of this.#changes) done(unknown(), null);
    for (const { done } of this.#transfers) done(error);
    this.#changes = [];
    this.#transfers = [];
  }
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

export function transferFailed(to: NodeId, reason: string): RuntimeError {
  return new RuntimeError(
    'RUNTIME_TRANSFER_FAILED',
    `The lead was not handed to node ${to}: ${reason}. Writes go on as before.`,
    { to, reason },
  );
}

function lost(): RuntimeError {
  return new RuntimeError(
    'RUNTIME_PROPOSAL_LOST',
    'The leader changed before the change was committed; it has not happened and never will.',
    { leader: 0 },
  );
}

function unknown(): RuntimeError {
  return new RuntimeError(
    'RUNTIME_OUTCOME_UNKNOWN',
    'The change of membership was proposed and its outcome is unknown (timeout): it may be ' +
      'committed yet. Look at the members before deciding to ask again.',
    { reason: 'timeout' },
  );
}

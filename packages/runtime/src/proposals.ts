import { assert } from '@quorate/base';
import type { Entry, LogIndex, NodeId, Term } from '@quorate/schema';
import type { Applied } from './group-handle.ts';
import { PlacedRun } from './placed-run.ts';
import { type Proposal, proposalBytes } from './proposal.ts';
import { RuntimeError } from './runtime-error.ts';

interface Forwarded {
  readonly to: NodeId;
  readonly deadlineMs: number;
  readonly proposals: readonly Proposal[];
}

/** Who answers a proposal; both call what is the proposer's own, and do not throw. */
export interface ProposalsTold {
  readonly succeeded: (proposal: Proposal, applied: Applied<unknown>) => void;
  readonly refused: (proposal: Proposal, error: RuntimeError) => void;
}

function outcomeUnknown(reason: 'timeout' | 'linkLost' | 'stopping' | 'snapshot'): RuntimeError {
  return new RuntimeError(
    'RUNTIME_OUTCOME_UNKNOWN',
    `The outcome of the command is unknown (${reason}): it may have been applied or may yet be. ` +
      'Read before deciding to send it again.',
    { reason },
  );
}

/**
 * The proposals of one group on this node: queued until there is a leader, forwarded to it, or in
 * the log and waiting to be applied. Each is answered exactly once.
 */
export class Proposals {
  #queued: Proposal[] = [];
  #forwarded = new Map<number, Forwarded>();
  /** Several may hold one index: what a former leader put there may still be what is committed. */
  #placed: PlacedRun[] = [];
  readonly #told: ProposalsTold;
  #nextRequest: number;
  #unplacedBytes = 0;
  #unplacedCount = 0;

  /**
   * @param firstRequest drawn anew in each life of the process, or an answer to the life before
   *   could be taken for one to this
   */
  constructor(firstRequest: number, told: ProposalsTold) {
    this.#nextRequest = firstRequest;
    this.#told = told;
  }

  /** Of commands that are in no log yet: queued here, or on their way to the leader. */
  get unplacedBytes(): number {
    return this.#unplacedBytes;
  }

  get unplacedCount(): number {
    return this.#unplacedCount;
  }

  get idle(): boolean {
    const isWaiting = this.#placed.some((run) => !run.isEmpty);
    return !isWaiting && this.#queued.length + this.#forwarded.size === 0;
  }

  get queuedCount(): number {
    return this.#queued.length;
  }

  queue(proposal: Proposal): void {
    this.#unplacedBytes += proposalBytes(proposal);
    this.#unplacedCount += 1;
    this.#queued.push(proposal);
  }

  /** The first of them, at most `limit`. */
  takeQueued(limit = Number.POSITIVE_INFINITY): readonly Proposal[] {
    const isAll = this.#queued.length <= limit;
    const queued = isAll ? this.#queued : this.#queued.slice(0, limit);
    this.#queued = isAll ? [] : this.#queued.slice(limit);
    this.#isPlaced(queued);
    return queued;
  }

  #isPlaced(proposals: readonly Proposal[]): void {
    this.#unplacedCount -= proposals.length;
    for (const proposal of proposals) this.#unplacedBytes -= proposalBytes(proposal);
  }

  #isUnplaced(proposals: readonly Proposal[]): void {
    this.#unplacedCount += proposals.length;
    for (const proposal of proposals) this.#unplacedBytes += proposalBytes(proposal);
  }

  requeue(proposals: readonly Proposal[]): void {
    this.#isUnplaced(proposals);
    this.#queued = [...proposals, ...this.#queued];
  }

  /** The commands stand in the log from `firstIndex` on, in `term`. */
  appended(proposals: readonly Proposal[], firstIndex: LogIndex, term: Term): void {
    if (proposals.length === 0) return;
    if (this.#placed.at(-1)?.extend(proposals, firstIndex, term) === true) return;
    this.#placed.push(new PlacedRun(proposals, firstIndex, term));
  }

  forwarded(proposals: readonly Proposal[], to: NodeId): number {
    const request = this.#nextRequest++;
    let deadlineMs = 0;
    for (const proposal of proposals) deadlineMs = Math.max(deadlineMs, proposal.deadlineMs);
    this.#forwarded.set(request, { to, deadlineMs, proposals });
    this.#isUnplaced(proposals);
    return request;
  }

  takeForwarded(request: number): readonly Proposal[] | null {
    const forwarded = this.#forwarded.get(request);
    if (forwarded === undefined) return null;
    this.#forwarded.delete(request);
    this.#isPlaced(forwarded.proposals);
    return forwarded.proposals;
  }

  /** @param entries without a gap; `results` by position among them */
  applied(entries: readonly Entry[], results: readonly unknown[], leader: NodeId): void {
    const first = entries[0]?.index ?? 0;
    this.#takeUpTo(first + entries.length - 1, (proposal, index, proposedIn) => {
      assert(index >= first, 'what was applied before has been answered');
      if (entries[index - first]?.term === proposedIn)
        this.#told.succeeded(proposal, { index, result: results[index - first] });
      else this.#told.refused(proposal, lost(leader));
    });
  }

  /**
   * An entry of `term` is committed, and all up to it are answered. Terms never fall along a log:
   * what was put behind it in an earlier term is in no log that can still be committed, although
   * its own place may stay empty for as long as nobody writes.
   */
  overwritten(term: Term, leader: NodeId): void {
    const stale = this.#placed.filter((run) => run.term < term);
    if (stale.length === 0) return;
    this.#placed = this.#placed.filter((run) => !stale.includes(run));
    const last = Number.POSITIVE_INFINITY;
    for (const run of stale) {
      run.takeUpTo(last, (proposal) => this.#told.refused(proposal, lost(leader)));
    }
  }

  /** A snapshot took the place of everything up to `index`: what it did with them is unknown. */
  superseded(index: LogIndex): void {
    this.#takeUpTo(index, (proposal) => this.#told.refused(proposal, outcomeUnknown('snapshot')));
  }

  #takeUpTo(last: LogIndex, take: (proposal: Proposal, index: LogIndex, term: Term) => void): void {
    let isEmptied = false;
    for (const run of this.#placed) {
      run.takeUpTo(last, take);
      isEmptied ||= run.isEmpty;
    }
    if (isEmptied) this.#placed = this.#placed.filter((run) => !run.isEmpty);
  }

  /** Their entries were applied before it was known that they were theirs. */
  overtaken(proposals: readonly Proposal[]): void {
    for (const proposal of proposals) this.#told.refused(proposal, outcomeUnknown('linkLost'));
  }

  linkLost(peer: NodeId): void {
    for (const [request, forwarded] of this.#forwarded) {
      if (forwarded.to !== peer) continue;
      const lost = this.takeForwarded(request) ?? [];
      for (const proposal of lost) this.#told.refused(proposal, outcomeUnknown('linkLost'));
    }
  }

  expire(nowMs: number, retryAfterMs: number): void {
    if (this.idle) return;
    const late = this.#queued.filter((proposal) => proposal.deadlineMs <= nowMs);
    if (late.length > 0) {
      this.#queued = this.#queued.filter((proposal) => proposal.deadlineMs > nowMs);
      this.#isPlaced(late);
      for (const proposal of late) this.#told.refused(proposal, noLeader(retryAfterMs));
    }
    for (const [request, forwarded] of this.#forwarded) {
      if (forwarded.deadlineMs > nowMs) continue;
      const late = this.takeForwarded(request) ?? [];
      for (const proposal of late) this.#told.refused(proposal, outcomeUnknown('timeout'));
    }
    const tooLate = (proposal: Proposal): void =>
      this.#told.refused(proposal, outcomeUnknown('timeout'));
    for (const run of this.#placed) run.expire(nowMs, tooLate);
    this.#placed = this.#placed.filter((run) => !run.isEmpty);
  }

  /** @param queued what those are told that nobody has seen yet */
  failAll(queued: RuntimeError): void {
    for (const proposal of this.takeQueued()) this.#told.refused(proposal, queued);
    const unknown = outcomeUnknown('stopping');
    const forwarded = [...this.#forwarded.keys()].flatMap((id) => this.takeForwarded(id) ?? []);
    for (const proposal of forwarded) this.#told.refused(proposal, unknown);
    this.#takeUpTo(Number.POSITIVE_INFINITY, (proposal) => this.#told.refused(proposal, unknown));
  }
}

function noLeader(retryAfterMs: number): RuntimeError {
  return new RuntimeError(
    'RUNTIME_NO_LEADER',
    `No leader was found in time; nothing was appended. Try again in ${retryAfterMs} ms.`,
    { retryAfterMs },
  );
}

function lost(leader: NodeId): RuntimeError {
  return new RuntimeError(
    'RUNTIME_PROPOSAL_LOST',
    'The leader changed before the command was committed; it has not happened and never will.',
    { leader },
  );
}

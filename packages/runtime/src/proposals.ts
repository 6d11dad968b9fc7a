import type { LogIndex, NodeId, Term } from '@quorate/schema';
import type { ProposeDone } from './group-handle.ts';
import { RuntimeError } from './runtime-error.ts';

/** A command on its way, from `propose` to its answer. */
export interface Proposal {
  readonly command: Uint8Array;
  readonly done: ProposeDone<unknown>;
  readonly deadlineMs: number;
}

/** What a proposal counts for in every limit: an empty command takes room too. */
export function proposalBytes({ command }: Proposal): number {
  return command.length + 32;
}

interface Waiting {
  readonly term: Term;
  readonly proposal: Proposal;
}

interface Forwarded {
  readonly to: NodeId;
  readonly deadlineMs: number;
  readonly proposals: readonly Proposal[];
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
  /** In the order of deadlines, which is the order of insertion. */
  #waiting = new Map<LogIndex, readonly Waiting[]>();
  #nextRequest: number;
  #unplacedBytes = 0;

  /**
   * @param firstRequest drawn anew in each life of the process, or an answer to the life before
   *   could be taken for one to this
   */
  constructor(firstRequest: number) {
    this.#nextRequest = firstRequest;
  }

  /** Of commands that are in no log yet: queued here, or on their way to the leader. */
  get unplacedBytes(): number {
    return this.#unplacedBytes;
  }

  get idle(): boolean {
    return this.#queued.length + this.#forwarded.size + this.#waiting.size === 0;
  }

  get queuedCount(): number {
    return this.#queued.length;
  }

  queue(proposal: Proposal): void {
    this.#unplacedBytes += proposalBytes(proposal);
    this.#queued.push(proposal);
  }

  takeQueued(): readonly Proposal[] {
    const queued = this.#queued;
    this.#queued = [];
    this.#placed(queued);
    return queued;
  }

  #placed(proposals: readonly Proposal[]): void {
    for (const proposal of proposals) this.#unplacedBytes -= proposalBytes(proposal);
  }

  #unplaced(proposals: readonly Proposal[]): void {
    for (const proposal of proposals) this.#unplacedBytes += proposalBytes(proposal);
  }

  requeue(proposals: readonly Proposal[]): void {
    this.#unplaced(proposals);
    this.#queued = [...proposals, ...this.#queued];
  }

  /** The commands stand in the log from `firstIndex` on, in `term`. */
  appended(proposals: readonly Proposal[], firstIndex: LogIndex, term: Term): void {
    proposals.forEach((proposal, position) => {
      const index = firstIndex + position;
      const waiting = { term, proposal };
      // One of another term may wait here already, and may still be the one that is committed.
      const others = this.#waiting.get(index);
      this.#waiting.set(index, others === undefined ? [waiting] : [...others, waiting]);
    });
  }

  forwarded(proposals: readonly Proposal[], to: NodeId): number {
    const request = this.#nextRequest++;
    let deadlineMs = 0;
    for (const proposal of proposals) deadlineMs = Math.max(deadlineMs, proposal.deadlineMs);
    this.#forwarded.set(request, { to, deadlineMs, proposals });
    this.#unplaced(proposals);
    return request;
  }

  takeForwarded(request: number): readonly Proposal[] | null {
    const forwarded = this.#forwarded.get(request);
    if (forwarded === undefined) return null;
    this.#forwarded.delete(request);
    this.#placed(forwarded.proposals);
    return forwarded.proposals;
  }

  /** The entry at `index` was applied. */
  applied(index: LogIndex, term: Term, result: unknown, leader: NodeId): void {
    const waiting = this.#waiting.get(index);
    if (waiting === undefined) return;
    this.#waiting.delete(index);
    for (const { term: proposedIn, proposal } of waiting) {
      if (proposedIn === term) proposal.done(null, { index, result });
      else proposal.done(lost(leader), null);
    }
  }

  /** A snapshot took the place of everything up to `index`: what it did with them is unknown. */
  superseded(index: LogIndex): void {
    for (const [at, waiting] of this.#waiting) {
      if (at > index) continue;
      this.#waiting.delete(at);
      for (const { proposal } of waiting) proposal.done(outcomeUnknown('snapshot'), null);
    }
  }

  /** Their entries were applied before it was known that they were theirs. */
  overtaken(proposals: readonly Proposal[]): void {
    for (const proposal of proposals) proposal.done(outcomeUnknown('linkLost'), null);
  }

  linkLost(peer: NodeId): void {
    for (const [request, forwarded] of this.#forwarded) {
      if (forwarded.to !== peer) continue;
      const lost = this.takeForwarded(request) ?? [];
      for (const proposal of lost) proposal.done(outcomeUnknown('linkLost'), null);
    }
  }

  expire(nowMs: number, retryAfterMs: number): void {
    if (this.idle) return;
    const late = this.#queued.filter((proposal) => proposal.deadlineMs <= nowMs);
    if (late.length > 0) {
      this.#queued = this.#queued.filter((proposal) => proposal.deadlineMs > nowMs);
      this.#placed(late);
      for (const proposal of late) proposal.done(noLeader(retryAfterMs), null);
    }
    for (const [request, forwarded] of this.#forwarded) {
      if (forwarded.deadlineMs > nowMs) continue;
      const late = this.takeForwarded(request) ?? [];
      for (const proposal of late) proposal.done(outcomeUnknown('timeout'), null);
    }
    for (const [index, waiting] of this.#waiting) {
      const left = waiting.filter(({ proposal }) => proposal.deadlineMs > nowMs);
      if (left.length === waiting.length) continue;
      if (left.length > 0) this.#waiting.set(index, left);
      else this.#waiting.delete(index);
      for (const { proposal } of waiting) {
        if (proposal.deadlineMs <= nowMs) proposal.done(outcomeUnknown('timeout'), null);
      }
    }
  }

  /** @param queued what those are told that nobody has seen yet */
  failAll(queued: RuntimeError): void {
    for (const proposal of this.takeQueued()) proposal.done(queued, null);
    const unknown = outcomeUnknown('stopping');
    const forwarded = [...this.#forwarded.keys()].flatMap((id) => this.takeForwarded(id) ?? []);
    const waiting = [...this.#waiting.values()].flat().map((entry) => entry.proposal);
    this.#waiting.clear();
    for (const proposal of [...forwarded, ...waiting]) proposal.done(unknown, null);
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

import type { NodeId, Term } from '@quorate/schema';
import { encodeElectionCommand } from './election-command.ts';
import type { ElectionGroup, ElectorDone } from './elector-model.ts';

/** What the log has granted this node. */
export interface Grant {
  readonly token: bigint;
  readonly term: Term;
}

export function leadsIn(term: Term, group: Pick<ElectionGroup, 'status'>): boolean {
  const status = group.status();
  return status.role === 'leader' && status.term === term;
}

/** Whoever does the work may say more than once that it has ended. */
export function once(callback: () => void): () => void {
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    callback();
  };
}

/**
 * A leadership that was given up: what was done as leader ends, the log is told, and another node
 * is asked to lead the group. In this order, so that nobody leads before the work has ended.
 */
export class HandOver {
  readonly #group: ElectionGroup;
  readonly #ended: () => void;
  /** Whoever is to hear of the end; null: nothing is being handed over. */
  #waiting: ElectorDone[] | null = null;

  /** @param ended called at the end of each, before it is told */
  constructor(group: ElectionGroup, ended: () => void) {
    this.#group = group;
    this.#ended = ended;
  }

  get isUnderWay(): boolean {
    return this.#waiting !== null;
  }

  /** Begins it, or joins the one that is under way. */
  join(done: ElectorDone): void {
    this.#waiting ??= [];
    this.#waiting.push(done);
  }

  /** What was done as leader has ended. */
  workEnded({ token, term }: Grant, to: NodeId | null): void {
    if (this.#waiting === null) return;
    if (!leadsIn(term, this.#group)) {
      this.end(null);
      return;
    }
    this.#group.propose(encodeElectionCommand({ kind: 'resign', token }), (error) => {
      if (error !== null || !leadsIn(term, this.#group)) this.end(error);
      else this.#group.transferLeadership(to, (failure) => this.end(failure));
    });
  }

  end(error: Error | null): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    this.#ended();
    for (const done of waiting) done(error);
  }
}

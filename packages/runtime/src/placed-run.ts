import type { LogIndex, Term } from '@quorate/schema';
import type { Proposal } from './proposal.ts';

/** As many answered places are kept at most before the others move to the front. */
const maxAnswered = 1024;

/**
 * Proposals that stand in the log one after the other, of one term, each until it is answered.
 * A leader has one run for all of its own, which costs no object for each proposal.
 */
export class PlacedRun {
  readonly term: Term;
  /** Of the place at 0. */
  #firstIndex: LogIndex;
  /** Null once answered; before `#head` all are. */
  #places: (Proposal | null)[];
  #head = 0;
  #unanswered: number;

  constructor(proposals: readonly Proposal[], firstIndex: LogIndex, term: Term) {
    this.term = term;
    this.#firstIndex = firstIndex;
    this.#places = [...proposals];
    this.#unanswered = proposals.length;
  }

  get isEmpty(): boolean {
    return this.#unanswered === 0;
  }

  /** @returns false when they do not follow directly, and are a run of their own */
  extend(proposals: readonly Proposal[], firstIndex: LogIndex, term: Term): boolean {
    if (term !== this.term || firstIndex !== this.#firstIndex + this.#places.length) return false;
    for (const proposal of proposals) this.#places.push(proposal);
    this.#unanswered += proposals.length;
    return true;
  }

  /** Hands out those up to index `last`, in order. */
  takeUpTo(last: LogIndex, take: (proposal: Proposal, index: LogIndex, term: Term) => void): void {
    const end = Math.min(this.#places.length, last - this.#firstIndex + 1);
    for (; this.#head < end; this.#head++) {
      // Nothing is there either when one that was taken has closed the group, which takes them all.
      const proposal = this.#places[this.#head] ?? null;
      if (proposal === null) continue;
      this.#places[this.#head] = null;
      this.#unanswered -= 1;
      take(proposal, this.#firstIndex + this.#head, this.term);
    }
    if (this.#head < maxAnswered) return;
    this.#places = this.#places.slice(this.#head);
    this.#firstIndex += this.#head;
    this.#head = 0;
  }

  /** Hands out those whose deadline has passed. */
  expire(nowMs: number, tooLate: (proposal: Proposal) => void): void {
    for (let at = this.#head; at < this.#places.length; at++) {
      const proposal = this.#places[at] ?? null;
      if (proposal === null || proposal.deadlineMs > nowMs) continue;
      this.#places[at] = null;
      this.#unanswered -= 1;
      tooLate(proposal);
    }
  }
}

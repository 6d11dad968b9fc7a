import type { Placement } from './placement.ts';
import type { Problem } from './problem.ts';
import type { Reach } from './reach.ts';
import type { Transitions } from './transitions.ts';

/** What `Settler` returns in place of a state: from here nothing leads to a linearization. */
export const deadEnd = -1;

/**
 * Places what may be placed at once without losing a linearization, so that the search need not
 * try it in every order. Each rule has its reason in docs/internals/linearizability.md.
 */
export class Settler<State, Input, Output> {
  readonly #problem: Problem<State, Input, Output>;
  readonly #reach: Reach;
  readonly #placement: Placement;
  readonly #transitions: Transitions<State, Input, Output>;

  constructor(
    problem: Problem<State, Input, Output>,
    reach: Reach,
    placement: Placement,
    transitions: Transitions<State, Input, Output>,
  ) {
    this.#problem = problem;
    this.#reach = reach;
    this.#placement = placement;
    this.#transitions = transitions;
  }

  /**
   * Lets operations that only look see `state`. When nobody will see it any more, goes on with a
   * write that nobody but those who can see it now will ever see, and so on.
   *
   * @returns the state in the end, or `deadEnd`
   */
  settle(state: number): number {
    let current = state;
    for (;;) {
      this.#look(current);
      if (this.#placement.missing === 0 || !this.#isForgotten(current)) return current;
      const next = this.#close(current, -1);
      if (next === -1) return current;
      if (this.loses(current, next)) return deadEnd;
      current = next;
    }
  }

  /**
   * Before `operation` overwrites `state` for all: places the writes whose effect nobody but those
   * who can see it now will ever see, with those that see it.
   *
   * @returns the state in the end, or `deadEnd`
   */
  hideBefore(operation: number, state: number): number {
    let current = state;
    for (;;) {
      const next = this.#close(current, operation);
      if (next === -1) return current;
      if (this.loses(current, next)) return deadEnd;
      current = next;
    }
  }

  /** Going from `state` to `next` gives up a label that cannot come back when it is needed. */
  loses(state: number, next: number): boolean {
    if (this.#problem.labels === null) return false;
    const label = this.#transitions.labelOf(state);
    if (label === -1 || label === this.#transitions.labelOf(next)) return false;
    return this.#placement.isLost(label);
  }

  /** Something is needed that is not there in the beginning and that nobody ever brings. */
  losesAny(initial: number): boolean {
    const count = this.#problem.labels?.numbers.size ?? 0;
    for (let label = 0; label < count; label++) {
      if (label !== this.#transitions.labelOf(initial) && this.#placement.isLost(label))
        return true;
    }
    return false;
  }

  /** Places whatever only looks and is content with what it sees. */
  #look(state: number): void {
    const placement = this.#placement;
    for (let changed = true; changed; ) {
      changed = false;
      let candidate = placement.nextCandidate(-1);
      while (candidate !== -1) {
        const { eager } = this.#problem.traits[candidate] ?? {};
        if (eager === true && this.#transitions.step(candidate, state) === state) {
          placement.place(candidate);
          changed = true;
        }
        candidate = placement.nextCandidate(candidate);
      }
    }
  }

  /** Whether every operation that might yet see `state` is sure to come behind its end. */
  #isForgotten(state: number): boolean {
    if (this.#problem.labels === null) return false;
    const placement = this.#placement;
    const rank = placement.coveringRank();
    const label = this.#transitions.labelOf(state);
    if (label !== -1 && placement.hasObserverBefore(label, rank)) return false;
    for (let other = placement.nextSensitive(-1); other !== -1; ) {
      if ((this.#problem.callRanks[other] as number) > rank) return true;
      if (this.#transitions.step(other, state) !== -1) return false;
      other = placement.nextSensitive(other);
    }
    return true;
  }

  /**
   * Places one write that is over and done with at once, and those who see it.
   *
   * @returns the state behind it; -1: there is none
   */
  #close(state: number, except: number): number {
    const placement = this.#placement;
    let write = placement.nextCandidate(-1);
    while (write !== -1) {
      const seenBy = write === except ? null : (this.#reach.seenBy[write] ?? null);
      if (seenBy !== null && !this.#hasOpenObserver(write)) {
        const length = placement.trail.length;
        const next = this.#transitions.step(write, state);
        if (this.#mayClose(seenBy, next)) {
          placement.place(write);
          this.#look(next);
          if (!seenBy.some((other) => this.#remains(other, next))) return next;
          placement.backTo(length);
        }
      }
      write = placement.nextCandidate(write);
    }
    return -1;
  }

  #hasOpenObserver(write: number): boolean {
    const label = this.#problem.labels?.writtenBy[write] ?? -1;
    const rank = this.#reach.coveredRanks[write] as number;
    return label !== -1 && this.#placement.hasOpenObserverBefore(label, rank);
  }

  /** Whether all that see `state` only look, so that trying is worth the while. */
  #mayClose(seenBy: readonly number[], state: number): boolean {
    const { traits } = this.#problem;
    return seenBy.every((other) => traits[other]?.eager === true || !this.#remains(other, state));
  }

  #remains(operation: number, state: number): boolean {
    if (this.#placement.isPlaced(operation)) return false;
    return this.#transitions.step(operation, state) !== -1;
  }
}

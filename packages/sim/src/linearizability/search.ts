import type { Budget } from './budget.ts';
import { FailedConfigurations, type Failures } from './failed-configurations.ts';
import type { Operation } from './history.ts';
import { Placement } from './placement.ts';
import type { Problem } from './problem.ts';
import { type Reach, reachOf } from './reach.ts';
import { deadEnd, Settler } from './settler.ts';
import { Transitions } from './transitions.ts';

/** An order of all completed and some open operations that the model could have gone through. */
export interface Linearization<State, Input, Output> {
  readonly steps: readonly LinearizedOperation<State, Input, Output>[];
  readonly end: State;
}

/** An operation in its place of the order that was found. */
export interface LinearizedOperation<State, Input, Output> {
  readonly operation: Operation<Input, Output>;
  /** The state behind it. */
  readonly state: State;
}

export type SearchEnd = 'stopped' | 'exhausted' | 'outOfBudget';

export interface SearchOptions<State, Input, Output> {
  /** Memory for what need not be tried twice. */
  readonly maxBytes: number;
  /** @returns true: that is enough */
  readonly found: (linearization: Linearization<State, Input, Output>) => boolean;
  /** In place of the exact memory, so that tests can see what a wrong one does. */
  readonly failures?: Failures;
}

/** An operation that may come next, and the state that it leads to. */
interface Move {
  readonly operation: number;
  readonly next: number;
}

/** One configuration on the way: what has been tried from here and what remains. */
interface Frame {
  /** Length of the trail before the move that led here. */
  readonly trailBefore: number;
  readonly state: number;
  readonly moves: readonly Move[];
  tried: number;
}

/**
 * Looks for a linearization, depth first, in the manner of Wing and Gong with Lowe's memory of
 * configurations. docs/internals/linearizability.md says what is left out and why nothing is lost.
 */
export class Search<State, Input, Output> {
  readonly #problem: Problem<State, Input, Output>;
  readonly #options: SearchOptions<State, Input, Output>;
  readonly #transitions: Transitions<State, Input, Output>;
  readonly #placement: Placement;
  readonly #reach: Reach;
  readonly #settler: Settler<State, Input, Output>;
  readonly #failures: Failures;
  readonly #frames: Frame[] = [];
  /** By label: the configuration (a running number) that last saw a candidate in need of it. */
  readonly #wantedBy: Int32Array;
  #configuration = 0;
  #begun = 0;
  #initial = 0;
  #furthestRank = 0;

  constructor(
    problem: Problem<State, Input, Output>,
    options: SearchOptions<State, Input, Output>,
  ) {
    this.#problem = problem;
    this.#options = options;
    this.#transitions = new Transitions(problem);
    const reach = reachOf(problem);
    this.#reach = reach;
    this.#placement = new Placement(problem, reach);
    this.#settler = new Settler(problem, reach, this.#placement, this.#transitions);
    this.#failures = options.failures ?? new FailedConfigurations(options.maxBytes);
    this.#wantedBy = new Int32Array(problem.labels?.numbers.size ?? 0);
  }

  /** The highest rank of a return that the search had to get past. */
  get furthestRank(): number {
    return this.#furthestRank;
  }

  /**
   * Searches until `found` has enough. After 'outOfBudget' it may be called again and goes on.
   *
   * @param budget one step is one configuration
   * @returns 'exhausted': nothing is left to try; there is a linearization only if one was found
   */
  run(budget: Budget): SearchEnd {
    while (budget.take()) {
      const frame = this.#frames.at(-1);
      const move = frame?.moves[frame.tried++];
      if (frame === undefined) {
        if (this.#begun === this.#problem.initials.length) return 'exhausted';
        if (this.#begin(this.#problem.initials[this.#begun++] as State)) return 'stopped';
      } else if (move === undefined) {
        this.#leave(frame);
      } else if (this.#make(move, frame.state)) {
        return 'stopped';
      }
    }
    return 'outOfBudget';
  }

  /** @returns true: stop */
  #begin(initial: State): boolean {
    this.#initial = this.#transitions.numberOf(initial);
    return !this.#settler.losesAny(this.#initial) && this.#enter(this.#initial, 0);
  }

  /** @returns true: stop */
  #make(move: Move, state: number): boolean {
    const placement = this.#placement;
    const settler = this.#settler;
    const trailBefore = placement.trail.length;
    const { overwrites } = this.#problem.traits[move.operation] ?? {};
    const last = overwrites === true ? settler.hideBefore(move.operation, state) : state;
    if (last !== deadEnd) {
      placement.place(move.operation);
      if (!settler.loses(last, move.next)) return this.#enter(move.next, trailBefore);
    }
    placement.backTo(trailBefore);
    return false;
  }

  /** Opens the configuration just reached, unless it is known to lead nowhere. True: stop. */
  #enter(reached: number, trailBefore: number): boolean {
    const placement = this.#placement;
    const state = this.#settler.settle(reached);
    if (state === deadEnd) {
      placement.backTo(trailBefore);
      return false;
    }
    if (placement.missing === 0) {
      if (this.#options.found(this.#linearization())) return true;
    } else if (!this.#failures.covers(placement.configuration(state))) {
      this.#frames.push({ trailBefore, state, moves: this.#moves(state), tried: 0 });
      return false;
    }
    placement.backTo(trailBefore);
    return false;
  }

  /** Everything from here was in vain: remembers that and goes back one move. */
  #leave(frame: Frame): void {
    this.#failures.add(this.#placement.configuration(frame.state));
    this.#placement.backTo(frame.trailBefore);
    this.#frames.pop();
  }

  /** What may come next: first completed operations by their returns, then open ones. */
  #moves(state: number): Move[] {
    const { labels, returnRanks, traits } = this.#problem;
    const moves: Move[] = [];
    const configuration = ++this.#configuration;
    let anyOpenMayHelp = this.#reach.openSensitiveRank !== Infinity;
    let candidate = this.#placement.nextCandidate(-1);
    while (candidate !== -1) {
      const label = labels?.observedBy[candidate] ?? -1;
      if (label !== -1) this.#wantedBy[label] = configuration;
      else if (traits[candidate]?.overwrites !== true) anyOpenMayHelp = true;
      const next = this.#transitions.step(candidate, state);
      if (next !== -1) moves.push({ operation: candidate, next });
      candidate = this.#placement.nextCandidate(candidate);
    }
    moves.sort(
      (a, b) => (returnRanks[a.operation] as number) - (returnRanks[b.operation] as number),
    );
    this.#addOpenMoves(state, anyOpenMayHelp, moves);
    return moves;
  }

  /** An open operation is worth a try when it changes something that the next one can tell. */
  #addOpenMoves(state: number, anyMayHelp: boolean, moves: Move[]): void {
    const { callRanks, openClasses } = this.#problem;
    const deadline = this.#placement.firstReturnRank();
    if (deadline > this.#furthestRank) this.#furthestRank = deadline;
    for (let openClass = 0; openClass < openClasses.length; openClass++) {
      const operation = this.#placement.nextOpen(openClass);
      if (operation === -1 || (callRanks[operation] as number) > deadline) continue;
      if (!anyMayHelp && !this.#isWanted(operation)) continue;
      const next = this.#transitions.step(operation, state);
      if (next !== -1 && next !== state) moves.push({ operation, next });
    }
  }

  #isWanted(open: number): boolean {
    const { labels, traits } = this.#problem;
    if (labels === null || traits[open]?.writes === undefined) return true;
    const label = labels.writtenBy[open] as number;
    if (label === -1) return false;
    if (this.#wantedBy[label] === this.#configuration) return true;
    return this.#placement.hasOpenObserverBefore(label, Infinity);
  }

  #linearization(): Linearization<State, Input, Output> {
    let state = this.#initial;
    const steps = this.#placement.trail.map((operation) => {
      state = this.#transitions.step(operation, state);
      return {
        operation: this.#problem.operations[operation] as Operation<Input, Output>,
        state: this.#transitions.state(state),
      };
    });
    return { steps, end: this.#transitions.state(state) };
  }
}

import type { Operation } from './history.ts';
import { outputOf, type Problem } from './problem.ts';
import type { Label } from './sequential-model.ts';
import { StateTable } from './state-table.ts';

/** What is known of states with a higher number is not kept: it would take operations x states. */
const keptStates = 128;

/** The model's steps between numbered states, each asked for once. */
export class Transitions<State, Input, Output> {
  readonly #problem: Problem<State, Input, Output>;
  readonly #states: StateTable<State, Input, Output>;
  /** By operation, then by state: the state behind, -1: not legal, undefined: never asked. */
  readonly #known: (number | undefined)[][];
  /** By state: the number of its label, -1: nobody observes it. */
  readonly #labels: number[] = [];

  constructor(problem: Problem<State, Input, Output>) {
    this.#problem = problem;
    this.#states = new StateTable(problem.model);
    this.#known = problem.operations.map(() => []);
  }

  numberOf(state: State): number {
    return this.#states.idOf(state);
  }

  /** @returns the state behind `operation`; -1: it is not legal in `state` */
  step(operation: number, state: number): number {
    if (state >= keptStates) return this.#ask(operation, state);
    const known = this.#known[operation] as (number | undefined)[];
    while (known.length <= state) known.push(undefined);
    const before = known[state];
    if (before !== undefined) return before;
    const next = this.#ask(operation, state);
    known[state] = next;
    return next;
  }

  /** @returns the number of the label; -1: no operation observes it */
  labelOf(state: number): number {
    const { labels, model } = this.#problem;
    const known = this.#labels[state];
    if (known !== undefined) return known;
    const label = model.label?.(this.#states.state(state)) as Label;
    const number = labels?.numbers.get(label) ?? -1;
    this.#labels[state] = number;
    return number;
  }

  state(number: number): State {
    return this.#states.state(number);
  }

  #ask(operation: number, state: number): number {
    const asked = this.#problem.operations[operation] as Operation<Input, Output>;
    const step = this.#problem.model.step(this.#states.state(state), asked.input, outputOf(asked));
    return step.legal ? this.#states.idOf(step.state) : -1;
  }
}

import type { SequentialModel } from './sequential-model.ts';

/**
 * Numbers the states that a search meets, from 0, so that comparing states is comparing numbers.
 * Exact: a hash only says where to look.
 */
export class StateTable<State, Input, Output> {
  readonly #model: SequentialModel<State, Input, Output>;
  readonly #states: State[] = [];
  readonly #byHash = new Map<number, number[]>();

  constructor(model: SequentialModel<State, Input, Output>) {
    this.#model = model;
  }

  idOf(state: State): number {
    const hash = this.#model.hash(state);
    const ids = this.#byHash.get(hash);
    for (const id of ids ?? []) {
      if (this.#model.equal(this.#states[id] as State, state)) return id;
    }
    const id = this.#states.length;
    this.#states.push(state);
    if (ids === undefined) this.#byHash.set(hash, [id]);
    else ids.push(id);
    return id;
  }

  state(id: number): State {
    return this.#states[id] as State;
  }
}

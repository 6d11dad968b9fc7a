import { assert, type Labels } from '@quorate/base';

export const noLabels: Labels = {};

/** One level of the tree of label values; leaves are `Value`. */
type Branch<Value> = Map<string, Branch<Value> | Value>;

/**
 * Finds what belongs to a combination of labels, by a map for each label in turn: prom-client sorts
 * and joins the names at every call, which is too much for a counter that every message moves.
 */
export class Cells<Value extends object> {
  readonly #names: readonly string[];
  readonly #make: (labels: Labels) => Value;
  readonly #root: Branch<Value> = new Map();
  readonly #all: Value[] = [];

  constructor(names: readonly string[], make: (labels: Labels) => Value) {
    this.#names = names;
    this.#make = make;
    if (names.length === 0) this.#all.push(make(noLabels));
  }

  get all(): readonly Value[] {
    return this.#all;
  }

  at(labels: Labels): Value {
    if (this.#names.length === 0) return this.#all[0] as Value;
    let found: Branch<Value> | Value | undefined = this.#root;
    for (const name of this.#names) {
      found = (found as Branch<Value>).get(labels[name] as string);
      if (found === undefined) return this.#add(labels);
    }
    return found as Value;
  }

  #add(labels: Labels): Value {
    const given = Object.keys(labels);
    assert(
      given.length === this.#names.length && given.every((name) => this.#names.includes(name)),
      `a metric is given the labels it was declared with (${this.#names.join(', ')})`,
    );
    const made = this.#make({ ...labels });
    let branch = this.#root;
    for (const name of this.#names.slice(0, -1)) {
      const value = labels[name] as string;
      const next = (branch.get(value) as Branch<Value> | undefined) ?? new Map();
      branch.set(value, next);
      branch = next;
    }
    branch.set(labels[this.#names.at(-1) as string] as string, made);
    this.#all.push(made);
    return made;
  }
}

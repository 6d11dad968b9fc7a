import { type Budget, StepBudget } from './budget.ts';
import { type Limits, linearize } from './decide.ts';
import type { History } from './history.ts';
import type { Linearization } from './search.ts';
import type { SequentialModel, SubHistory } from './sequential-model.ts';

/** `linearizable` and `violation` are proven; `unknown` is neither. */
export type Verdict<State, Input, Output> =
  | {
      readonly kind: 'linearizable';
      /** A witness for each part of the history. */
      readonly parts: readonly LinearizedPart<State, Input, Output>[];
    }
  | {
      readonly kind: 'violation';
      /** The part without linearization, for `explainViolation`. */
      readonly part: SubHistory<Input, Output>;
    }
  /** The budget was used up, and no violation had been found. */
  | { readonly kind: 'unknown'; readonly part: SubHistory<Input, Output> };

/** One order of a part's operations that the model allows. */
export interface LinearizedPart<State, Input, Output> {
  readonly name: string;
  readonly linearization: Linearization<State, Input, Output>;
}

/** Deciding takes exponential time at worst: what a check may spend before it says `unknown`. */
export interface CheckOptions {
  /** Default: 2 million steps for all parts together. */
  readonly budget?: Budget;
  /** What a search may remember, in bytes. Default: 256 MiB. */
  readonly maxBytes?: number;
}

export function limitsOf({ budget, maxBytes }: CheckOptions): Limits {
  return {
    budget: budget ?? new StepBudget(2_000_000),
    maxBytes: maxBytes ?? 2 ** 28,
    patience: 50_000,
  };
}

/**
 * Decides whether operations that overlapped could have happened one after another, each at some
 * instant between its call and its return, as `model` says (Herlihy and Wing, 1990).
 */
export function checkLinearizability<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: History<Input, Output>,
  options: CheckOptions = {},
): Verdict<State, Input, Output> {
  const limits = limitsOf(options);
  const parts: LinearizedPart<State, Input, Output>[] = [];
  let unknown: SubHistory<Input, Output> | null = null;
  for (const part of model.partition?.(history) ?? [{ name: model.name, history }]) {
    const result = linearize(model, part.history, limits);
    if (result === 'none') return { kind: 'violation', part };
    if (result === 'unknown') unknown ??= part;
    else parts.push({ name: part.name, linearization: result });
  }
  if (unknown !== null) return { kind: 'unknown', part: unknown };
  return { kind: 'linearizable', parts };
}

import { type Budget, PartOfBudget } from './budget.ts';
import type { History } from './history.ts';
import { type Problem, prepare } from './problem.ts';
import { type Linearization, Search } from './search.ts';
import type { SequentialModel } from './sequential-model.ts';
import { sliceOf } from './slice.ts';

export interface Limits {
  readonly budget: Budget;
  /** What a search may remember, in bytes. */
  readonly maxBytes: number;
  /** Before the search through the whole has taken so many steps, no slice is looked at. */
  readonly patience: number;
}

const sliceSteps = 200_000;
/** In events to either side. */
const firstReach = 32;

/**
 * Finds one linearization of a history that is not to be split, or that there is none.
 *
 * The search goes through the whole history. When that takes long, most often because everything
 * before a violation is tried in every way, it is put aside: the events around the place where it
 * is stuck may prove the violation alone. Otherwise it goes on, with more time until the next try.
 */
export function linearize<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: History<Input, Output>,
  limits: Limits,
): Linearization<State, Input, Output> | 'none' | 'unknown' {
  const problem = prepare(model, history);
  const possibleStates = model.possibleStates?.(history) ?? null;
  let witness: Linearization<State, Input, Output> | null = null;
  const search = new Search(problem, {
    maxBytes: limits.maxBytes,
    found: (linearization) => {
      witness = linearization;
      return true;
    },
  });
  for (let steps = limits.patience; ; steps *= 4) {
    const budget = possibleStates === null ? limits.budget : new PartOfBudget(limits.budget, steps);
    const end = search.run(budget);
    if (end !== 'outOfBudget') return witness ?? 'none';
    if (possibleStates === null || !limits.budget.take()) return 'unknown';
    if (sliceFails(problem, possibleStates, search.furthestRank, steps, limits)) return 'none';
  }
}

/** Whether events around `rank`, in ever larger slices, prove that the whole fails. */
function sliceFails<State, Input, Output>(
  problem: Problem<State, Input, Output>,
  possibleStates: readonly State[],
  rank: number,
  steps: number,
  { budget, maxBytes }: Limits,
): boolean {
  const last = problem.events.length - 1;
  for (let reach = firstReach; reach < last; reach *= 2) {
    const slice = sliceOf(problem, possibleStates, rank - reach, rank + reach);
    const search = new Search(slice, { maxBytes, found: () => true });
    const end = search.run(new PartOfBudget(budget, Math.max(sliceSteps, steps)));
    if (end === 'exhausted') return true;
    if (end === 'outOfBudget') return false;
  }
  return false;
}

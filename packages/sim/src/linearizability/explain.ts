import { assert } from '@quorate/base';
import { type CheckOptions, limitsOf } from './check.ts';
import { type Limits, linearize } from './decide.ts';
import type { CompletedOperation, History, Operation } from './history.ts';
import { prepare } from './problem.ts';
import { type Linearization, Search } from './search.ts';
import type { SequentialModel } from './sequential-model.ts';

/** Why a history has no linearization: where it first goes wrong. */
export interface Explanation<State, Input, Output> {
  /** Up to its return there is no linearization; up to the return before there is one. */
  readonly operation: CompletedOperation<Input, Output>;
  /** False: the budget ended first. It may go wrong before `operation` already. */
  readonly isFirst: boolean;
  /** What overlapped with it and was called before it returned, answers seen later included. */
  readonly concurrent: readonly Operation<Input, Output>[];
  /** How all that returned before can be ordered without it, with different states in the end. */
  readonly orders: readonly Linearization<State, Input, Output>[];
}

const maxOrders = 4;

/**
 * Finds the shortest part of a history, from its beginning, that has no linearization.
 *
 * @param history of one part, without linearization: the `part` of a verdict
 */
export function explainViolation<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: History<Input, Output>,
  options: CheckOptions = {},
): Explanation<State, Input, Output> {
  const limits = limitsOf(options);
  const completed = history
    .filter((operation) => operation.kind === 'completed')
    .sort((a, b) => a.returnAt - b.returnAt);
  assert(completed.length > 0, 'a history without answers has a linearization');
  let good = -1;
  let bad = completed.length - 1;
  let isFirst = true;
  while (isFirst && bad - good > 1) {
    const middle = (good + bad) >> 1;
    const { returnAt } = completed[middle] as CompletedOperation<Input, Output>;
    const result = linearize(model, upTo(history, returnAt), limits);
    if (result === 'unknown') isFirst = false;
    else if (result === 'none') bad = middle;
    else good = middle;
  }
  const operation = completed[bad] as CompletedOperation<Input, Output>;
  return {
    operation,
    isFirst,
    concurrent: history.filter((other) => other !== operation && overlap(other, operation)),
    orders: ordersBefore(model, history, operation, limits),
  };
}

/** What was called by `position`; what returned later is open, as nobody had seen its answer. */
function upTo<Input, Output>(
  history: History<Input, Output>,
  position: number,
): Operation<Input, Output>[] {
  return history
    .filter(({ callAt }) => callAt <= position)
    .map((operation) =>
      operation.kind === 'completed' && operation.returnAt > position
        ? { ...operation, kind: 'open' }
        : operation,
    );
}

function overlap<Input, Output>(
  other: Operation<Input, Output>,
  { callAt, returnAt }: CompletedOperation<Input, Output>,
): boolean {
  return other.callAt < returnAt && (other.kind === 'open' || other.returnAt > callAt);
}

function ordersBefore<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: History<Input, Output>,
  operation: CompletedOperation<Input, Output>,
  limits: Limits,
): Linearization<State, Input, Output>[] {
  const others = history.filter((other) => other !== operation);
  const orders: Linearization<State, Input, Output>[] = [];
  const search = new Search(prepare(model, upTo(others, operation.returnAt)), {
    maxBytes: limits.maxBytes,
    found: (order) => {
      if (!orders.some(({ end }) => model.equal(end, order.end))) orders.push(order);
      return orders.length === maxOrders;
    },
  });
  search.run(limits.budget);
  return orders;
}

import assert from 'node:assert/strict';
import type { History, Operation } from '../../src/linearizability/history.ts';
import { outputOf } from '../../src/linearizability/problem.ts';
import type { Linearization } from '../../src/linearizability/search.ts';
import type { SequentialModel } from '../../src/linearizability/sequential-model.ts';

/**
 * Tries every order of all completed and any open operations, without remembering or leaving out
 * anything: slow, and plain enough to be believed.
 */
export function isLinearizableByBruteForce<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: History<Input, Output>,
  state: State = model.initial,
): boolean {
  if (history.every(({ kind }) => kind === 'open')) return true;
  return history.some((next) => {
    if (history.some((other) => precedes(other, next))) return false;
    const step = model.step(state, next.input, outputOf(next));
    const rest = history.filter((other) => other !== next);
    return step.legal && isLinearizableByBruteForce(model, rest, step.state);
  });
}

/** Plays a witness again: it obeys the model, real time, and has every completed operation once. */
export function assertWitness<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: History<Input, Output>,
  { steps, end }: Linearization<State, Input, Output>,
): void {
  const placed = new Set(steps.map(({ operation }) => operation));
  assert.equal(placed.size, steps.length, 'an operation happens once');
  for (const operation of placed) assert.ok(history.includes(operation));
  for (const operation of history) {
    assert.ok(operation.kind === 'open' || placed.has(operation), 'a completed operation is there');
  }
  let state = model.initial;
  let latestCall = -1;
  for (const { operation, state: behind } of steps) {
    const step = model.step(state, operation.input, outputOf(operation));
    assert.ok(step.legal);
    assert.ok(model.equal(step.state, behind));
    state = step.state;
    // Whatever came before was called before this returned.
    if (operation.kind === 'completed') assert.ok(latestCall <= operation.returnAt);
    latestCall = Math.max(latestCall, operation.callAt);
  }
  assert.ok(model.equal(state, end));
}

function precedes<Input, Output>(
  first: Operation<Input, Output>,
  second: Operation<Input, Output>,
): boolean {
  return first.kind === 'completed' && first.returnAt < second.callAt;
}

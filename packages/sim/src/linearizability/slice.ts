import type { Operation } from './history.ts';
import { type Problem, prepare } from './problem.ts';

/**
 * What happened between two events, knowing nothing of what was before: the object began in any
 * possible state, and what was under way at either end may have taken effect in between, or not.
 * When this has no linearization, then neither has the whole. The converse does not hold.
 *
 * @param from rank of the first event, inclusive
 * @param to rank of the last event, inclusive
 */
export function sliceOf<State, Input, Output>(
  problem: Problem<State, Input, Output>,
  possibleStates: readonly State[],
  from: number,
  to: number,
): Problem<State, Input, Output> {
  const history: Operation<Input, Output>[] = [];
  for (const [number, operation] of problem.operations.entries()) {
    const calledAt = problem.callRanks[number] as number;
    const returnedAt = problem.returnRanks[number] as number;
    if (returnedAt < from || calledAt > to) continue;
    if (calledAt >= from && returnedAt <= to) history.push(operation);
    else history.push({ ...operation, kind: 'open' });
  }
  return prepare(problem.model, history, possibleStates);
}

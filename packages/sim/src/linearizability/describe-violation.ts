import type { Explanation } from './explain.ts';
import type { Operation } from './history.ts';
import type { Linearization } from './search.ts';
import type { SequentialModel } from './sequential-model.ts';

/** For the reader of a violation; none changes what was found. */
export interface DescriptionOptions {
  /** What a position of the history is to the reader. Default: 'event'. */
  readonly unit?: string;
  /** Operations to print of each order, the last ones. Default: 8. */
  readonly lastOperations?: number;
}

/** An explanation for a person to read: lines of text. */
export function describeViolation<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  explanation: Explanation<State, Input, Output>,
  { unit = 'event', lastOperations = 8 }: DescriptionOptions = {},
): string {
  const { operation, isFirst, concurrent, orders } = explanation;
  const say = (other: Operation<Input, Output>): string => describe(model, other, unit);
  const at = isFirst ? 'cannot be explained' : 'or one before it cannot be explained';
  const lines = [`${say(operation)} ${at}`];
  if (concurrent.length > 0) {
    lines.push('  at the same time:', ...concurrent.map((other) => `    ${say(other)}`));
  }
  const ends = orders.map(({ end }) => model.describeState(end)).join(' or ');
  if (orders.length > 0) {
    lines.push(`  all that returned before can be ordered, which leaves ${ends}:`);
  }
  for (const order of orders) {
    lines.push(...describeOrder(model, order, say, lastOperations));
  }
  return lines.join('\n');
}

function describeOrder<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  { steps, end }: Linearization<State, Input, Output>,
  say: (operation: Operation<Input, Output>) => string,
  lastOperations: number,
): string[] {
  const shown = steps.slice(Math.max(0, steps.length - lastOperations));
  const left = steps.length - shown.length;
  const lines = [
    `  to ${model.describeState(end)}:${left > 0 ? ` (${left} operations, then)` : ''}`,
  ];
  for (const { operation, state } of shown) {
    lines.push(`    ${say(operation)} => ${model.describeState(state)}`);
  }
  return lines;
}

function describe<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  operation: Operation<Input, Output>,
  unit: string,
): string {
  const { client, input, callAt } = operation;
  const what = `client ${client} ${model.describeInput(input)}`;
  if (operation.kind === 'open') return `${what} -> no answer (${unit} ${callAt})`;
  const answer = model.describeOutput(operation.output);
  return `${what} -> ${answer} (${unit}s ${callAt} to ${operation.returnAt})`;
}

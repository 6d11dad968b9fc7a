import { hashOfValue } from '../linearizability/models/cas-register.ts';
import type { SequentialModel, Step } from '../linearizability/sequential-model.ts';
import { shown, textOf } from './shown.ts';

/** What a client asks of the service. */
export type WorkInput<Command, Query> =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'query'; readonly query: Query };

/** What it is answered. */
export type WorkOutput<Result, Answer> =
  | { readonly kind: 'command'; readonly result: Result }
  | { readonly kind: 'query'; readonly answer: Answer };

/** What the service does when operations come one after another: said once more, and simply. */
export interface Specification<State, Command, Result, Query, Answer> {
  /** As it begins. A state is plain data, and is not changed: `apply` gives another. */
  readonly initial: State;
  apply(
    state: State,
    command: Command,
  ): {
    readonly state: State;
    readonly result: Result;
  };
  query?(state: State, query: Query): Answer;
  /**
   * The object that the operation is about, when operations on different objects have nothing to do
   * with each other: each object then begins as `initial`. Makes long histories quick to check.
   */
  objectOf?(input: WorkInput<Command, Query>): string;
}

interface Known<State> {
  readonly value: State;
  /** States are equal when their texts are. */
  readonly text: string;
  readonly hash: number;
}

type Input = WorkInput<unknown, unknown>;
type Output = WorkOutput<unknown, unknown>;

/** The model that the linearizability checker takes. */
export type WorkModel = SequentialModel<unknown, Input, Output>;

export function modelOf(
  specification: Specification<unknown, unknown, unknown, unknown, unknown>,
): WorkModel {
  const known = (value: unknown): Known<unknown> => {
    const text = textOf(value);
    return { value: frozen(value), text, hash: hashOfValue(text) };
  };
  const { objectOf } = specification;
  const model: SequentialModel<Known<unknown>, Input, Output> = {
    name: 'the state machine',
    initial: known(specification.initial),
    step(state, input, output): Step<Known<unknown>> {
      if (input.kind === 'query') {
        if (output?.kind !== 'query') return { legal: output === undefined, state };
        const answer = specification.query?.(state.value, input.query);
        return { legal: textOf(answer) === textOf(output.answer), state };
      }
      const next = specification.apply(state.value, input.command);
      const isLegal =
        output === undefined ||
        (output.kind === 'command' && textOf(next.result) === textOf(output.result));
      return { legal: isLegal, state: next.state === state.value ? state : known(next.state) };
    },
    equal: (a, b) => a.text === b.text,
    hash: ({ hash }) => hash,
    ...(objectOf === undefined
      ? {}
      : {
          partition: (history) =>
            [...Map.groupBy(history, ({ input }) => objectOf.call(specification, input))].map(
              ([name, part]) => ({ name, history: part }),
            ),
        }),
    inputKey: textOf,
    traits: (input) => (input.kind === 'query' ? { eager: true } : {}),
    describeInput: (input) =>
      input.kind === 'query' ? `asks ${shown(input.query)}` : `sends ${shown(input.command)}`,
    describeOutput: (output) => shown(output.kind === 'query' ? output.answer : output.result),
    describeState: ({ value }) => shown(value),
  };
  // Its states are its own: nobody else makes or looks into one.
  return model as unknown as WorkModel;
}

/** Whoever changes a state in place is told at once, not by verdicts that are wrong. */
function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (ArrayBuffer.isView(value)) return value;
  for (const field of Object.values(value)) frozen(field);
  return Object.freeze(value);
}

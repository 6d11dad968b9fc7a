import type { StateMachine } from '@quorate/base';
import type { SimpleEntry } from '@quorate/runtime';

/** The simple form: see `SimpleStateMachine` of @quorate/runtime. */
interface SimpleShape {
  apply(command: never, entry: SimpleEntry): unknown;
  query?(query: never): unknown;
  toJSON(): unknown;
  fromJSON(state: unknown): void;
  checkCommand?(command: unknown): void;
}

/** The full form: see `StateMachine` of @quorate/base. Commands are bytes. */
interface FullShape extends StateMachine<unknown> {
  query?(query: never): unknown;
  /** What a snapshot means, so that a difference of two has a path. */
  describeSnapshot?(bytes: Uint8Array): unknown;
}

/** A state machine of either form. */
export type WorkbenchMachine = SimpleShape | FullShape;

export type CommandOf<Machine> =
  Machine extends StateMachine<unknown>
    ? Uint8Array
    : Machine extends { apply(command: infer Command, ...rest: never[]): unknown }
      ? Command
      : never;

export type ResultOf<Machine> =
  Machine extends StateMachine<infer Result>
    ? Result
    : Machine extends { apply(...args: never[]): infer Result }
      ? Result
      : never;

export type QueryOf<Machine> = Machine extends { query(query: infer Query): unknown }
  ? Query
  : never;

export type AnswerOf<Machine> = Machine extends { query(query: never): infer Answer }
  ? Answer
  : never;

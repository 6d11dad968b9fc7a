import type { StateMachine } from '@quorate/base';

/** What a state machine's `apply` takes; bytes in the full form. */
export type CommandOf<Machine> =
  Machine extends StateMachine<unknown>
    ? Uint8Array
    : Machine extends { apply(command: infer Command, ...rest: never[]): unknown }
      ? Command
      : never;

/** What its `apply` answers for one command. */
export type ResultOf<Machine> =
  Machine extends StateMachine<infer Result>
    ? Result
    : Machine extends { apply(...args: never[]): infer Result }
      ? Result
      : never;

/** What its `query` takes; `never` without one, and then it is read with functions. */
export type QueryOf<Machine> = Machine extends { query(query: infer Query): unknown }
  ? Query
  : never;

/** What its `query` answers. */
export type AnswerOf<Machine> = Machine extends { query(query: never): infer Answer }
  ? Answer
  : never;

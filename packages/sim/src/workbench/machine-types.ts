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

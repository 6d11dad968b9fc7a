import type { History } from './history.ts';

/** What a model says of one operation with one answer. */
export interface Step<State> {
  /** Whether the object, in the given state, may answer so. */
  readonly legal: boolean;
  /** The state behind the operation; of no meaning when it is not legal. */
  readonly state: State;
}

/** One object's operations that do not touch what other parts' operations do. */
export interface SubHistory<Input, Output> {
  /** As a person would name the object: the key, say. */
  readonly name: string;
  readonly history: History<Input, Output>;
}

/** What an operation may look for in a state, as a value that `===` compares. */
export type Label = string | number | null;

/**
 * What can be said of an operation in every state, without trying it. Each claim allows the search
 * to leave out work; a claim that does not hold makes verdicts wrong. Claiming nothing is safe.
 */
export interface Traits {
  /**
   * Wherever the operation is legal and leaves the state as it is, it may be done at once: putting
   * it off gains nothing. True of whatever only looks.
   */
  readonly eager?: boolean;
  /**
   * Legal in every state, and the state behind it is always the same. True of plain writes.
   */
  readonly overwrites?: boolean;
  /** Legal (without an answer: of any effect) only in states of this label. */
  readonly observes?: Label;
  /** Legal in every state but those of this label, and changes none. */
  readonly avoids?: Label;
  /** The label of the state it leads to, in every state whose label it changes. */
  readonly writes?: Label;
}

/** What an object does when its operations come one after another. */
export interface SequentialModel<State, Input, Output> {
  readonly name: string;
  readonly initial: State;

  /**
   * Does one operation.
   *
   * @param output undefined: nobody saw the answer. Then the step is legal in every state, and its
   *   state is that behind the one possible answer (a model has no other choice than its input)
   */
  step(state: State, input: Input, output: Output | undefined): Step<State>;

  equal(a: State, b: State): boolean;

  /** Equal states have equal hashes: a 32-bit integer. */
  hash(state: State): number;

  /**
   * Splits a history into objects that are independent of each other; a history is linearizable
   * when all its parts are. Without it everything is one object.
   */
  partition?(history: History<Input, Output>): SubHistory<Input, Output>[];

  /**
   * All states that `history` may lead to, and more; in them part of a history may begin. Without
   * it a violation late in a long history takes long to prove.
   */
  possibleStates?(history: History<Input, Output>): State[];

  /**
   * A text that two inputs share only when they are the same operation. Of equal operations without
   * an answer, only the first called needs trying.
   */
  inputKey?(input: Input): string;

  /**
   * Sorts states by what operations can see of them. Present when `traits` tells of `observes`,
   * `avoids` or `writes`; then an operation that tells of no `writes` changes no label.
   */
  label?(state: State): Label;

  traits?(input: Input, output: Output | undefined): Traits;

  describeInput(input: Input): string;
  describeOutput(output: Output): string;
  describeState(state: State): string;
}

/**
 * What clients saw: when each operation was called, when it returned, and what it answered. Times
 * are positions in one order of all calls and returns, so that two operations are concurrent unless
 * one returned before the other was called.
 */
export type Operation<Input, Output> = CompletedOperation<Input, Output> | OpenOperation<Input>;

/** Its answer was seen: it took effect at some instant between its call and its return. */
export interface CompletedOperation<Input, Output> {
  readonly kind: 'completed';
  readonly client: number;
  readonly input: Input;
  readonly output: Output;
  readonly callAt: number;
  /** At or behind `callAt`. */
  readonly returnAt: number;
}

/** Nobody saw an answer: it took effect at any instant after its call, or never. */
export interface OpenOperation<Input> {
  readonly kind: 'open';
  readonly client: number;
  readonly input: Input;
  readonly callAt: number;
}

/** Operations of one object, in any order. */
export type History<Input, Output> = readonly Operation<Input, Output>[];

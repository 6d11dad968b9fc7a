import { assert } from '@quorate/base';
import type { CompletedOperation, History, OpenOperation, Operation } from './history.ts';
import type { Label, SequentialModel, Traits } from './sequential-model.ts';

/**
 * A history made ready for the search. Operations are numbered: first the completed ones in the
 * order of their calls, then the open ones in the order of theirs.
 */
export interface Problem<State, Input, Output> {
  readonly model: SequentialModel<State, Input, Output>;
  /** The object was in one of these when it began. */
  readonly initials: readonly State[];
  readonly operations: readonly Operation<Input, Output>[];
  /** So many operations are completed; every one of them must find its place. */
  readonly completed: number;
  readonly traits: readonly Traits[];
  /** All events in order: 2 * operation is its call, 2 * operation + 1 its return. */
  readonly events: readonly number[];
  /** By operation: where in `events` it was called; where it returned, Infinity: it is open. */
  readonly callRanks: readonly number[];
  readonly returnRanks: readonly number[];
  /** Open operations of equal input, in the order of their calls. */
  readonly openClasses: readonly (readonly number[])[];
  readonly labels: LabelUse | null;
}

/** Who needs and who makes the labels that operations observe or avoid, by number of label. */
export interface LabelUse {
  readonly numbers: ReadonlyMap<Label, number>;
  /** Completed operations that observe it, by their returns. */
  readonly observers: readonly (readonly number[])[];
  /** Operations that may lead to it, by their calls. */
  readonly writers: readonly (readonly number[])[];
  /** Open operations that observe it, by their calls. */
  readonly openObservers: readonly (readonly number[])[];
  /** By operation: the number of the label that it observes, or may lead to; -1: none. */
  readonly observedBy: readonly number[];
  readonly writtenBy: readonly number[];
}

export function prepare<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: History<Input, Output>,
  initials: readonly State[] = [model.initial],
): Problem<State, Input, Output> {
  const completed: CompletedOperation<Input, Output>[] = [];
  const open: OpenOperation<Input>[] = [];
  for (const operation of history) {
    if (operation.kind === 'completed') {
      assert(operation.returnAt >= operation.callAt, 'an operation returns after its call');
      completed.push(operation);
    } else if (model.traits?.(operation.input, undefined).eager !== true) {
      // What only looks, and was not heard of again, says nothing.
      open.push(operation);
    }
  }
  completed.sort(byCall);
  open.sort(byCall);
  const operations = [...completed, ...open];
  const traits = operations.map(
    (operation) => model.traits?.(operation.input, outputOf(operation)) ?? {},
  );
  const { events, callRanks, returnRanks } = orderEvents(operations);
  const first = completed.length;
  return {
    model,
    initials,
    operations,
    completed: first,
    traits,
    events,
    callRanks,
    returnRanks,
    openClasses: classify(model, operations, first),
    labels: model.label === undefined ? null : useOfLabels(traits, callRanks, returnRanks, first),
  };
}

export function outputOf<Input, Output>(operation: Operation<Input, Output>): Output | undefined {
  return operation.kind === 'completed' ? operation.output : undefined;
}

function byCall(a: { readonly callAt: number }, b: { readonly callAt: number }): number {
  return a.callAt - b.callAt;
}

function orderEvents<Input, Output>(
  operations: readonly Operation<Input, Output>[],
): Pick<Problem<unknown, Input, Output>, 'events' | 'callRanks' | 'returnRanks'> {
  const events: number[] = [];
  const at: number[] = [];
  for (const [number, operation] of operations.entries()) {
    at.push(operation.callAt, operation.kind === 'completed' ? operation.returnAt : Infinity);
    events.push(2 * number);
    if (operation.kind === 'completed') events.push(2 * number + 1);
  }
  // At the same instant calls come before returns: what cannot be told apart is concurrent.
  events.sort((a, b) => (at[a] as number) - (at[b] as number) || (a & 1) - (b & 1) || a - b);
  const callRanks = operations.map(() => 0);
  const returnRanks = operations.map(() => Infinity);
  for (const [rank, event] of events.entries()) {
    if (event & 1) returnRanks[event >> 1] = rank;
    else callRanks[event >> 1] = rank;
  }
  return { events, callRanks, returnRanks };
}

function classify<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  first: number,
): number[][] {
  const classes = new Map<string | number, number[]>();
  for (let number = first; number < operations.length; number++) {
    const { input } = operations[number] as Operation<Input, Output>;
    const key = model.inputKey === undefined ? number : model.inputKey(input);
    const members = classes.get(key);
    if (members === undefined) classes.set(key, [number]);
    else members.push(number);
  }
  return [...classes.values()];
}

function useOfLabels(
  traits: readonly Traits[],
  callRanks: readonly number[],
  returnRanks: readonly number[],
  firstOpen: number,
): LabelUse {
  const numbers = new Map<Label, number>();
  for (const { observes, avoids } of traits) {
    for (const label of [observes, avoids]) {
      if (label !== undefined && !numbers.has(label)) numbers.set(label, numbers.size);
    }
  }
  const observers = Array.from(numbers, (): number[] => []);
  const openObservers = Array.from(numbers, (): number[] => []);
  const writers = Array.from(numbers, (): number[] => []);
  const number = (label: Label | undefined): number => {
    return label === undefined ? -1 : (numbers.get(label) ?? -1);
  };
  const observedBy = traits.map(({ observes }) => number(observes));
  const writtenBy = traits.map(({ writes }) => number(writes));
  for (let operation = 0; operation < traits.length; operation++) {
    const observed = observedBy[operation] as number;
    const observing = operation < firstOpen ? observers : openObservers;
    observing[observed]?.push(operation);
    writers[writtenBy[operation] as number]?.push(operation);
  }
  const by = (ranks: readonly number[]) => (a: number, b: number) =>
    (ranks[a] as number) - (ranks[b] as number);
  for (const members of observers) members.sort(by(returnRanks));
  for (const members of writers) members.sort(by(callRanks));
  return { numbers, observers, writers, openObservers, observedBy, writtenBy };
}

import type { History, Operation } from '../history.ts';
import type { SequentialModel, Step, SubHistory, Traits } from '../sequential-model.ts';
import { hashOfValue } from './cas-register.ts';

/** One operation on one key, of a store of texts. */
export type KeyValueInput = { readonly key: string } & (
  | { readonly kind: 'get' }
  | { readonly kind: 'put'; readonly value: string }
  | { readonly kind: 'delete' }
  /** Puts `value` when the key holds `expected`; null: when it is not there. */
  | { readonly kind: 'cas'; readonly expected: string | null; readonly value: string }
);

/** What it answered; `kind` is that of the input. */
export type KeyValueOutput =
  /** `revision`: that of the key's last change, none when it is not there. */
  | { readonly kind: 'get'; readonly value: string | null; readonly revision?: number }
  /** `revision`: that of the change. */
  | { readonly kind: 'put'; readonly revision?: number }
  | { readonly kind: 'delete'; readonly deleted: boolean; readonly revision?: number }
  | { readonly kind: 'cas'; readonly succeeded: boolean; readonly revision?: number };

/** One key of the store. */
export interface KeyState {
  /** null: it is not there. */
  readonly value: string | null;
  /** The last revision that an answer showed; 0 before. */
  readonly revision: number;
  /** The last change is that of `revision`, and not a later one that nobody has seen. */
  readonly isKnown: boolean;
}

type Model = SequentialModel<KeyState, KeyValueInput, KeyValueOutput>;

/**
 * A key-value store with get, put, delete and compare-and-set, each on one key, taken apart by key.
 * Revisions in the answers are not looked at.
 */
export const keyValueModel: Model = modelOf(false);

/**
 * The same store, in which every change of a key has a higher revision than the one before, and a
 * get shows that of the last. The revisions of changes without an answer are not known: any higher
 * one will do. Not every answer need show one.
 */
export const revisedKeyValueModel: Model = modelOf(true);

function modelOf(isRevised: boolean): Model {
  return {
    name: 'key-value store',
    initial: { value: null, revision: 0, isKnown: true },

    step(state, input, output) {
      if (output !== undefined && output.kind !== input.kind) return { legal: false, state };
      if (output?.kind === 'get') return look(state, output, isRevised);
      return change(state, input, output, isRevised);
    },

    equal: (a, b) => a.value === b.value && a.revision === b.revision && a.isKnown === b.isKnown,

    hash: ({ value, revision, isKnown }) =>
      Math.imul(hashOfValue(value) ^ revision, 0x85ebca6b) ^ (isKnown ? 1 : 0),

    partition: partitionByKey,
    inputKey: (input) => JSON.stringify(input),
    label: ({ value }) => value,
    traits: (input, output) => traitsOf(input, output, isRevised),
    ...(isRevised ? {} : { possibleStates }),
    describeInput,
    describeOutput,

    describeState({ value, revision, isKnown }) {
      if (!isRevised) return describe(value);
      return `${describe(value)} at ${isKnown ? '' : 'a revision after '}${revision}`;
    },
  };
}

function look(
  state: KeyState,
  { value, revision }: { readonly value: string | null; readonly revision?: number },
  isRevised: boolean,
): Step<KeyState> {
  if (value !== state.value) return { legal: false, state };
  if (!isRevised || revision === undefined) return { legal: true, state };
  if (state.isKnown) return { legal: revision === state.revision, state };
  return { legal: revision > state.revision, state: { value, revision, isKnown: true } };
}

function change(
  state: KeyState,
  input: KeyValueInput,
  output: Exclude<KeyValueOutput, { kind: 'get' }> | undefined,
  isRevised: boolean,
): Step<KeyState> {
  const { happens, value } = outcomeOf(state, input);
  if (output?.kind === 'delete' && output.deleted !== happens) return { legal: false, state };
  if (output?.kind === 'cas' && output.succeeded !== happens) return { legal: false, state };
  if (!happens) return { legal: true, state };
  if (!isRevised) return { legal: true, state: { value, revision: 0, isKnown: true } };
  const { revision } = output ?? {};
  if (revision === undefined) {
    return { legal: true, state: { value, revision: state.revision, isKnown: false } };
  }
  return { legal: revision > state.revision, state: { value, revision, isKnown: true } };
}

function outcomeOf(
  state: KeyState,
  input: KeyValueInput,
): { readonly happens: boolean; readonly value: string | null } {
  switch (input.kind) {
    case 'get':
      return { happens: false, value: state.value };
    case 'put':
      return { happens: true, value: input.value };
    case 'delete':
      return { happens: state.value !== null, value: null };
    case 'cas':
      return { happens: state.value === input.expected, value: input.value };
  }
}

/** A change with a revision depends on what it follows, so that with revisions none overwrites. */
function traitsOf(
  input: KeyValueInput,
  output: KeyValueOutput | undefined,
  isRevised: boolean,
): Traits {
  switch (input.kind) {
    case 'get':
      return { eager: true, ...(output?.kind === 'get' ? { observes: output.value } : {}) };
    case 'put':
      return { writes: input.value, overwrites: !isRevised };
    case 'delete':
      if (output?.kind !== 'delete') return { writes: null, overwrites: !isRevised };
      return output.deleted ? { writes: null } : { eager: true, observes: null };
    case 'cas':
      if (output?.kind === 'cas' && !output.succeeded) {
        return { eager: true, avoids: input.expected };
      }
      return { observes: input.expected, writes: input.value };
  }
}

function partitionByKey(
  history: History<KeyValueInput, KeyValueOutput>,
): SubHistory<KeyValueInput, KeyValueOutput>[] {
  const byKey = new Map<string, Operation<KeyValueInput, KeyValueOutput>[]>();
  for (const operation of history) {
    const { key } = operation.input;
    const part = byKey.get(key);
    if (part === undefined) byKey.set(key, [operation]);
    else part.push(operation);
  }
  return Array.from(byKey, ([key, part]) => ({ name: `key ${key}`, history: part }));
}

function possibleStates(history: History<KeyValueInput, KeyValueOutput>): KeyState[] {
  const values = new Set<string | null>([null]);
  for (const { input } of history) {
    if (input.kind === 'put' || input.kind === 'cas') values.add(input.value);
  }
  return Array.from(values, (value) => ({ value, revision: 0, isKnown: true }));
}

function describe(value: string | null): string {
  return value === null ? 'nothing' : JSON.stringify(value);
}

function describeInput(input: KeyValueInput): string {
  switch (input.kind) {
    case 'get':
    case 'delete':
      return `${input.kind} ${input.key}`;
    case 'put':
      return `put ${input.key} ${describe(input.value)}`;
    case 'cas':
      return `cas ${input.key} ${describe(input.expected)} ${describe(input.value)}`;
  }
}

function describeOutput(output: KeyValueOutput): string {
  const at = output.revision === undefined ? '' : ` at ${output.revision}`;
  switch (output.kind) {
    case 'get':
      return `${describe(output.value)}${at}`;
    case 'put':
      return `ok${at}`;
    case 'delete':
      return `${output.deleted ? 'deleted' : 'was not there'}${at}`;
    case 'cas':
      return `${output.succeeded ? 'ok' : 'failed'}${at}`;
  }
}

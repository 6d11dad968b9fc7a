import type { SequentialModel, Step, Traits } from '../sequential-model.ts';

/** What a register holds; null before the first write. */
export type RegisterValue = string | number | null;

/** One operation on one register. */
export type RegisterInput =
  | { readonly kind: 'read' }
  | { readonly kind: 'write'; readonly value: RegisterValue }
  /** Writes `value` when the register holds `expected`. */
  | { readonly kind: 'cas'; readonly expected: RegisterValue; readonly value: RegisterValue };

/** What it answered; `kind` is that of the input. */
export type RegisterOutput =
  | { readonly kind: 'read'; readonly value: RegisterValue }
  | { readonly kind: 'write' }
  /** `succeeded` false: the register held something else. */
  | { readonly kind: 'cas'; readonly succeeded: boolean };

/** One register with read, write and compare-and-set, at first null. */
export const casRegister: SequentialModel<RegisterValue, RegisterInput, RegisterOutput> = {
  name: 'register',
  initial: null,

  step(state, input, output): Step<RegisterValue> {
    if (output !== undefined && output.kind !== input.kind) return { legal: false, state };
    switch (input.kind) {
      case 'read':
        return { legal: output?.kind !== 'read' || output.value === state, state };
      case 'write':
        return { legal: true, state: input.value };
      case 'cas': {
        const succeeds = state === input.expected;
        const legal = output?.kind !== 'cas' || output.succeeded === succeeds;
        return { legal, state: succeeds ? input.value : state };
      }
    }
  },

  equal: (a, b) => a === b,

  hash: hashOfValue,

  possibleStates(history) {
    const values = new Set<RegisterValue>([null]);
    for (const { input } of history) if (input.kind !== 'read') values.add(input.value);
    return [...values];
  },

  inputKey: (input) => JSON.stringify(input),

  label: (state) => state,

  traits(input, output): Traits {
    switch (input.kind) {
      case 'read':
        return { eager: true, ...(output?.kind === 'read' ? { observes: output.value } : {}) };
      case 'write':
        return { overwrites: true, writes: input.value };
      case 'cas': {
        const { expected, value } = input;
        if (output?.kind === 'cas' && !output.succeeded) return { eager: true, avoids: expected };
        if (expected === value) return { eager: true, observes: expected };
        return { observes: expected, writes: value };
      }
    }
  },

  describeInput(input) {
    switch (input.kind) {
      case 'read':
        return 'read';
      case 'write':
        return `write ${describe(input.value)}`;
      case 'cas':
        return `cas ${describe(input.expected)} ${describe(input.value)}`;
    }
  },

  describeOutput(output) {
    switch (output.kind) {
      case 'read':
        return describe(output.value);
      case 'write':
        return 'ok';
      case 'cas':
        return output.succeeded ? 'ok' : 'failed';
    }
  },

  describeState: describe,
};

/** FNV-1a over UTF-16 code units; numbers by their text. Null has a hash of its own. */
export function hashOfValue(value: RegisterValue): number {
  if (value === null) return 0;
  const text = String(value);
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x1000193);
  return hash;
}

function describe(value: RegisterValue): string {
  return value === null ? 'nil' : String(value);
}

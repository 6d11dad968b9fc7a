import type { Prng } from '@quorate/base';
import type { Operation } from '../../src/linearizability/history.ts';
import {
  casRegister,
  type RegisterInput,
  type RegisterOutput,
  type RegisterValue,
} from '../../src/linearizability/models/cas-register.ts';
import type {
  KeyState,
  KeyValueInput,
  KeyValueOutput,
} from '../../src/linearizability/models/key-value.ts';
import type { SequentialModel } from '../../src/linearizability/sequential-model.ts';
import { randomHistory } from './random-history.ts';

export interface Load {
  readonly clients: number;
  readonly operations: number;
  readonly values: number;
  readonly unknown: number;
  /** Shares of all operations; the rest are writes. */
  readonly cas: number;
  readonly reads: number;
}

export type RegisterOperation = Operation<RegisterInput, RegisterOutput>;
export type KeyValueOperation = Operation<KeyValueInput, KeyValueOutput>;

export function drawLoad(prng: Prng, clients: number, operations: number): Load {
  return {
    clients,
    operations,
    values: prng.pick([2, 3, 5, 20]),
    unknown: prng.pick([0, 0.1, 0.4]),
    cas: prng.pick([0, 0.3, 0.6]),
    reads: prng.pick([0.1, 0.4]),
  };
}

/** What happened to a register, so that it is linearizable. */
export function registerHistory(prng: Prng, load: Load): RegisterOperation[] {
  return randomHistory({
    model: casRegister,
    prng,
    ...load,
    input(draws): RegisterInput {
      const chance = draws.float();
      const value = draws.below(load.values);
      if (chance < load.reads) return { kind: 'read' };
      if (chance > load.reads + load.cas) return { kind: 'write', value };
      const expected = draws.chance(0.2) ? null : draws.below(load.values);
      return { kind: 'cas', expected, value };
    },
    perform(state: RegisterValue, input): { output: RegisterOutput; state: RegisterValue } {
      if (input.kind === 'read') return { output: { kind: 'read', value: state }, state };
      if (input.kind === 'write') return { output: { kind: 'write' }, state: input.value };
      const succeeded = state === input.expected;
      return { output: { kind: 'cas', succeeded }, state: succeeded ? input.value : state };
    },
  });
}

/** Some answers are not what was seen. */
export function spoilRegister(
  prng: Prng,
  history: readonly RegisterOperation[],
  load: Load,
  chance: number,
): RegisterOperation[] {
  return history.map((operation) => {
    if (operation.kind === 'open' || !prng.chance(chance)) return operation;
    const { output } = operation;
    if (output.kind === 'read') {
      return { ...operation, output: { kind: 'read', value: prng.below(load.values) } };
    }
    if (output.kind === 'write') return operation;
    return { ...operation, output: { kind: 'cas', succeeded: !output.succeeded } };
  });
}

/** One store whose revisions count all its changes; every second answer tells of its revision. */
export function keyValueHistory(
  prng: Prng,
  load: Load,
  keys: number,
  model: SequentialModel<KeyState, KeyValueInput, KeyValueOutput>,
): KeyValueOperation[] {
  let storeRevision = 1;
  const state = new Map<string, { value: string; revision: number }>();
  return randomHistory({
    model,
    prng,
    ...load,
    input(draws): KeyValueInput {
      const chance = draws.float();
      const key = `k${draws.below(keys)}`;
      const value = `v${draws.below(load.values)}`;
      if (chance < load.reads) return { kind: 'get', key };
      if (chance < load.reads + load.cas) {
        const expected = draws.chance(0.3) ? null : `v${draws.below(load.values)}`;
        return { kind: 'cas', key, expected, value };
      }
      return draws.chance(0.3) ? { kind: 'delete', key } : { kind: 'put', key, value };
    },
    perform(unused: KeyState, input) {
      const { output, revision } = perform(input);
      const shown = revision !== null && prng.chance(0.5) ? { revision } : {};
      return { output: { ...output, ...shown }, state: unused };
    },
  });

  function perform(input: KeyValueInput): { output: KeyValueOutput; revision: number | null } {
    const now = state.get(input.key);
    switch (input.kind) {
      case 'get':
        return {
          output: { kind: 'get', value: now?.value ?? null },
          revision: now?.revision ?? null,
        };
      case 'put':
        state.set(input.key, { value: input.value, revision: ++storeRevision });
        return { output: { kind: 'put' }, revision: storeRevision };
      case 'delete':
        if (!state.delete(input.key)) {
          return { output: { kind: 'delete', deleted: false }, revision: null };
        }
        return { output: { kind: 'delete', deleted: true }, revision: ++storeRevision };
      case 'cas': {
        const succeeded = (now?.value ?? null) === input.expected;
        if (!succeeded) return { output: { kind: 'cas', succeeded }, revision: null };
        state.set(input.key, { value: input.value, revision: ++storeRevision });
        return { output: { kind: 'cas', succeeded }, revision: storeRevision };
      }
    }
  }
}

export function spoilKeyValue(
  prng: Prng,
  history: readonly KeyValueOperation[],
  load: Load,
  chance: number,
): KeyValueOperation[] {
  return history.map((operation) => {
    if (operation.kind === 'open' || !prng.chance(chance)) return operation;
    const { output } = operation;
    if (output.revision !== undefined && prng.chance(0.5)) {
      const revision = Math.max(1, output.revision + prng.between(-3, 3));
      return { ...operation, output: { ...output, revision } };
    }
    if (output.kind === 'get') {
      return { ...operation, output: { kind: 'get', value: `v${prng.below(load.values)}` } };
    }
    if (output.kind === 'cas') {
      return { ...operation, output: { kind: 'cas', succeeded: !output.succeeded } };
    }
    return operation;
  });
}

/** The same object, of which the checker is told nothing that spares it work. */
export function withoutTraits<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
): SequentialModel<State, Input, Output> {
  const { name, initial, describeInput, describeOutput, describeState } = model;
  return {
    name,
    initial,
    step: (state, input, output) => model.step(state, input, output),
    equal: (a, b) => model.equal(a, b),
    // All states in one bucket: a hash decides nothing.
    hash: () => 0,
    describeInput,
    describeOutput,
    describeState,
  };
}

/** The same with a coarser clock: more events at one instant, which makes them concurrent. */
export function coarser<Input, Output>(
  history: readonly Operation<Input, Output>[],
): Operation<Input, Output>[] {
  const at = (position: number): number => Math.floor(position / 2);
  return history.map((operation) =>
    operation.kind === 'open'
      ? { ...operation, callAt: at(operation.callAt) }
      : { ...operation, callAt: at(operation.callAt), returnAt: at(operation.returnAt) },
  );
}

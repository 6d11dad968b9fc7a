import type { Prng } from '@quorate/base';
import type { Operation } from '../../src/linearizability/history.ts';
import type { SequentialModel, Traits } from '../../src/linearizability/sequential-model.ts';
import { randomHistory } from './random-history.ts';
import type { Load } from './workloads.ts';

/** Empty, or full of one of two things. */
export type TankState = 0 | 1 | 2;
export type TankInput =
  | { readonly kind: 'fill'; readonly content: TankState }
  | { readonly kind: 'look' | 'drain' | 'turn' };
/** What was there before. */
export type TankOutput = { readonly before: TankState } | 'done';
export type TankOperation = Operation<TankInput, TankOutput>;

function perform(state: TankState, input: TankInput): { output: TankOutput; state: TankState } {
  switch (input.kind) {
    case 'fill':
      return { output: 'done', state: input.content };
    case 'look':
      return { output: { before: state }, state };
    case 'drain':
      return { output: { before: state === 0 ? 0 : 1 }, state: 0 };
    case 'turn':
      return { output: 'done', state: state === 0 ? 0 : state === 1 ? 2 : 1 };
  }
}

/**
 * An object made to try the checker: its labels are coarser than its states, and it has operations
 * that depend on a state in ways of which labels say nothing, with answers (drain) and without
 * (turn).
 */
export const tank: SequentialModel<TankState, TankInput, TankOutput> = {
  name: 'tank',
  initial: 0,
  step(state, input, output) {
    const performed = perform(state, input);
    const legal = output === undefined || same(output, performed.output);
    return { legal, state: performed.state };
  },
  equal: (a, b) => a === b,
  hash: (state) => state,
  inputKey: (input) => JSON.stringify(input),
  label: labelOf,
  traits(input, output): Traits {
    switch (input.kind) {
      case 'fill':
        return { overwrites: true, writes: labelOf(input.content) };
      case 'look':
        if (output === undefined || output === 'done') return { eager: true };
        return { eager: true, observes: labelOf(output.before) };
      case 'drain':
        return { writes: labelOf(0) };
      case 'turn':
        return {};
    }
  },
  possibleStates: () => [0, 1, 2],
  describeInput: (input) => JSON.stringify(input),
  describeOutput: (output) => JSON.stringify(output),
  describeState: String,
};

function labelOf(state: TankState): string {
  return state === 0 ? 'empty' : 'full';
}

function same(a: TankOutput, b: TankOutput): boolean {
  return a === 'done' || b === 'done' ? a === b : a.before === b.before;
}

export function tankHistory(prng: Prng, load: Load, spoiled: number): TankOperation[] {
  const contents: readonly TankState[] = [0, 1, 2];
  const history = randomHistory({
    model: tank,
    prng,
    ...load,
    input(draws): TankInput {
      const kind = draws.pick(['fill', 'fill', 'look', 'look', 'drain', 'turn'] as const);
      return kind === 'fill' ? { kind, content: draws.pick(contents) } : { kind };
    },
    perform,
  });
  return history.map((operation) =>
    operation.kind === 'open' || operation.output === 'done' || !prng.chance(spoiled)
      ? operation
      : { ...operation, output: { before: prng.pick([0, 1]) } },
  );
}

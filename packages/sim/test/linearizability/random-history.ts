import type { Prng } from '@quorate/base';
import type { Operation } from '../../src/linearizability/history.ts';
import type { SequentialModel } from '../../src/linearizability/sequential-model.ts';

export interface RandomHistoryOptions<State, Input, Output> {
  readonly model: SequentialModel<State, Input, Output>;
  readonly prng: Prng;
  readonly clients: number;
  readonly operations: number;
  readonly input: (prng: Prng) => Input;
  /** What the object answers in the given state, and its state behind that. */
  readonly perform: (
    state: State,
    input: Input,
  ) => { readonly output: Output; readonly state: State };
  /** How often nobody sees the answer; half of these never take effect. */
  readonly unknown: number;
}

interface UnderWay<Input, Output> {
  readonly client: number;
  readonly input: Input;
  readonly callAt: number;
  readonly isUnknown: boolean;
  result: { readonly output: Output } | null;
}

/**
 * A history that is linearizable because it happened: clients call, the object performs what is
 * under way one after another, answers come back later, all in an order drawn from `prng`.
 */
export function randomHistory<State, Input, Output>(
  options: RandomHistoryOptions<State, Input, Output>,
): Operation<Input, Output>[] {
  const { model, prng, clients } = options;
  const history: Operation<Input, Output>[] = [];
  const waiting: UnderWay<Input, Output>[] = [];
  const idle = Array.from({ length: clients }, (_, client) => client);
  let state = model.initial;
  let position = 0;
  let called = 0;
  let late: UnderWay<Input, Output>[] = [];
  while (called < options.operations || waiting.length > 0) {
    const choice = prng.below(3);
    if (choice === 0 && called < options.operations && idle.length > 0) {
      const client = idle.splice(prng.below(idle.length), 1)[0] as number;
      const isUnknown = prng.chance(options.unknown);
      const input = options.input(prng);
      waiting.push({ client, input, callAt: position++, isUnknown, result: null });
      called += 1;
    } else if (choice === 1) {
      const pool = [...waiting, ...late].filter(({ result }) => result === null);
      if (pool.length === 0) continue;
      const chosen = prng.pick(pool);
      const performed = options.perform(state, chosen.input);
      state = performed.state;
      chosen.result = performed;
    } else if (waiting.length > 0) {
      const chosen = prng.pick(waiting);
      if (chosen.isUnknown) {
        // The client gives up; the request may be performed much later, or not at all.
        const { client, input, callAt } = chosen;
        history.push({ kind: 'open', client, input, callAt });
        if (prng.chance(0.5)) late = [...late, chosen].slice(-5);
      } else if (chosen.result !== null) {
        const { client, input, callAt } = chosen;
        const { output } = chosen.result;
        history.push({ kind: 'completed', client, input, output, callAt, returnAt: position++ });
      } else {
        continue;
      }
      waiting.splice(waiting.indexOf(chosen), 1);
      idle.push(chosen.client);
    }
  }
  return history;
}

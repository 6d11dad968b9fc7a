import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  casRegister,
  type RegisterInput,
  type RegisterOutput,
} from '../../src/linearizability/models/cas-register.ts';
import {
  type KeyState,
  type KeyValueInput,
  type KeyValueOutput,
  keyValueModel,
  revisedKeyValueModel,
} from '../../src/linearizability/models/key-value.ts';
import type { SequentialModel } from '../../src/linearizability/sequential-model.ts';
import { type TankInput, type TankOutput, tank } from './tank.ts';

/** Holds every trait against every state: a claim that is wrong makes verdicts wrong. */
function assertClaims<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  states: readonly State[],
  operations: readonly (readonly [Input, Output | undefined])[],
): void {
  for (const [input, output] of operations) {
    const traits = model.traits?.(input, output) ?? {};
    const what = `${JSON.stringify(input)} -> ${JSON.stringify(output)}`;
    const behind = states.map((state) => model.step(state, input, output));
    for (const [at, state] of states.entries()) {
      const label = model.label?.(state);
      const step = behind[at];
      assert.ok(step);
      const moves = step.legal && !model.equal(step.state, state);
      const relabels = moves && model.label?.(step.state) !== label;
      if (output === undefined) assert.ok(step.legal, what);
      if (traits.overwrites === true) {
        assert.ok(step.legal && model.equal(step.state, behind[0]?.state as State), what);
      }
      if (traits.observes !== undefined && traits.observes !== label) {
        assert.ok(output === undefined ? !moves : !step.legal, what);
      }
      if (traits.avoids !== undefined) {
        assert.equal(step.legal, traits.avoids !== label, what);
        assert.ok(!moves, what);
      }
      if (relabels) assert.equal(model.label?.(step.state), traits.writes, what);
    }
  }
}

describe('what models claim of their operations', () => {
  it('holds of the tank', () => {
    const inputs: TankInput[] = [{ kind: 'look' }, { kind: 'drain' }, { kind: 'turn' }];
    for (const content of [0, 1, 2] as const) inputs.push({ kind: 'fill', content });
    const outputs: (TankOutput | undefined)[] = [undefined, 'done'];
    for (const before of [0, 1, 2] as const) outputs.push({ before });
    const operations = inputs
      .flatMap((input) => outputs.map((output) => [input, output] as const))
      .filter(
        ([{ kind }, output]) => (kind !== 'fill' && kind !== 'turn') || typeof output !== 'object',
      )
      .filter(([{ kind }, output]) => kind === 'fill' || kind === 'turn' || output !== 'done');
    assertClaims(tank, [0, 1, 2], operations);
  });

  it('holds of the register', () => {
    const values = [null, 1, 2, '1'];
    const operations: [RegisterInput, RegisterOutput | undefined][] = [
      [{ kind: 'read' }, undefined],
    ];
    for (const value of values) {
      operations.push([{ kind: 'read' }, { kind: 'read', value }]);
      operations.push([{ kind: 'write', value }, { kind: 'write' }]);
      operations.push([{ kind: 'write', value }, undefined]);
      for (const expected of values) {
        const input = { kind: 'cas', expected, value } as const;
        operations.push([input, undefined]);
        for (const succeeded of [true, false]) operations.push([input, { kind: 'cas', succeeded }]);
      }
    }
    assertClaims(casRegister, values, operations);
  });

  it('holds of the key-value store', () => {
    const key = 'k';
    const values = [null, 'x', 'y'];
    const operations: [KeyValueInput, KeyValueOutput | undefined][] = [];
    for (const shown of [{}, { revision: 2 }, { revision: 3 }]) {
      for (const deleted of [true, false]) {
        operations.push([
          { kind: 'delete', key },
          { kind: 'delete', deleted, ...shown },
        ]);
      }
      for (const value of values) {
        operations.push([
          { kind: 'get', key },
          { kind: 'get', value, ...shown },
        ]);
        if (value === null) continue;
        operations.push([
          { kind: 'put', key, value },
          { kind: 'put', ...shown },
        ]);
        for (const expected of values) {
          const input = { kind: 'cas', key, expected, value } as const;
          for (const succeeded of [true, false]) {
            operations.push([input, { kind: 'cas', succeeded, ...shown }]);
          }
        }
      }
    }
    for (const [input] of [...operations]) operations.push([input, undefined]);
    const statesOf = (revisions: readonly number[], knowledge: readonly boolean[]): KeyState[] =>
      values.flatMap((value) =>
        revisions.flatMap((revision) => knowledge.map((isKnown) => ({ value, revision, isKnown }))),
      );
    assertClaims(keyValueModel, statesOf([0], [true]), operations);
    assertClaims(revisedKeyValueModel, statesOf([0, 1, 2, 3], [true, false]), operations);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@quorate/base';
import fc from 'fast-check';
import { StepBudget } from '../../src/linearizability/budget.ts';
import { checkLinearizability } from '../../src/linearizability/check.ts';
import { linearize } from '../../src/linearizability/decide.ts';
import type { History } from '../../src/linearizability/history.ts';
import { casRegister } from '../../src/linearizability/models/cas-register.ts';
import { keyValueModel, revisedKeyValueModel } from '../../src/linearizability/models/key-value.ts';
import type { SequentialModel } from '../../src/linearizability/sequential-model.ts';
import { assertWitness, isLinearizableByBruteForce } from './brute-force.ts';
import { tank, tankHistory } from './tank.ts';
import {
  coarser,
  drawLoad,
  keyValueHistory,
  registerHistory,
  spoilKeyValue,
  spoilRegister,
  withoutTraits,
} from './workloads.ts';

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

/** @param patience 1: looks at slices almost at once */
function verdict<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: History<Input, Output>,
  patience = 1e9,
): boolean {
  const limits = { budget: new StepBudget(1e7), maxBytes: 2 ** 24, patience };
  const result = linearize(model, history, limits);
  assert.notEqual(result, 'unknown');
  if (typeof result === 'string') return false;
  assertWitness(model, history, result);
  return true;
}

/** Each way of deciding must agree with `expected`. */
function assertAll<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: History<Input, Output>,
  expected: boolean,
): void {
  assert.equal(verdict(model, history), expected);
  assert.equal(verdict(withoutTraits(model), history), expected, 'without traits');
  assert.equal(verdict(model, history, 1), expected, 'with slices');
}

describe('the checker', () => {
  it('accepts whatever did happen to a register', () => {
    const accepts = (seed: number): void => {
      const prng = new Prng(seed);
      const load = drawLoad(prng, prng.between(1, 12), prng.between(1, 120));
      const history = registerHistory(prng, load);
      assert.equal(verdict(casRegister, history), true);
      assert.equal(verdict(casRegister, history, 1), true);
    };
    fc.assert(fc.property(seeds, accepts), { numRuns: 200 });
  });

  it('accepts whatever did happen to a store, with and without its revisions', () => {
    const accepts = (seed: number): void => {
      const prng = new Prng(seed);
      const load = drawLoad(prng, prng.between(1, 12), prng.between(1, 100));
      const history = keyValueHistory(prng, load, 3, keyValueModel);
      for (const model of [keyValueModel, revisedKeyValueModel]) {
        const result = checkLinearizability(model, history);
        assert.ok(result.kind === 'linearizable');
        for (const part of model.partition?.(history) ?? []) {
          const found = result.parts.find(({ name }) => name === part.name);
          assert.ok(found);
          assertWitness(model, part.history, found.linearization);
        }
      }
    };
    fc.assert(fc.property(seeds, accepts), { numRuns: 200 });
  });

  it('says of few operations on a register what trying every order says', () => {
    let violations = 0;
    const agrees = (seed: number): void => {
      const prng = new Prng(seed);
      const load = drawLoad(prng, prng.between(2, 6), prng.between(2, 8));
      const real = registerHistory(prng, load);
      const spoiled = spoilRegister(prng, real, load, 0.3);
      const history = prng.chance(0.3) ? coarser(spoiled) : spoiled;
      const expected = isLinearizableByBruteForce(casRegister, history);
      if (!expected) violations += 1;
      assertAll(casRegister, history, expected);
    };
    fc.assert(fc.property(seeds, agrees), { numRuns: 1500 });
    assert.ok(violations > 150);
  });

  it('says of few operations on one key what trying every order says', () => {
    let violations = 0;
    const agrees = (seed: number): void => {
      const prng = new Prng(seed);
      const load = drawLoad(prng, prng.between(2, 6), prng.between(2, 8));
      const real = keyValueHistory(prng, load, 1, keyValueModel);
      const history = spoilKeyValue(prng, real, load, 0.3);
      for (const model of [keyValueModel, revisedKeyValueModel]) {
        const expected = isLinearizableByBruteForce(model, history);
        if (!expected) violations += 1;
        assertAll(model, history, expected);
      }
    };
    fc.assert(fc.property(seeds, agrees), { numRuns: 1000 });
    assert.ok(violations > 150);
  });

  it('says of few operations on a tank what trying every order says', () => {
    let violations = 0;
    const agrees = (seed: number): void => {
      const prng = new Prng(seed);
      const load = drawLoad(prng, prng.between(2, 6), prng.between(2, 8));
      const history = tankHistory(prng, load, 0.2);
      const expected = isLinearizableByBruteForce(tank, history);
      if (!expected) violations += 1;
      assertAll(tank, history, expected);
    };
    fc.assert(fc.property(seeds, agrees), { numRuns: 1500 });
    assert.ok(violations > 150);
  });

  it('says of many operations the same with and without what spares it work', () => {
    let violations = 0;
    const agrees = (seed: number): void => {
      const prng = new Prng(seed);
      const load = drawLoad(prng, prng.between(3, 6), 40);
      compare(casRegister, spoilRegister(prng, registerHistory(prng, load), load, 0.03));
      compare(tank, tankHistory(prng, load, 0.03));
    };
    const compare = <State, Input, Output>(
      model: SequentialModel<State, Input, Output>,
      history: History<Input, Output>,
    ): void => {
      const limits = { budget: new StepBudget(20_000), maxBytes: 2 ** 24, patience: 1e9 };
      const plain = linearize(withoutTraits(model), history, limits);
      if (plain === 'unknown') return;
      if (plain === 'none') violations += 1;
      assert.equal(verdict(model, history), plain !== 'none');
      assert.equal(verdict(model, history, 1), plain !== 'none');
    };
    fc.assert(fc.property(seeds, agrees), { numRuns: 400 });
    assert.ok(violations > 30);
  });
});

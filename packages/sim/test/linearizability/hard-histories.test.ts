import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@quorate/base';
import { StepBudget } from '../../src/linearizability/budget.ts';
import { checkLinearizability } from '../../src/linearizability/check.ts';
import { casRegister } from '../../src/linearizability/models/cas-register.ts';
import { type Load, type RegisterOperation, registerHistory } from './workloads.ts';

/** Verdict, and how many configurations it took. */
function check(history: readonly RegisterOperation[], limit: number): [string, number] {
  const budget = new StepBudget(limit);
  const { kind } = checkLinearizability(casRegister, history, { budget });
  return [kind, budget.taken];
}

/** One of the last reads saw a value that was never written. */
function withPhantom(history: readonly RegisterOperation[], value: number): RegisterOperation[] {
  const at = history.findLastIndex(
    (operation) => operation.kind === 'completed' && operation.output.kind === 'read',
  );
  return history.map((operation, index) =>
    index === at && operation.kind === 'completed'
      ? { ...operation, output: { kind: 'read', value } }
      : operation,
  );
}

/** A read late in the history saw what had been overwritten for long. */
function withStaleRead(history: readonly RegisterOperation[]): RegisterOperation[] {
  const reads = history.filter(
    (operation) => operation.kind === 'completed' && operation.output.kind === 'read',
  );
  const late = reads[Math.floor(reads.length * 0.9)];
  const early = reads[Math.floor(reads.length * 0.2)];
  return history.map((operation) =>
    operation === late && operation.kind === 'completed' && early?.kind === 'completed'
      ? { ...operation, output: early.output }
      : operation,
  );
}

describe('long histories', () => {
  const many: Load = {
    clients: 20,
    operations: 4000,
    values: 100,
    unknown: 0,
    cas: 0,
    reads: 0.5,
  };

  it('of twenty clients are decided in fewer configurations than operations', () => {
    const history = registerHistory(new Prng(1), many);
    const [real, taken] = check(history, 4000);
    assert.equal(real, 'linearizable');
    assert.ok(taken < 2000, `${taken} configurations`);
    assert.equal(check(withPhantom(history, 1000), 4000)[0], 'violation');
    assert.equal(
      check(withStaleRead(registerHistory(new Prng(2), { ...many, values: 4000 })), 4000)[0],
      'violation',
    );
  });

  it('with a tenth of the answers missing are decided in few configurations', () => {
    const load = { ...many, clients: 10, values: 5, unknown: 0.1, cas: 0.3 };
    const [kind, taken] = check(registerHistory(new Prng(3), load), 20_000);
    assert.equal(kind, 'linearizable');
    assert.ok(taken < 8000, `${taken} configurations`);
  });

  it('without an answer to anybody are decided at once', () => {
    const load = { ...many, unknown: 1, clients: 30 };
    assert.equal(check(registerHistory(new Prng(4), load), 10)[0], 'linearizable');
  });
});

describe('a budget', () => {
  const hard = registerHistory(new Prng(5), {
    clients: 12,
    operations: 300,
    values: 5,
    unknown: 0.1,
    cas: 0.5,
    reads: 0.3,
  });

  it('that is used up leaves the verdict unknown', () => {
    assert.equal(check(hard, 10)[0], 'unknown');
    assert.equal(check(hard, 0)[0], 'unknown');
    assert.equal(check(hard, 10)[1], 10);
  });

  it('asked in the same way gives the same verdict', () => {
    assert.deepEqual(check(hard, 100_000), check(hard, 100_000));
    assert.equal(check(hard, 100_000)[0], 'linearizable');
  });
});

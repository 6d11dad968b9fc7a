import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@quorate/base';
import fc from 'fast-check';
import { StepBudget } from '../../src/linearizability/budget.ts';
import { describeViolation } from '../../src/linearizability/describe-violation.ts';
import { explainViolation } from '../../src/linearizability/explain.ts';
import { casRegister } from '../../src/linearizability/models/cas-register.ts';
import { isLinearizableByBruteForce } from './brute-force.ts';
import { cas, read, record, sees, swapped, write, written } from './small-history.ts';
import { drawLoad, type RegisterOperation, registerHistory, spoilRegister } from './workloads.ts';

const stale = record((recorder) => {
  recorder.ok(recorder.invoke(0, write(1)), written);
  recorder.ok(recorder.invoke(0, write(2)), written);
  recorder.unknown(recorder.invoke(1, cas(2, 3)));
  const slow = recorder.invoke(2, write(4));
  recorder.ok(recorder.invoke(3, read), sees(1));
  recorder.ok(slow, written);
  recorder.ok(recorder.invoke(3, cas(9, 8)), swapped(true));
});

describe('the explanation of a violation', () => {
  it('names the first operation that nothing explains, and what leads up to it', () => {
    const explanation = explainViolation(casRegister, stale);
    assert.equal(
      describeViolation(casRegister, explanation),
      [
        'client 3 read -> 1 (events 6 to 7) cannot be explained',
        '  at the same time:',
        '    client 1 cas 2 3 -> no answer (event 4)',
        '    client 2 write 4 -> ok (events 5 to 8)',
        '  all that returned before can be ordered, which leaves 2:',
        '  to 2:',
        '    client 0 write 1 -> ok (events 0 to 1) => 1',
        '    client 0 write 2 -> ok (events 2 to 3) => 2',
      ].join('\n'),
    );
  });

  it('shows only the last operations of a long order', () => {
    const explanation = explainViolation(casRegister, stale);
    const text = describeViolation(casRegister, explanation, { unit: 'line', lastOperations: 1 });
    assert.match(text, /to 2: \(1 operations, then\)\n {4}client 0 write 2 -> ok \(lines 2 to 3\)/);
  });

  it('says when the budget ended before the first was found', () => {
    const explanation = explainViolation(casRegister, stale, { budget: new StepBudget(0) });
    assert.equal(explanation.isFirst, false);
    assert.match(describeViolation(casRegister, explanation), /or one before it cannot be expl/);
  });

  it('names the end of the shortest beginning without linearization', () => {
    const isShortest = (seed: number): void => {
      const prng = new Prng(seed);
      const load = drawLoad(prng, 4, prng.between(3, 7));
      const history = spoilRegister(prng, registerHistory(prng, load), load, 0.5);
      if (isLinearizableByBruteForce(casRegister, history)) return;
      const { operation, isFirst, orders } = explainViolation(casRegister, history);
      assert.equal(isFirst, true);
      assert.ok(history.includes(operation));
      const { returnAt } = operation;
      assert.equal(isLinearizableByBruteForce(casRegister, until(history, returnAt)), false);
      assert.equal(isLinearizableByBruteForce(casRegister, until(history, returnAt - 1)), true);
      const ends = orders.map(({ end }) => end);
      assert.equal(new Set(ends).size, ends.length);
    };
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 31 }), isShortest), { numRuns: 500 });
  });
});

function until(history: readonly RegisterOperation[], position: number): RegisterOperation[] {
  return history
    .filter(({ callAt }) => callAt <= position)
    .map((operation) =>
      operation.kind === 'completed' && operation.returnAt > position
        ? { ...operation, kind: 'open' }
        : operation,
    );
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { drawPlan, type Plan, shrink, type Trial } from '../../src/index.ts';

/** Fails when the strikes at both times are there, and enough clients. */
function failingWith(times: readonly number[], clients: number): (plan: Plan) => Trial {
  return (plan) => {
    const isThere = times.every((time) => plan.strikes.some(({ atMs }) => atMs === time));
    const fails = isThere && plan.clients >= clients;
    return {
      failure: fails ? 'the bug' : plan.strikes.length === 1 ? 'another bug' : null,
      virtualMs: fails ? Math.max(...times) + 1 : plan.faultyMs,
      struck: plan.strikes.map(() => true),
    };
  };
}

const never = { isOver: () => false, progress: () => undefined };

describe('shrinking', () => {
  it('keeps the strikes that it takes, and nothing else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.nat(), fc.nat(), (seed, a, b) => {
        const plan = { ...drawPlan(seed, 3), clients: 8 };
        const { length } = plan.strikes;
        fc.pre(length > 1);
        const times = [a, b].map((pick) => plan.strikes[pick % length]?.atMs ?? 0);
        const run = failingWith(times, 2);
        const shrunk = shrink(plan, run(plan), { ...never, run }).plan;
        const expected = [...new Set(times)].sort((x, y) => x - y);
        assert.deepEqual(
          shrunk.strikes.map(({ atMs }) => atMs),
          expected,
        );
        assert.equal(shrunk.clients, 2);
        assert.equal(shrunk.idleGroups, 0);
        assert.deepEqual(shrunk.tuning, {});
        assert.ok(shrunk.faultyMs <= plan.faultyMs);
      }),
      { numRuns: 50 },
    );
  });

  it('ends when time is up, with what it has', () => {
    const plan = drawPlan(3, 3);
    const run = failingWith([], 0);
    let trials = 0;
    const isOver = (): boolean => trials > 2;
    const counted = (tried: Plan): Trial => {
      trials += 1;
      return run(tried);
    };
    const shrunk = shrink(plan, run(plan), { ...never, isOver, run: counted });
    assert.equal(shrunk.trials, 3);
    assert.ok(shrunk.plan.strikes.length <= plan.strikes.length);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { usualTuning } from '@quorate/sim';
import fc from 'fast-check';
import { drawPlan, parsePlan, planText } from '../../src/index.ts';

const small =
  'seed=1;nodes=3;idleGroups=0;clients=1;keys=1;valueBytes=16;thinkMs=8;diskMs=1;quiesceMs=0;' +
  'clockDrift=0.05;leases=1;faultyMs=900;segmentBytes=4096;strikes=kill@10~a,pause@20~zz';

describe('a plan as text', () => {
  it('says everything: what is read is what was written', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 40 }),
        fc.integer({ min: 1, max: 9 }),
        (seed, n) => {
          const plan = drawPlan(seed, n);
          const read = parsePlan(planText(plan));
          assert.deepEqual(
            { ...read, tuning: { ...usualTuning, ...read.tuning } },
            { ...plan, tuning: { ...usualTuning, ...plan.tuning } },
          );
          assert.equal(planText(read), planText(plan));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('is short for a small plan', () => {
    const plan = parsePlan(small);
    assert.equal(planText(plan), small);
    assert.deepEqual(plan.strikes, [
      { atMs: 10, nemesis: 'kill', seed: 10 },
      { atMs: 20, nemesis: 'pause', seed: 35 * 36 + 35 },
    ]);
  });

  it('says what the group offers where that is not nothing', () => {
    const offers =
      'sessionTtlMs=400;zones=2;leaseClients=3;priorities=1;lastPart=witness;mends=1;faultyMs=900';
    const text = small.replace('faultyMs=900', offers);
    const plan = parsePlan(text);
    assert.equal(planText(plan), text);
    assert.deepEqual(
      [plan.sessionTtlMs, plan.zones, plan.leaseClients, plan.priorities, plan.lastPart],
      [400, 2, 3, true, 'witness'],
    );
  });

  for (const [what, from, to, message] of [
    ['an unknown part of the last node', 'keys=1', 'keys=1;lastPart=king', /lastPart is one of/],
    ['a value out of range', 'nodes=3', 'nodes=0', /nodes takes a whole number from 1 to 9/],
    ['a value that is no number', 'keys=1', 'keys=x', /keys takes a whole number/],
    ['a missing part', ';leases=1', '', /has no leases/],
    ['a part twice', 'keys=1', 'keys=1;keys=1', /has keys once/],
    ['an unknown part', 'keys=1', 'keys=1;color=2', /no color/],
    ['a part without a value', 'keys=1', 'keys', /NAME=VALUE/],
    ['an unknown nemesis', 'kill@10~a', 'flood@10~a', /no nemesis flood/],
    ['a strike without a seed', 'kill@10~a', 'kill@10', /NEMESIS@MS~SEED/],
    ['a seed that is too large', 'kill@10~a', 'kill@10~zzzzzzzzzz', /too large/],
    ['a drift that is too large', 'clockDrift=0.05', 'clockDrift=0.9', /from 0 to 0.5/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parsePlan(small.replace(from, to)), message);
    });
  }

  it('never throws anything but an Error with a message, whatever it reads', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(small.length), (noise, at) => {
        try {
          parsePlan(small.slice(0, at) + noise + small.slice(at));
        } catch (error) {
          assert.ok(error instanceof Error && error.message !== '');
        }
      }),
    );
  });
});

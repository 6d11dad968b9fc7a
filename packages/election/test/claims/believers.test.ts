import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BelieverWorld, type Protocol } from './believers.ts';
import { contradiction } from './slashing-oracle.ts';

const anySteps = fc.array(fc.nat(16 * 16 * 7 - 1), { minLength: 20, maxLength: 120, size: 'max' });

function released(protocol: Protocol, steps: readonly number[]): BelieverWorld['released'] {
  const world = new BelieverWorld(protocol);
  for (const step of steps) world.step(step);
  world.settle();
  return world.released;
}

const neverTwice = (protocol: Protocol) =>
  fc.property(anySteps, (steps) => contradiction(released(protocol, steps)) === null);

describe('two that both believe they lead', () => {
  it('never sign two things that contradict each other', () => {
    fc.assert(neverTwice('claims'), { numRuns: 3000 });
  });

  it('do sign: claims that are refused always would be safe, too', () => {
    const [steps] = fc.sample(anySteps, { numRuns: 1, seed: 7 });
    assert.ok(steps !== undefined && released('claims', steps).length > 0);
  });

  for (const wrong of ['checkThenSet', 'tellAfterwards'] as const) {
    it(`sign twice by ${wrong}, so the check can fail`, () => {
      assert.ok(fc.check(neverTwice(wrong), { numRuns: 3000 }).failed);
    });
  }
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { PlacedRun } from '../src/placed-run.ts';
import type { Proposal } from '../src/proposal.ts';

const until = (deadlineMs: number): Proposal => {
  return { command: new Uint8Array(0), deadlineMs, durability: undefined, done: () => undefined };
};

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('extend' as const), count: fc.integer({ min: 0, max: 900 }) }),
    fc.record({ kind: fc.constant('take' as const), count: fc.integer({ min: 0, max: 1500 }) }),
    fc.record({ kind: fc.constant('expire' as const), count: fc.integer({ min: 0, max: 20 }) }),
  ),
  { maxLength: 30 },
);

it('a run of placed proposals hands each out once, at its index', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 10 }), (drawn, count) => {
      const model = new Map<number, Proposal>();
      let end = 5;
      const more = (size: number): Proposal[] =>
        Array.from({ length: size }, () => {
          const proposal = until(end % 50);
          model.set(end++, proposal);
          return proposal;
        });
      const run = new PlacedRun(more(count), 5, 3);
      let taken = 5;
      for (const { kind, count: size } of drawn) {
        if (kind === 'extend') {
          const from = end;
          assert.equal(run.extend(more(size), from, 3), true);
          assert.equal(run.extend([until(1)], end + 1, 3), false);
          assert.equal(run.extend([until(1)], end, 4), false);
        } else if (kind === 'take') {
          taken = Math.min(end, taken + size);
          run.takeUpTo(taken - 1, (proposal, index, term) => {
            assert.equal(term, 3);
            assert.equal(model.get(index), proposal);
            model.delete(index);
          });
          assert.equal([...model.keys()].filter((index) => index < taken).length, 0);
        } else {
          const late = new Set<Proposal>();
          run.expire(size, (proposal) => late.add(proposal));
          for (const [index, proposal] of model) {
            assert.equal(late.has(proposal), proposal.deadlineMs <= size);
            if (late.has(proposal)) model.delete(index);
          }
        }
        assert.equal(run.isEmpty, model.size === 0);
      }
    }),
    { numRuns: 300 },
  );
});

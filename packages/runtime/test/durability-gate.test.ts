import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DurabilityGate } from '../src/durability-gate.ts';

const everywhere = { depth: 1, domains: 3 };

/** A gate with two waits, the first of which ends at 1000 ms; both have been asked for. */
function askedTwice(): { gate: DurabilityGate; answers: (string | null)[]; forgotten: number[] } {
  const answers: (string | null)[] = [];
  const forgotten: number[] = [];
  const gate = new DurabilityGate(10, (context) => forgotten.push(context));
  for (const deadlineMs of [1000, 5000])
    gate.hold(7, everywhere, deadlineMs, (error) => answers.push(error?.code ?? null));
  gate.askAll(() => true, 0);
  return { gate, answers, forgotten };
}

describe('a wait for durability that is given up', () => {
  it('after its time is forgotten by the core as well', () => {
    const { gate, answers, forgotten } = askedTwice();
    gate.expire(1000, 500);
    assert.deepEqual(answers, ['RUNTIME_DURABILITY_UNMET']);
    assert.deepEqual(forgotten, [10]);
  });

  it('because the node closes is forgotten by the core as well', () => {
    const { gate, answers, forgotten } = askedTwice();
    gate.failAll();
    assert.equal(answers.length, 2);
    assert.deepEqual(forgotten, [10, 11]);
    assert.equal(gate.count, 0);
  });

  it('is not what an answered one is: the core has forgotten that by itself', () => {
    const { gate, answers, forgotten } = askedTwice();
    gate.answered(10, true);
    gate.expire(1000, 500);
    assert.deepEqual(answers, [null]);
    assert.deepEqual(forgotten, []);
  });
});

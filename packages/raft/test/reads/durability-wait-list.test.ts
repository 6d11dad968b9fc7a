import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DurabilityWait, DurabilityWaitList } from '../../src/reads/durability-wait-list.ts';

function wait(from: number, context: number, index = 1): DurabilityWait {
  return { from, context, index, durability: { depth: 1, domains: 2 } };
}

/** Answers every wait for an index up to `upTo`, with yes; says who was told what. */
function answered(list: DurabilityWaitList, upTo: number): string[] {
  const told: string[] = [];
  list.answer(
    ({ index }) => (index <= upTo ? true : null),
    ({ from, context }, reached) => told.push(`${from}/${context}: ${reached}`),
  );
  return told;
}

describe('the waits for durability', () => {
  it('are answered once, when they are decided', () => {
    const list = new DurabilityWaitList();
    list.add(wait(1, 1, 5));
    list.add(wait(1, 2, 6));
    list.add(wait(2, 1, 5));
    assert.deepEqual(answered(list, 4), []);
    assert.deepEqual(answered(list, 5), ['1/1: true', '2/1: true']);
    assert.deepEqual(answered(list, 5), []);
    assert.equal(list.isEmpty, false);
    assert.deepEqual(answered(list, 6), ['1/2: true']);
    assert.equal(list.isEmpty, true);
  });

  it('may be decided in the negative', () => {
    const list = new DurabilityWaitList();
    list.add(wait(3, 9));
    const told: boolean[] = [];
    list.answer(
      () => false,
      (_, reached) => told.push(reached),
    );
    assert.deepEqual(told, [false]);
    assert.equal(list.isEmpty, true);
  });

  it('are one when the same context is asked again', () => {
    const list = new DurabilityWaitList();
    list.add(wait(1, 1, 5));
    list.add(wait(1, 1, 7));
    assert.deepEqual(answered(list, 5), []);
    assert.deepEqual(answered(list, 7), ['1/1: true']);
  });

  it('are known and dropped by who asked', () => {
    const list = new DurabilityWaitList();
    list.add(wait(1, 1));
    list.add(wait(1, 2));
    list.add(wait(2, 3));
    assert.deepEqual(list.contextsOf(1), [1, 2]);
    assert.deepEqual(list.contextsOf(7), []);
    list.drop(1);
    assert.deepEqual(list.contextsOf(1), []);
    assert.deepEqual(answered(list, 9), ['2/3: true']);
  });
});

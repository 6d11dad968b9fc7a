import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DurabilityWait, DurabilityWaitList } from '../../src/reads/durability-wait-list.ts';

function wait(from: number, context: number, index = 1): DurabilityWait {
  return { from, context, index, durability: { depth: 1, domains: 2 }, askedMs: 10 * context };
}

/** Answers every wait for an index up to `upTo`, with yes; says who was told what. */
function answered(list: DurabilityWaitList, upTo: number): string[] {
  const told: string[] = [];
  list.answer(
    () => upTo,
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
      () => null,
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

  it('are not looked at while their class stands still', () => {
    const list = new DurabilityWaitList();
    list.add(wait(1, 1, 5));
    assert.deepEqual(answered(list, 4), []);
    list.add(wait(1, 2, 4));
    assert.deepEqual(answered(list, 4), ['1/2: true'], 'a new one is');
    const other: DurabilityWait = { ...wait(1, 3, 2), durability: { depth: 2, domains: 2 } };
    list.add(other);
    const told: number[] = [];
    list.answer(
      ({ depth }) => (depth === 2 ? 1 : 5),
      ({ context }) => told.push(context),
    );
    assert.deepEqual(told, [1], 'each class by itself');
  });

  it('end when nobody waits any more', () => {
    const list = new DurabilityWaitList();
    list.add(wait(1, 1));
    list.add(wait(2, 1));
    list.add(wait(2, 2));
    list.forget(1, 1);
    list.forget(1, 7);
    assert.deepEqual(list.contextsOf(1), []);
    list.expire(1, 20);
    assert.deepEqual(list.contextsOf(2), [2], 'asked for again in time');
    list.add(wait(1, 1));
    list.expire(1, 1000);
    assert.deepEqual([list.contextsOf(1), list.contextsOf(2)], [[1], []], 'own ones are told');
    list.forget(1, 1);
    assert.equal(list.isEmpty, true);
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

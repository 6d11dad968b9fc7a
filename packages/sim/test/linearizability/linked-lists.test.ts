import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@quorate/base';
import { LinkedLists } from '../../src/linearizability/linked-lists.ts';

function contents(lists: LinkedLists, list: number): number[] {
  const items: number[] = [];
  for (let item = lists.first(list); item !== -1; item = lists.after(item)) items.push(item);
  return items;
}

describe('linked lists', () => {
  it('give back what was taken, where it was', () => {
    const prng = new Prng(1);
    for (let round = 0; round < 100; round++) {
      const order = prng.shuffle([0, 1, 2, 3, 4, 5, 6, 7]);
      const lists = new LinkedLists(10, [order.slice(0, 5), [], order.slice(5)]);
      const taken = prng.shuffle(order).slice(0, prng.below(9));
      for (const item of taken) lists.take(item);
      const left = order.slice(0, 5).filter((item) => !taken.includes(item));
      assert.deepEqual(contents(lists, 0), left);
      for (const item of taken.reverse()) lists.putBack(item);
      assert.deepEqual(contents(lists, 0), order.slice(0, 5));
      assert.deepEqual(contents(lists, 1), []);
      assert.deepEqual(contents(lists, 2), order.slice(5));
    }
  });

  it('are not touched by an item that is in none', () => {
    const lists = new LinkedLists(4, [[2, 0]]);
    lists.take(1);
    lists.putBack(1);
    assert.deepEqual(contents(lists, 0), [2, 0]);
  });
});

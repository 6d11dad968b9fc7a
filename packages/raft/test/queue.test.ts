import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Queue } from '../src/queue.ts';

describe('a queue', () => {
  it('is empty at first', () => {
    const queue = new Queue<object>();
    assert.equal(queue.length, 0);
    assert.equal(queue.first, null);
    assert.equal(queue.shift(), null);
    assert.deepEqual([...queue], []);
  });

  it('gives back what was pushed, in that order, however it has wrapped and grown', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 100 }), (pushes) => {
        const queue = new Queue<{ readonly at: number }>();
        const expected: { readonly at: number }[] = [];
        pushes.forEach((isPush, at) => {
          if (isPush) {
            queue.push({ at });
            expected.push({ at });
          } else {
            assert.deepEqual(queue.shift(), expected.shift() ?? null);
          }
          assert.equal(queue.length, expected.length);
          assert.deepEqual(queue.first, expected[0] ?? null);
          assert.deepEqual([...queue], expected);
        });
      }),
    );
  });
});

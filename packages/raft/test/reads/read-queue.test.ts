import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReadQueue } from '../../src/reads/read-queue.ts';

const contexts = (batches: readonly { readonly reads: readonly { context: number }[] }[]) =>
  batches.map((batch) => batch.reads.map(({ context }) => context));

describe('reads that wait for a round', () => {
  it('join the next round together, at the commit index of its beginning', () => {
    const queue = new ReadQueue();
    queue.add({ from: 1, context: 1 });
    queue.add({ from: 2, context: 1 });
    assert.equal(queue.waiting, true);
    queue.startRound(5, 30);
    assert.equal(queue.waiting, false);
    const [batch] = queue.confirmed(5);
    assert.equal(batch?.index, 30);
    assert.equal(batch?.reads.length, 2);
  });

  it('are confirmed by their round or a later one, once', () => {
    const queue = new ReadQueue();
    for (const round of [1, 2, 3]) {
      queue.add({ from: 1, context: round });
      queue.startRound(round, 10 + round);
    }
    assert.deepEqual(contexts(queue.confirmed(0)), []);
    assert.deepEqual(contexts(queue.confirmed(2)), [[1], [2]]);
    assert.deepEqual(contexts(queue.confirmed(2)), []);
    assert.deepEqual(contexts(queue.confirmed(9)), [[3]]);
  });

  it('are not confirmed by a round that began before they came (bug 34)', () => {
    const queue = new ReadQueue();
    queue.add({ from: 1, context: 1 });
    queue.startRound(4, 10);
    queue.add({ from: 1, context: 2 });
    assert.deepEqual(contexts(queue.confirmed(4)), [[1]]);
    assert.equal(queue.waiting, true);
  });

  it('keep the queue from being empty until they are confirmed', () => {
    const queue = new ReadQueue();
    assert.equal(queue.isEmpty, true);
    queue.add({ from: 1, context: 1 });
    assert.equal(queue.isEmpty, false);
    queue.startRound(1, 10);
    assert.equal(queue.isEmpty, false, 'the round is not answered');
    queue.confirmed(1);
    assert.equal(queue.isEmpty, true);
  });

  it('are all given back when the lead is lost', () => {
    const queue = new ReadQueue();
    queue.add({ from: 1, context: 1 });
    queue.startRound(1, 10);
    queue.add({ from: 1, context: 2 });
    assert.deepEqual(
      queue.drain().map(({ context }) => context),
      [1, 2],
    );
    assert.equal(queue.waiting, false);
    assert.deepEqual(queue.drain(), []);
    assert.deepEqual(queue.confirmed(99), []);
  });
});

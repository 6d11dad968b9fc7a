import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Outbox } from '../src/outbox.ts';

const vote = (to: number) =>
  ({ type: 'RequestVoteResponse', from: 7, to, term: 1, granted: true }) as const;
const timeoutNow = (to: number) =>
  ({ type: 'TimeoutNow', from: 7, to, term: 1, round: 1, life: 1 }) as const;

describe('the outbox', () => {
  it('gives what may leave at once, once', () => {
    const outbox = new Outbox(7);
    outbox.send(timeoutNow(2));
    assert.deepEqual(outbox.take(), [timeoutNow(2)]);
    assert.deepEqual(outbox.take(), []);
  });

  it('holds a promise until the write it rests on is durable (bugs 2, 3, 4)', () => {
    const outbox = new Outbox(7);
    outbox.hold(vote(2), 4);
    outbox.hold(vote(3), 5);
    outbox.release(3);
    assert.deepEqual(outbox.take(), []);
    outbox.release(4);
    assert.deepEqual(
      outbox.take().map(({ to }) => to),
      [2],
    );
    outbox.release(9);
    assert.deepEqual(
      outbox.take().map(({ to }) => to),
      [3],
    );
  });

  it("gives back this node's own vote instead of sending it", () => {
    const outbox = new Outbox(7);
    outbox.hold(vote(7), 1);
    outbox.hold(vote(2), 1);
    assert.deepEqual(
      outbox.release(1).map(({ to }) => to),
      [7],
    );
    assert.deepEqual(
      outbox.take().map(({ to }) => to),
      [2],
    );
  });

  it('drops promises of a term that is over, and nothing else', () => {
    const outbox = new Outbox(7);
    outbox.send(timeoutNow(2));
    outbox.hold(vote(3), 1);
    outbox.dropHeld();
    assert.deepEqual(outbox.release(1), []);
    assert.deepEqual(
      outbox.take().map(({ type }) => type),
      ['TimeoutNow'],
    );
  });
});

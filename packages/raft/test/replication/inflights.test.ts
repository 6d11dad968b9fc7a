import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Inflights } from '../../src/replication/inflights.ts';

describe('unanswered messages', () => {
  it('are full by count', () => {
    const inflights = new Inflights(2, 1000);
    inflights.add(1, 10);
    assert.equal(inflights.full, false);
    inflights.add(2, 10);
    assert.equal(inflights.full, true);
  });

  it('are full by bytes, and one message is let through however large', () => {
    const inflights = new Inflights(10, 100);
    assert.equal(inflights.full, false);
    inflights.add(1, 5000);
    assert.equal(inflights.full, true);
  });

  it('are all answered by an answer for a later one', () => {
    const inflights = new Inflights(3, 100);
    for (const index of [5, 10, 15]) inflights.add(index, 30);
    inflights.acknowledged(12);
    assert.equal(inflights.count, 1);
    assert.equal(inflights.full, false);
    inflights.acknowledged(15);
    assert.equal(inflights.count, 0);
  });

  it('are not answered by part of a message', () => {
    const inflights = new Inflights(1, 100);
    inflights.add(10, 30);
    inflights.acknowledged(9);
    assert.equal(inflights.full, true);
  });

  it('give their bytes back', () => {
    const inflights = new Inflights(10, 100);
    inflights.add(1, 60);
    inflights.add(2, 60);
    assert.equal(inflights.full, true);
    inflights.acknowledged(1);
    assert.equal(inflights.full, false);
    inflights.clear();
    inflights.add(3, 99);
    assert.equal(inflights.full, false);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Durability } from '../../src/log/durability.ts';
import { snapshotOf } from '../support/messages.ts';

describe('what is durable', () => {
  it('grows with each completion, not with each submission', () => {
    const durability = new Durability(4);
    const first = durability.submitted(6, null, 100);
    const second = durability.submitted(9, null, 200);
    assert.equal(durability.durableIndex, 4);
    assert.equal(durability.oldestPendingMs, 100);
    durability.persisted(first);
    assert.equal(durability.durableIndex, 6);
    assert.equal(durability.durableId, first);
    assert.equal(durability.oldestPendingMs, 200);
    durability.persisted(second);
    assert.equal(durability.durableIndex, 9);
    assert.equal(durability.oldestPendingMs, null);
  });

  it('does not change with a write that has no entries', () => {
    const durability = new Durability(4);
    durability.persisted(durability.submitted(null, null, 0));
    assert.equal(durability.durableIndex, 4);
  });

  it('knows the id of the next write before there is one', () => {
    const durability = new Durability(0);
    const { nextId } = durability;
    assert.equal(durability.submitted(null, null, 0), nextId);
    assert.equal(durability.nextId, nextId + 1);
  });

  it('completes in order', () => {
    const durability = new Durability(0);
    durability.submitted(1, null, 0);
    const second = durability.submitted(2, null, 0);
    assert.throws(() => durability.persisted(second), /in the order/);
    assert.throws(() => new Durability(0).persisted(1), /under way/);
  });
});

describe('after a truncation', () => {
  it('less is durable', () => {
    const durability = new Durability(9);
    durability.truncatedAfter(6);
    assert.equal(durability.durableIndex, 6);
  });

  it('a completion counts for what is left of its entries only (bug 6)', () => {
    const durability = new Durability(0);
    const first = durability.submitted(5, null, 0);
    durability.truncatedAfter(2);
    const second = durability.submitted(7, null, 0);
    durability.persisted(first);
    assert.equal(durability.durableIndex, 2, 'entries 3 to 5 are others now');
    durability.persisted(second);
    assert.equal(durability.durableIndex, 7);
  });

  it('a second, higher one does not bring back what the first took', () => {
    const durability = new Durability(0);
    const first = durability.submitted(5, null, 0);
    durability.truncatedAfter(2);
    durability.truncatedAfter(4);
    durability.persisted(first);
    assert.equal(durability.durableIndex, 2);
  });
});

describe('a log replaced by a snapshot', () => {
  it('is durable as far as the snapshot once the write that names it is', () => {
    const durability = new Durability(3);
    const before = durability.submitted(8, null, 0);
    durability.replaced();
    const snapshot = snapshotOf(20, 2, [1]);
    const install = durability.submitted(null, snapshot, 0);
    assert.equal(durability.persisted(before), null);
    assert.equal(durability.durableIndex, 3, 'what the old write made durable is void');
    assert.equal(durability.persisted(install), snapshot);
    assert.equal(durability.durableIndex, 20);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cluster } from '../support/cluster.ts';

describe('a leader that wakes', () => {
  it('rule 11: has no lease by an answer to a round from before it slept', () => {
    const cluster = new Cluster(3, { maxClockDrift: 0 });
    const leader = cluster.lead(1);
    cluster.pass(300);
    // One more round, whose answers are slow.
    cluster.nowMs += 100;
    leader.tick(cluster.nowMs);
    cluster.turn(1);
    cluster.deliver();
    for (const id of [2, 3]) cluster.turn(id);
    const slow = cluster.network;
    cluster.network = [];
    assert.equal(slow.length, 2);
    const contacts = { heardMs: () => cluster.nowMs, supportedAtMs: () => cluster.nowMs };
    assert.equal(leader.sleep(contacts, cluster.nowMs), true);
    // Meanwhile only the nodes answer for themselves: their replicas may have gone over to another.
    cluster.nowMs += 5000;
    leader.wake(cluster.nowMs);
    for (const message of slow) leader.step(message, cluster.nowMs);
    assert.equal(leader.leaseReadIndex(cluster.nowMs), null);
  });
});

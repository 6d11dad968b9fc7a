import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { majorityConfiguration } from '@quorate/schema';
import { bootstrapState } from '../../src/index.ts';
import { Cluster, electionTimeoutMs } from '../support/cluster.ts';

describe('a node that came back without its data', () => {
  it('bug 20: is not elected by those who know that it is another', () => {
    const cluster = new Cluster(3);
    for (const id of [1, 2, 3]) {
      for (const peer of [1, 2, 3]) cluster.raft(id).peerIncarnation(peer, 10 + peer, 0);
    }
    // Nothing reaches node 3, while 1 and 2 acknowledge a write.
    cluster.settle();
    cluster.cut.add('1>3');
    cluster.lead(1);
    cluster.propose(1, 'acknowledged');
    cluster.settle();
    assert.deepEqual(cluster.appliedTexts(1), ['acknowledged']);
    assert.equal(cluster.raft(3).lastIndex, 0);
    // Node 2 loses its disk, and begins as it did at the very first.
    cluster.partition([1], [2, 3]);
    cluster.start(2, bootstrapState(majorityConfiguration([1, 2, 3])), { incarnation: 99 });
    cluster.raft(3).peerIncarnation(2, 99, cluster.nowMs);
    cluster.raft(2).peerIncarnation(3, 13, cluster.nowMs);
    cluster.settle();
    cluster.nowMs += 2 * electionTimeoutMs;
    cluster.raft(2).tick(cluster.nowMs);
    cluster.settle();
    assert.notEqual(cluster.raft(2).role, 'leader', 'what was acknowledged would be lost');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Raft } from '../../src/index.ts';
import { Cluster, electionTimeoutMs } from '../support/cluster.ts';

function elected(): { cluster: Cluster; leader: Raft; target: number; third: number } {
  const cluster = new Cluster(3);
  const leader = cluster.elect();
  const [target = 0, third = 0] = [1, 2, 3].filter((id) => id !== leader.nodeId);
  return { cluster, leader, target, third };
}

/** Of a TimeoutNow that was sent and then lost. */
function timeoutNowTo(
  cluster: Cluster,
  leader: Raft,
  to: number,
): { readonly round: number; readonly life: number } {
  leader.transferLeadership(to, cluster.nowMs);
  cluster.turn(leader.nodeId);
  const message = cluster.network.find(({ type }) => type === 'TimeoutNow');
  cluster.network = cluster.network.filter(({ type }) => type !== 'TimeoutNow');
  assert.ok(message?.type === 'TimeoutNow');
  return { round: message.round, life: message.life };
}

describe('a transfer', () => {
  it('is refused to oneself, to a stranger, and while another is under way', () => {
    const { cluster, leader, target, third } = elected();
    assert.equal(leader.transferLeadership(leader.nodeId, cluster.nowMs), 'unfit');
    assert.equal(leader.transferLeadership(99, cluster.nowMs), 'unfit');
    assert.equal(leader.transferLeadership(target, cluster.nowMs), null);
    assert.equal(leader.transferLeadership(third, cluster.nowMs), 'transferring');
  });

  it('is refused by who does not lead', () => {
    const { cluster, target, third } = elected();
    assert.equal(cluster.raft(target).transferLeadership(third, cluster.nowMs), 'notLeader');
  });

  it('waits until the target has everything (bug 38)', () => {
    const { cluster, leader, target } = elected();
    cluster.get(target).autoPersist = false;
    cluster.propose(leader.nodeId, 'a');
    cluster.turn(leader.nodeId);
    leader.transferLeadership(target, cluster.nowMs);
    cluster.settle();
    const sent = (): boolean => cluster.sent.some(({ type }) => type === 'TimeoutNow');
    assert.equal(sent(), false);
    cluster.get(target).autoPersist = true;
    cluster.settle();
    assert.equal(sent(), true);
    assert.equal(cluster.raft(target).role, 'leader');
    assert.deepEqual(cluster.appliedTexts(target), ['a']);
  });

  it('asks once, and proposals are taken again when nothing comes of it', () => {
    const { cluster, leader, target } = elected();
    leader.transferLeadership(target, cluster.nowMs);
    for (let i = 0; i < 5; i++) cluster.turn(leader.nodeId);
    const asked = cluster.network.filter(({ type }) => type === 'TimeoutNow');
    assert.equal(asked.length, 1);
    cluster.network = cluster.network.filter(({ type }) => type !== 'TimeoutNow');
    cluster.pass(electionTimeoutMs / 2);
    assert.equal(cluster.propose(leader.nodeId, 'x').outcome, 'overloaded');
    cluster.pass(electionTimeoutMs);
    assert.equal(leader.role, 'leader');
    assert.equal(cluster.propose(leader.nodeId, 'x').outcome, 'appended');
  });

  it('that comes late, in another term, is ignored', () => {
    const { cluster, leader, target, third } = elected();
    const sent = timeoutNowTo(cluster, leader, target);
    const { nodeId: from, currentTerm: term } = leader;
    cluster.partition([from], [target, third]);
    cluster.pass(4 * electionTimeoutMs);
    const before = cluster.raft(target).currentTerm;
    assert.ok(before > term);
    cluster
      .raft(target)
      .step({ type: 'TimeoutNow', from, to: target, term, ...sent }, cluster.nowMs);
    assert.equal(cluster.raft(target).currentTerm, before);
  });

  it('is believed from the leader alone', () => {
    const { cluster, leader, target, third } = elected();
    const sent = timeoutNowTo(cluster, leader, target);
    const { currentTerm: term } = leader;
    const message = { type: 'TimeoutNow', from: third, to: target, term, ...sent } as const;
    cluster.raft(target).step(message, cluster.nowMs);
    assert.equal(cluster.raft(target).role, 'follower');
  });

  it('leaves reads that were asked for before it answered or failed', () => {
    const { cluster, leader, target } = elected();
    leader.readIndex(1, cluster.nowMs);
    leader.transferLeadership(target, cluster.nowMs);
    cluster.settle();
    const { reads, failedReads } = cluster.get(leader.nodeId);
    assert.equal(reads.length + failedReads.length, 1);
  });
});

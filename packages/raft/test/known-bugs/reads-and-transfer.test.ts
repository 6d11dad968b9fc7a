import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Raft } from '../../src/index.ts';
import { Cluster, electionTimeoutMs } from '../support/cluster.ts';

/** Node 1 leads and holds a lease. */
function leased(): { cluster: Cluster; leader: Raft } {
  const cluster = new Cluster(3, { maxClockDrift: 0 });
  const leader = cluster.lead(1);
  cluster.propose(1, 'a');
  cluster.pass(300);
  assert.ok(leader.leaseReadIndex(cluster.nowMs) !== null);
  return { cluster, leader };
}

describe('known bugs: reads and transfer', () => {
  it('bug 33: a read waits for the first commit of the term', () => {
    const cluster = new Cluster(3);
    cluster.lead(1);
    // What node 1 acknowledged, node 2 does not know to be committed.
    cluster.propose(1, 'acknowledged');
    cluster.turn(1);
    cluster.deliver();
    for (const id of [2, 3, 2, 3]) cluster.turn(id);
    cluster.deliver();
    cluster.turn(1);
    cluster.network = [];
    assert.deepEqual(cluster.appliedTexts(1), ['acknowledged']);
    const acknowledgedAt = cluster.raft(1).commitIndex;
    cluster.partition([1], [2, 3]);
    const next = cluster.raft(2);
    assert.ok(next.commitIndex < acknowledgedAt);
    cluster.nowMs += 2 * electionTimeoutMs;
    next.tick(cluster.nowMs);
    const settle = (withAcknowledgements: boolean): void => {
      for (let exchange = 0; exchange < 10; exchange++) {
        for (const id of [2, 3]) cluster.turn(id);
        cluster.deliver(({ type }) => withAcknowledgements || type !== 'AppendEntriesResponse');
      }
    };
    settle(false);
    assert.equal(next.role, 'leader');
    next.readIndex(1, cluster.nowMs);
    settle(false);
    assert.deepEqual(cluster.get(2).reads, [], 'every heartbeat is answered, and yet');
    cluster.pass(200);
    const [read] = cluster.get(2).reads;
    assert.ok(read !== undefined && read.index >= acknowledgedAt);
  });

  it('bug 34: an answer to an earlier heartbeat confirms no later read', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.nowMs += 100;
    leader.tick(cluster.nowMs);
    cluster.turn(1);
    cluster.deliver();
    for (const id of [2, 3]) cluster.turn(id);
    const delayed = cluster.network;
    assert.equal(delayed.length, 2);
    cluster.network = [];
    leader.readIndex(1, cluster.nowMs);
    leader.readIndex(1, cluster.nowMs);
    cluster.turn(1);
    cluster.network = [];
    for (const message of delayed) leader.step(message, cluster.nowMs);
    cluster.turn(1);
    assert.deepEqual(cluster.get(1).reads, []);
  });

  it('bug 35: no lease once TimeoutNow has left', () => {
    const { cluster, leader } = leased();
    leader.transferLeadership(2, cluster.nowMs);
    cluster.turn(1);
    assert.ok(cluster.sent.some(({ type }) => type === 'TimeoutNow'));
    assert.equal(leader.leaseReadIndex(cluster.nowMs), null);
  });

  it('bug 36: the lease is looked at with the time at which the read is served', () => {
    const { cluster, leader } = leased();
    const until = leader.leaseUntilMs;
    assert.ok(leader.leaseReadIndex(until - 1) !== null);
    // The process was stopped, and has had no tick yet.
    assert.equal(leader.leaseReadIndex(until), null);
    assert.equal(leader.leaseReadIndex(until - 1), null, 'time does not go back');
    assert.equal(cluster.raft(1).role, 'leader');
  });

  it('bug 37: after the restart of the only node a read sees all that was acknowledged', () => {
    const cluster = new Cluster(1);
    cluster.lead(1);
    cluster.propose(1, 'a');
    cluster.propose(1, 'b');
    cluster.settle();
    assert.deepEqual(cluster.appliedTexts(1), ['a', 'b']);
    const acknowledgedAt = cluster.raft(1).commitIndex;
    // Of the commit index the disk knows what it knew before the last entries.
    const { disk } = cluster.get(1);
    cluster.get(1).disk = { ...disk, hardState: { ...disk.hardState, commitIndex: 0 } };
    const member = cluster.restart(1);
    const { raft } = member;
    cluster.nowMs += 2 * electionTimeoutMs;
    member.autoPersist = false;
    raft.tick(cluster.nowMs);
    cluster.settle();
    assert.equal(raft.readIndex(1, cluster.nowMs), false, 'nobody leads');
    member.persistNext(cluster.nowMs);
    cluster.settle();
    assert.equal(raft.role, 'leader');
    assert.equal(raft.readIndex(2, cluster.nowMs), true);
    cluster.settle();
    assert.deepEqual(member.reads, [], 'it knows what is committed once it has committed itself');
    member.autoPersist = true;
    cluster.settle();
    const served = cluster.get(1).reads.map(({ index }) => index);
    assert.ok(served.length === 1 && served.every((index) => index > acknowledgedAt));
  });

  it('bug 38: writes during a transfer are refused at once, and taken again afterwards', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.pass(200);
    cluster.partition([2], [1, 3]);
    assert.equal(leader.transferLeadership(2, cluster.nowMs), null);
    assert.equal(cluster.propose(1, 'during').outcome, 'overloaded');
    cluster.pass(electionTimeoutMs + 50);
    assert.equal(leader.role, 'leader');
    assert.equal(cluster.propose(1, 'after').outcome, 'appended');
    cluster.settle();
    assert.deepEqual(cluster.appliedTexts(3), ['after']);
  });

  it('bug 38: the lead goes to nobody who lacks something', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.pass(200);
    cluster.get(2).autoPersist = false;
    cluster.propose(1, 'a');
    cluster.settle();
    assert.equal(leader.transferLeadership(2, cluster.nowMs), null);
    cluster.settle();
    assert.ok(!cluster.sent.some(({ type }) => type === 'TimeoutNow'));
    cluster.get(2).autoPersist = true;
    cluster.settle();
    assert.equal(cluster.raft(2).role, 'leader');
    assert.deepEqual(cluster.appliedTexts(2), ['a']);
    // And not at all to one that has to be brought there by a snapshot, or is silent.
    cluster.partition([3], [1, 2]);
    cluster.pass(electionTimeoutMs + 100);
    const { raft } = cluster.get(2);
    assert.equal(raft.transferLeadership(3, cluster.nowMs), 'notCaughtUp');
  });
});

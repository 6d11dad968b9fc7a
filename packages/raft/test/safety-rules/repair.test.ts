import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cluster, electionTimeoutMs } from '../support/cluster.ts';
import { giveLog } from '../support/given-log.ts';
import { entries } from '../support/messages.ts';

describe('safety rules: repair', () => {
  it('rule 14: a repairing node gives no vote and no acknowledgement that counts', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    for (const id of [1, 2]) giveLog(cluster, id, entries(1, 6, 1));
    const member = cluster.get(3);
    member.disk = { ...member.disk, repairUntil: 6 };
    giveLog(cluster, 3, entries(1, 3, 1));
    const { raft } = cluster.get(3);
    assert.ok(raft.repairing);
    assert.equal(raft.deadlineMs, Number.POSITIVE_INFINITY);
    cluster.partition([1], [2, 3]);
    cluster.pass(5 * electionTimeoutMs, 100);
    assert.deepEqual(cluster.leaders(), [], 'node 2 would need its vote');
    cluster.heal();
    cluster.partition([2], [1, 3]);
    cluster.get(3).autoPersist = true;
    cluster.pass(2 * electionTimeoutMs, 100);
    assert.deepEqual(cluster.leaders(), []);
    cluster.heal();
    const leader = cluster.lead(1);
    cluster.pass(200);
    assert.ok(!raft.repairing, 'its log reaches what it may have acknowledged');
    cluster.partition([2], [1, 3]);
    cluster.propose(1, 'with node 3');
    cluster.settle();
    assert.equal(leader.commitIndex, leader.lastIndex);
  });

  it('rule 14: what it acknowledges on the way is not counted, nor what it had before', () => {
    const cluster = new Cluster(3, { maxMessageBytes: 33, maxInflightMessages: 1 });
    const leader = cluster.lead(1);
    cluster.settle();
    const { commitIndex } = leader;
    // Node 3 has all of it durable, node 2 none, and what node 3 answers is lost.
    cluster.partition([2], [1, 3]);
    cluster.cut.add('3>1');
    for (const text of ['a', 'b', 'c', 'd']) cluster.propose(1, text);
    for (let exchange = 0; exchange < 20; exchange++) {
      cluster.nowMs += 10;
      leader.tick(cluster.nowMs);
      for (const id of [1, 3, 3]) cluster.turn(id);
      cluster.deliver();
    }
    const member = cluster.get(3);
    const entriesSeen = leader.lastIndex;
    member.disk = {
      ...member.disk,
      entries: member.disk.entries.slice(0, 1),
      repairUntil: entriesSeen,
    };
    cluster.restart(3);
    cluster.cut.delete('3>1');
    let repaired = 0;
    for (let exchange = 0; exchange < 60; exchange++) {
      cluster.nowMs += 20;
      leader.tick(cluster.nowMs);
      for (const id of [1, 3, 3]) cluster.turn(id);
      cluster.deliver();
      if (leader.peers.find(({ id }) => id === 3)?.repairing !== true) continue;
      repaired = Math.max(repaired, cluster.raft(3).durableIndex);
      assert.equal(leader.commitIndex, commitIndex);
    }
    assert.ok(repaired > commitIndex, 'there was something on the way');
    assert.equal(leader.commitIndex, entriesSeen, 'and in the end all of it counts');
  });

  it('rule 14: what it had acknowledged before the damage is sent to it again', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    for (const text of ['a', 'b', 'c', 'd']) cluster.propose(1, text);
    cluster.settle();
    const member = cluster.get(3);
    const { durableIndex } = member.raft;
    const kept = member.disk.entries.slice(0, 2);
    member.disk = { ...member.disk, entries: kept, repairUntil: durableIndex };
    cluster.restart(3);
    leader.unreachable(3);
    cluster.pass(500);
    const { raft } = cluster.get(3);
    assert.ok(!raft.repairing);
    assert.equal(raft.lastIndex, leader.lastIndex);
    assert.deepEqual(cluster.appliedTexts(3), ['a', 'b', 'c', 'd']);
  });

  it('rule 14: an answer from before the damage does not end the repair', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.settle();
    cluster.partition([3], [1, 2]);
    const member = cluster.get(2);
    const before = member.disk;
    cluster.propose(1, 'precious');
    cluster.turn(1);
    cluster.deliver();
    cluster.turn(2);
    cluster.turn(2);
    const late = cluster.network.filter(({ from, to }) => from === 2 && to === 1);
    assert.ok(late.some(({ type }) => type === 'AppendEntriesResponse'));
    cluster.network = [];
    const { hardState } = member.disk;
    member.disk = { ...before, hardState, repairUntil: leader.lastIndex };
    cluster.restart(2);
    leader.unreachable(2);
    // It answers a probe, and has nothing of the entry yet.
    cluster.nowMs += 100;
    leader.tick(cluster.nowMs);
    cluster.turn(1);
    const probe = cluster.network.find(({ to, type }) => to === 2 && type === 'AppendEntries');
    assert.ok(probe?.type === 'AppendEntries');
    cluster.network = [];
    cluster.raft(2).step({ ...probe, entries: [] }, cluster.nowMs);
    cluster.turn(2);
    cluster.deliver(({ to }) => to === 1);
    const repairing = (): boolean => leader.peers.find(({ id }) => id === 2)?.repairing === true;
    assert.ok(repairing());
    for (const message of late) leader.step(message, cluster.nowMs);
    cluster.turn(1);
    assert.ok(repairing());
    assert.ok(leader.commitIndex < leader.lastIndex, 'the entry is on the leader alone');
    cluster.settle();
    cluster.pass(500);
    assert.equal(leader.commitIndex, leader.lastIndex);
    assert.ok(!repairing());
  });

  it('rule 14: whoever starts again while it repairs is believed once it answers a round', () => {
    const cluster = new Cluster(3, { maxMessageBytes: 33, maxInflightMessages: 1 });
    const leader = cluster.lead(1);
    for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) cluster.propose(1, text);
    cluster.settle();
    const member = cluster.get(3);
    const repairUntil = member.raft.durableIndex;
    member.disk = { ...member.disk, entries: member.disk.entries.slice(0, 2), repairUntil };
    cluster.restart(3);
    leader.unreachable(3);
    for (let exchange = 0; exchange < 3; exchange++) {
      cluster.nowMs += 50;
      leader.tick(cluster.nowMs);
      for (const id of [1, 3, 3]) cluster.turn(id);
      cluster.deliver();
    }
    assert.ok(leader.peers.some(({ id, repairing }) => id === 3 && repairing));
    cluster.restart(3);
    cluster.pass(1000);
    const progress = leader.peers.find(({ id }) => id === 3);
    assert.equal(progress?.repairing, false);
    assert.equal(progress?.matchIndex, leader.lastIndex);
    assert.ok(!cluster.raft(3).repairing);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { majorityConfiguration } from '@quorate/schema';
import { Cluster, electionTimeoutMs } from '../support/cluster.ts';

describe('known bugs: operation', () => {
  it('bug 39: a busy state machine keeps no heartbeat waiting', () => {
    const cluster = new Cluster(3, { maxApplyBytes: 64 });
    const leader = cluster.lead(1);
    for (let i = 0; i < 20; i++) cluster.propose(1, `x${i}`);
    // Node 1's driver has handed a batch to the state machine, which does not come back.
    const first = leader.takeEffects();
    for (const message of first.messages) cluster.raft(message.to).step(message, cluster.nowMs);
    if (first.write !== null) leader.persisted(first.write.id, cluster.nowMs);
    for (const id of [2, 3])
      for (const { messages } of [cluster.turn(id), cluster.turn(id)]) {
        for (const message of messages) leader.step(message, cluster.nowMs);
      }
    cluster.network = [];
    const { committed } = leader.takeEffects();
    assert.ok(committed.length > 0 && committed.length < 20, 'a little at a time');
    cluster.nowMs += 100;
    leader.tick(cluster.nowMs);
    const next = leader.takeEffects();
    assert.deepEqual(next.committed, [], 'nothing more before that is applied');
    assert.equal(next.messages.filter(({ type }) => type === 'Heartbeat').length, 2);
  });

  it('bug 41: the only voter leads, whatever its priority', () => {
    const known = { incarnation: 0, locality: '', address: '', witness: false, promote: false };
    const members = [
      { id: 1, priority: 0, ...known },
      { id: 2, priority: 9, ...known },
    ];
    const cluster = new Cluster({ ...majorityConfiguration([1], [2]), members });
    cluster.settle();
    cluster.nowMs += 2 * electionTimeoutMs;
    cluster.raft(1).tick(cluster.nowMs);
    cluster.settle();
    assert.equal(cluster.raft(1).role, 'leader', 'at its first time: a learner cannot lead');
  });

  it('bug 41: those that are not preferred lead when the preferred ones are gone', () => {
    const known = { incarnation: 0, locality: '', address: '', witness: false, promote: false };
    const members = [1, 2].map((id) => ({ id, priority: 10 - id, ...known }));
    const cluster = new Cluster({ ...majorityConfiguration([1, 2, 3, 4, 5]), members });
    cluster.partition([1, 2], [3, 4, 5]);
    cluster.pass(8 * electionTimeoutMs);
    const [leader] = cluster.leaders();
    assert.ok(leader !== undefined && leader.nodeId > 2);
  });

  it('bug 43: a leader that steps down while it sends a snapshot goes on, and sends anew', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.partition([3], [1, 2]);
    for (let i = 0; i < 5; i++) cluster.propose(1, `s${i}`);
    cluster.settle();
    leader.compact(leader.snapshotMeta(leader.appliedIndex), 0);
    cluster.settle();
    cluster.heal();
    cluster.pass(200);
    assert.equal(leader.peers.find(({ id }) => id === 3)?.state, 'snapshot');
    // Node 1 loses the lead, its stream ends, and it leads again.
    cluster.partition([1], [2, 3]);
    cluster.pass(electionTimeoutMs + 50);
    assert.notEqual(leader.role, 'leader');
    leader.snapshotSent(3);
    leader.unreachable(3);
    cluster.heal();
    for (let time = 0; time < 40 && leader.role !== 'leader'; time++) {
      const [other] = cluster.leaders();
      if (other === undefined) cluster.lead(1);
      else other.transferLeadership(1, cluster.nowMs);
      cluster.pass(100);
    }
    cluster.pass(300);
    const sent = cluster.get(1).snapshotsToSend.filter(({ to }) => to === 3).length;
    const peer = leader.peers.find(({ id }) => id === 3);
    assert.ok(sent >= 2 || peer?.matchIndex === leader.lastIndex);
  });

  it('bug 44: of two changes at once one is refused, and no group stays joint for ever', () => {
    const cluster = new Cluster(3);
    for (const id of [4, 5]) cluster.spare(id);
    const leader = cluster.lead(1);
    const two = [4, 5].map((id) => ({ kind: 'addVoter', id }) as const);
    assert.equal(leader.proposeMembership({ steps: two }, cluster.nowMs).outcome, 'appended');
    const second = leader.proposeMembership({ steps: [{ kind: 'remove', id: 3 }] }, cluster.nowMs);
    assert.equal(second.outcome === 'refused' && second.refusal.reason, 'changePending');
    // The leader that began it is gone before it is left.
    cluster.turn(1);
    cluster.deliver();
    for (const id of [2, 3, 4, 5]) cluster.turn(id);
    cluster.network = [];
    cluster.partition([1], [2, 3, 4, 5]);
    assert.equal(cluster.raft(2).configuration.votersOutgoing.length, 3);
    cluster.pass(5 * electionTimeoutMs);
    const [next] = cluster.leaders().filter(({ nodeId }) => nodeId !== 1);
    assert.deepEqual(next?.configuration.votersOutgoing, []);
    assert.deepEqual(next?.configuration.voters, [1, 2, 3, 4, 5]);
  });

  it('bug 44: a joint configuration without the wish to leave is left by command', () => {
    const cluster = new Cluster(3);
    cluster.spare(4);
    const leader = cluster.lead(1);
    const steps = [{ kind: 'addVoter', id: 4 }] as const;
    leader.proposeMembership({ steps, mode: 'joint' }, cluster.nowMs);
    cluster.pass(300);
    assert.equal(leader.configuration.votersOutgoing.length, 3);
    const more = leader.proposeMembership({ steps: [{ kind: 'remove', id: 2 }] }, cluster.nowMs);
    assert.equal(more.outcome === 'refused' && more.refusal.reason, 'joint');
    assert.equal(leader.leaveJoint(cluster.nowMs).outcome, 'appended');
    cluster.pass(300);
    assert.deepEqual(leader.configuration.votersOutgoing, []);
  });
});

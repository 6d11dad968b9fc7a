import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cluster, heartbeatIntervalMs } from './support/cluster.ts';
import { append, entries, heartbeat } from './support/messages.ts';

const leaderOne = { from: 1, to: 2, term: 1 };

describe('the commit index that a heartbeat brings', () => {
  it('reaches a follower that restarted after acknowledging, in an idle group (bug 31)', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    cluster.raft(2).step(append(leaderOne, [0, 0], entries(1, 4, 1), 2), 0);
    cluster.settle();
    const { raft } = cluster.restart(2);
    assert.ok(raft.commitIndex < 4);
    raft.step(heartbeat(1, 2, 1, 4), 0);
    assert.ok(raft.commitIndex < 4, 'what the process before it had compared, it may have lost');
    raft.step(append(leaderOne, [4, 1], [], 4), 0);
    assert.equal(raft.commitIndex, 4);
  });

  it('has the leader compare logs with a process that is new, though no link broke', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.propose(1, 'a');
    cluster.settle();
    const { commitIndex } = leader;
    const { raft } = cluster.restart(2);
    assert.ok(raft.commitIndex < commitIndex);
    cluster.pass(2 * heartbeatIntervalMs);
    assert.equal(raft.commitIndex, commitIndex);
    const { state } = leader.peers.find(({ id }) => id === 2) ?? {};
    assert.equal(state, 'replicate');
  });

  it('reaches a follower that campaigned in vain and came back to the same leader', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const { raft } = cluster.get(2);
    raft.step(append(leaderOne, [0, 0], entries(1, 4, 1), 2), 0);
    cluster.settle();
    raft.tick(5000);
    assert.equal(raft.role, 'preCandidate');
    raft.step(heartbeat(1, 2, 1, 4), 5000);
    assert.equal(raft.role, 'follower');
    assert.equal(raft.commitIndex, 4);
  });

  it('never commits what is not there', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const { raft } = cluster.get(2);
    raft.step(append(leaderOne, [0, 0], entries(1, 2, 1)), 0);
    raft.step(heartbeat(1, 2, 1, 9), 0);
    assert.ok(raft.commitIndex <= 2);
  });

  it('tells of the round it answers, and only once the term is durable', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const member = cluster.get(2);
    member.autoPersist = false;
    member.raft.step(heartbeat(1, 2, 3, 0, 17), 0);
    assert.deepEqual(cluster.turn(2).messages, []);
    member.persistNext(0);
    const answer = cluster.turn(2).messages[0];
    assert.equal(answer?.type === 'HeartbeatResponse' && answer.round, 17);
  });

  it('of an earlier term is answered with the term that has replaced it', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    cluster.raft(2).step(heartbeat(3, 2, 5), 0);
    cluster.settle();
    cluster.raft(2).step(heartbeat(1, 2, 4), 0);
    const answer = cluster.turn(2).messages[0];
    assert.equal(answer?.to, 1);
    assert.equal(answer?.term, 5);
    assert.equal(cluster.raft(2).leaderId, 3);
  });
});

describe('a leader whose follower has lost entries it had acknowledged', () => {
  it('does not ask again at the speed of the network (bug 9)', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect();
    const broken = leader.nodeId === 3 ? 2 : 3;
    for (let i = 0; i < 4; i++) cluster.propose(leader.nodeId, `x${i}`);
    cluster.settle();
    const member = cluster.get(broken);
    member.disk = {
      ...member.disk,
      entries: member.disk.entries.slice(0, 1),
      hardState: { ...member.disk.hardState, commitIndex: 0 },
    };
    cluster.restart(broken);
    leader.unreachable(broken);
    // One exchange of messages after another, in no time at all.
    for (let exchange = 0; exchange < 50; exchange++) {
      for (const id of cluster.members.keys()) cluster.turn(id);
      cluster.deliver();
    }
    const refusals = cluster.sent.filter(
      (message) => message.type === 'AppendEntriesResponse' && !message.success,
    );
    assert.ok(refusals.length <= 5, `${refusals.length} refusals`);
  });
});

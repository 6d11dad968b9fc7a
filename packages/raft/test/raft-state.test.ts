import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeContacts } from '../src/index.ts';
import { Cluster, electionTimeoutMs, heartbeatIntervalMs } from './support/cluster.ts';
import { append, configurationOf, entries, heartbeat } from './support/messages.ts';

const contacts: NodeContacts = { heardMs: () => 0, supportedAtMs: () => 0 };

describe('what may be seen of a replica', () => {
  it('that is new', () => {
    const cluster = new Cluster(3);
    const { raft } = cluster.get(2);
    const { nodeId, currentTerm, votedFor, role, leaderId } = raft;
    assert.deepEqual([nodeId, currentTerm, votedFor, role, leaderId], [2, 0, 0, 'follower', 0]);
    const { commitIndex, lastIndex, durableIndex, appliedIndex, configurationIndex } = raft;
    assert.deepEqual(
      [commitIndex, lastIndex, durableIndex, appliedIndex, configurationIndex],
      [0, 0, 0, 0, 0],
    );
    assert.equal(raft.repairing, false);
    assert.equal(raft.asleep, false);
    assert.equal(raft.transferring, false);
    assert.equal(raft.leaseUntilMs, Number.NEGATIVE_INFINITY);
    assert.equal(raft.bestSuccessor, 0);
    assert.deepEqual(raft.peers, []);
  });

  it('that follows', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const { raft } = cluster.get(2);
    raft.step(append({ from: 1, to: 2, term: 3 }, [0, 0], entries(1, 4, 3), 2), 500);
    assert.deepEqual([raft.leaderId, raft.commitIndex, raft.lastIndex], [1, 2, 4]);
    assert.deepEqual([raft.durableIndex, raft.appliedIndex], [0, 0]);
    cluster.settle();
    assert.deepEqual([raft.durableIndex, raft.appliedIndex], [4, 2]);
    assert.deepEqual([raft.termAt(4), raft.termAt(5), raft.entryAt(4)?.index], [3, null, 4]);
    assert.equal(raft.entryAt(0), null);
    const { deadlineMs } = raft;
    assert.ok(deadlineMs >= 500 + electionTimeoutMs && deadlineMs < 500 + 2 * electionTimeoutMs);
    assert.equal(raft.leaseUntilMs, Number.NEGATIVE_INFINITY);
    assert.deepEqual(raft.peers, []);
  });

  it('that leads: what it knows of the others, by id', () => {
    const cluster = new Cluster({ ...configurationOf([2, 3, 9]), learners: [1, 10] });
    cluster.partition([9], [1, 2, 3, 10]);
    const leader = cluster.lead(3);
    const { lastIndex } = leader;
    const known = (id: number, state: string, matchIndex: number): object => ({
      id,
      state,
      matchIndex,
      nextIndex: matchIndex + 1,
      witness: false,
      repairing: false,
      regressed: false,
      impostor: false,
      departing: false,
    });
    assert.deepEqual(leader.peers, [
      known(1, 'replicate', lastIndex),
      known(2, 'replicate', lastIndex),
      { ...known(9, 'probe', 0), nextIndex: lastIndex },
      known(10, 'replicate', lastIndex),
    ]);
    assert.equal(leader.role, 'leader');
    assert.equal(leader.votedFor, 3);
  });

  it('that leads: who would take over, and whether somebody does', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(3);
    cluster.pass(heartbeatIntervalMs);
    assert.equal(leader.bestSuccessor, 1);
    assert.equal(leader.transferring, false);
    leader.transferLeadership(2, cluster.nowMs);
    assert.equal(leader.transferring, true);
    const alone = new Cluster(1);
    assert.equal(alone.elect().bestSuccessor, 0);
  });

  it('that leads: when it last heard each of the others', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.partition([3], [1, 2]);
    cluster.pass(3 * heartbeatIntervalMs);
    const heardMs = leader.heardMs(2);
    assert.ok(heardMs !== null && heardMs > cluster.nowMs - 2 * heartbeatIntervalMs);
    const lostMs = leader.heardMs(3);
    cluster.pass(3 * heartbeatIntervalMs);
    assert.ok((leader.heardMs(2) ?? 0) > heardMs);
    assert.equal(leader.heardMs(3), lostMs);
    const anew = new Cluster(3);
    anew.partition([3], [1, 2]);
    const another = anew.lead(1);
    anew.pass(3 * heartbeatIntervalMs);
    assert.notEqual(another.heardMs(2), null);
    assert.equal(another.heardMs(3), null);
    assert.deepEqual([leader.heardMs(1), leader.heardMs(9)], [null, null]);
    assert.equal(cluster.raft(2).heardMs(1), null);
  });

  it('that leads: until when it does so alone', () => {
    const cluster = new Cluster(3, { maxClockDrift: 0 });
    const leader = cluster.lead(3);
    cluster.pass(heartbeatIntervalMs);
    const { leaseUntilMs } = leader;
    assert.ok(leaseUntilMs > cluster.nowMs && leaseUntilMs <= cluster.nowMs + electionTimeoutMs);
  });
});

describe('when a replica has to be told the time at the latest', () => {
  it('is its next heartbeat while it leads, or when its support ends, whichever is first', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.pass(heartbeatIntervalMs);
    assert.ok(leader.deadlineMs <= cluster.nowMs + heartbeatIntervalMs);
    const slow = new Cluster(3, { heartbeatIntervalMs: 900 });
    const slowLeader = slow.lead(1);
    slow.pass(50);
    const since = slow.nowMs;
    slow.nowMs += 500;
    slowLeader.tick(slow.nowMs);
    assert.ok(slowLeader.deadlineMs > slow.nowMs);
    assert.ok(slowLeader.deadlineMs <= since + 900);
  });

  it('is never for one that cannot campaign', () => {
    const learner = new Cluster({ ...configurationOf([1, 3]), learners: [2] });
    learner.settle();
    assert.equal(learner.raft(2).deadlineMs, Number.POSITIVE_INFINITY);
    assert.equal(learner.spare(7).raft.deadlineMs, Number.POSITIVE_INFINITY);
  });

  it('is never while it sleeps', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.pass(300);
    assert.ok(leader.sleep(contacts, cluster.nowMs));
    assert.equal(leader.asleep, true);
    assert.equal(leader.deadlineMs, Number.POSITIVE_INFINITY);
    leader.wake(cluster.nowMs);
    assert.ok(leader.deadlineMs <= cluster.nowMs);
  });
});

describe('the part that a node without a campaign has', () => {
  it('is that of the configuration', () => {
    const cluster = new Cluster({
      ...configurationOf([1, 2, 3]),
      learners: [4],
      members: [
        {
          id: 3,
          incarnation: 0,
          locality: '',
          address: '',
          priority: 0,
          witness: true,
          promote: false,
        },
      ],
    });
    cluster.spare(5);
    const roles = [1, 2, 3, 4, 5].map((id) => cluster.raft(id).role);
    assert.deepEqual(roles, ['follower', 'follower', 'witness', 'learner', 'removed']);
    cluster.raft(3).step(heartbeat(1, 3, 1), 0);
    assert.equal(cluster.raft(3).role, 'witness');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cluster } from './support/cluster.ts';
import { append } from './support/messages.ts';

const bytes = (count: number): Uint8Array => new Uint8Array(count);

describe('a proposal', () => {
  it('is told where its first entry stands and in which term', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect();
    const firstIndex = leader.lastIndex + 1;
    const proposed = leader.propose([bytes(1), bytes(2)], cluster.nowMs, 1);
    assert.deepEqual(proposed, { outcome: 'appended', firstIndex, term: leader.currentTerm });
    assert.equal(leader.lastIndex, firstIndex + 1);
  });

  it('elsewhere than at the leader is refused with a hint', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect();
    const follower = cluster.raft(leader.nodeId === 1 ? 2 : 1);
    const proposed = follower.propose([bytes(1)], cluster.nowMs, 1);
    assert.deepEqual(proposed, { outcome: 'notLeader', leader: leader.nodeId });
  });

  it('where nobody is known to lead is refused without one', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const proposed = cluster.raft(1).propose([bytes(1)], 0, 1);
    assert.deepEqual(proposed, { outcome: 'notLeader', leader: 0 });
  });

  it('is taken when it fills the limit exactly, and refused beyond', () => {
    const cluster = new Cluster(1, { maxUncommittedBytes: 200 });
    const leader = cluster.elect();
    cluster.settle();
    cluster.get(1).autoPersist = false;
    assert.equal(leader.propose([bytes(100 - 32)], cluster.nowMs, 1).outcome, 'appended');
    assert.equal(leader.propose([bytes(101 - 32)], cluster.nowMs, 1).outcome, 'overloaded');
    assert.equal(leader.propose([bytes(100 - 32)], cluster.nowMs, 1).outcome, 'appended');
    assert.equal(leader.propose([bytes(0)], cluster.nowMs, 1).outcome, 'overloaded');
  });

  it('larger than the whole limit is let through when nothing else waits', () => {
    const cluster = new Cluster(1, { maxUncommittedBytes: 100 });
    const leader = cluster.elect();
    cluster.settle();
    assert.equal(leader.propose([bytes(5000)], cluster.nowMs, 1).outcome, 'appended');
    assert.equal(leader.propose([bytes(1)], cluster.nowMs, 1).outcome, 'overloaded');
    cluster.settle();
    assert.equal(leader.propose([bytes(1)], cluster.nowMs, 1).outcome, 'appended');
  });

  it('that is refused leaves no trace', () => {
    const cluster = new Cluster(1, { maxUncommittedBytes: 100 });
    const leader = cluster.elect();
    leader.propose([bytes(90)], cluster.nowMs, 1);
    const { lastIndex } = leader;
    assert.equal(leader.propose([bytes(50), bytes(50)], cluster.nowMs, 1).outcome, 'overloaded');
    assert.equal(leader.lastIndex, lastIndex);
  });

  it('counts for a new leader too, as long as it is not committed', () => {
    const cluster = new Cluster(3, { maxUncommittedBytes: 1000 });
    const leader = cluster.elect();
    const others = [1, 2, 3].filter((id) => id !== leader.nodeId);
    cluster.propose(leader.nodeId, 'x'.repeat(900));
    cluster.settle();
    cluster.partition([leader.nodeId], others);
    // The entries spread, and the next leader cannot commit: its follower's disk stands still.
    const next = cluster.elect();
    for (const id of others) cluster.get(id).autoPersist = false;
    assert.equal(cluster.propose(next.nodeId, 'x'.repeat(900)).outcome, 'appended');
    assert.equal(cluster.propose(next.nodeId, 'x'.repeat(900)).outcome, 'overloaded');
  });

  it('has at least one command', () => {
    const cluster = new Cluster(1);
    const leader = cluster.elect();
    assert.throws(() => leader.propose([], cluster.nowMs, 1), /at least one command/);
  });

  it('travels in messages of bounded size, a larger entry alone', () => {
    const cluster = new Cluster(3, { maxMessageBytes: 200 });
    const leader = cluster.elect();
    leader.propose([bytes(50), bytes(50), bytes(900), bytes(50)], cluster.nowMs, 1);
    cluster.settle();
    const sizes = cluster.sent.flatMap((message) =>
      message.type === 'AppendEntries'
        ? [message.entries.map(({ data }) => data.length).filter((size) => size > 0)]
        : [],
    );
    assert.ok(sizes.some((message) => message.includes(900)));
    for (const message of sizes) {
      assert.ok(message.length === 1 || message.reduce((a, b) => a + b, 0) <= 200);
    }
    assert.equal(cluster.raft(leader.nodeId).commitIndex, leader.lastIndex);
  });
});

describe('committed entries', () => {
  it('are handed out in pieces, the next once the last was applied (bug 39)', () => {
    const cluster = new Cluster(3, { maxApplyBytes: 100 });
    cluster.settle();
    const { raft } = cluster.get(2);
    const sent = Array.from({ length: 6 }, (_, i) => ({
      index: i + 1,
      term: 1,
      kind: 0 as const,
      timestampMicros: i,
      data: bytes(20),
    }));
    raft.step(append({ from: 1, to: 2, term: 1 }, [0, 0], sent, 6), 0);
    const write = raft.takeEffects().write;
    raft.persisted(write?.id ?? 0, 0);
    const first = raft.takeEffects().committed;
    assert.equal(first.length, 1);
    assert.deepEqual(raft.takeEffects().committed, []);
    raft.applied(1);
    assert.equal(raft.takeEffects().committed[0]?.index, 2);
    assert.throws(() => raft.applied(5), /handed out/);
  });
});

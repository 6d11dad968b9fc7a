import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Raft } from '../src/index.ts';
import { Cluster, electionTimeoutMs } from './support/cluster.ts';

// Ongaro's dissertation, section 6.4: processing read-only queries without the log.

function led(drift: number | null = 0): { cluster: Cluster; leader: Raft } {
  const cluster = new Cluster(3, { maxClockDrift: drift });
  const leader = cluster.lead(1);
  cluster.propose(1, 'a');
  cluster.settle();
  return { cluster, leader };
}

describe('6.4 reads without the log', () => {
  it('step 1: a new leader waits until it has committed an entry of its term', () => {
    const { cluster } = led();
    cluster.partition([1], [2, 3]);
    const { raft } = cluster.get(2);
    cluster.nowMs += 2 * electionTimeoutMs;
    raft.tick(cluster.nowMs);
    const exchange = (): void => {
      for (let time = 0; time < 12; time++) {
        for (const id of [2, 3]) cluster.turn(id);
        cluster.deliver(({ type }) => type !== 'AppendEntriesResponse');
      }
    };
    exchange();
    assert.equal(raft.role, 'leader');
    raft.readIndex(1, cluster.nowMs);
    exchange();
    assert.deepEqual(cluster.get(2).reads, []);
    cluster.pass(200);
    assert.equal(cluster.get(2).reads.length, 1);
  });

  it('steps 2 and 3: the index is that of before the round, which a majority answers', () => {
    const { cluster, leader } = led();
    const index = leader.commitIndex;
    leader.readIndex(1, cluster.nowMs);
    cluster.turn(1);
    cluster.propose(1, 'later');
    assert.deepEqual(cluster.get(1).reads, []);
    cluster.cut.add('1>3');
    cluster.settle();
    assert.deepEqual(cluster.get(1).reads, [{ context: 1, index }]);
    assert.ok(leader.commitIndex > index);
  });

  it('steps 2 and 3: without a majority there is no answer, and in the end it says so', () => {
    const { cluster, leader } = led();
    cluster.partition([1], [2, 3]);
    leader.readIndex(1, cluster.nowMs);
    cluster.pass(electionTimeoutMs - 50);
    assert.deepEqual(cluster.get(1).reads, []);
    cluster.pass(100);
    assert.deepEqual(cluster.get(1).failedReads, [1]);
    assert.deepEqual(cluster.get(1).reads, []);
  });

  it('one round answers all reads that have gathered', () => {
    const { cluster, leader } = led();
    cluster.sent.length = 0;
    for (let context = 1; context <= 100; context++) leader.readIndex(context, cluster.nowMs);
    cluster.settle();
    assert.equal(cluster.get(1).reads.length, 100);
    assert.equal(cluster.sent.filter(({ type }) => type === 'Heartbeat').length, 2);
  });

  it('a read does not wait for the log: nothing is appended or written', () => {
    const { cluster, leader } = led();
    const { lastIndex } = leader;
    let writes = 0;
    cluster.onEffects = (_, { write }) => {
      if (write !== null) writes++;
    };
    leader.readIndex(1, cluster.nowMs);
    cluster.settle();
    assert.equal(cluster.get(1).reads.length, 1);
    assert.deepEqual([leader.lastIndex, writes], [lastIndex, 0]);
  });

  it('followers serve reads: they ask for the index, and wait until they have applied it', () => {
    const { cluster, leader } = led();
    cluster.cut.add('1>3');
    cluster.propose(1, 'b');
    cluster.settle();
    cluster.heal();
    cluster.network = [];
    const { raft } = cluster.get(3);
    assert.equal(raft.readIndex(7, cluster.nowMs), true);
    cluster.turn(3);
    cluster.deliver();
    cluster.turn(1);
    cluster.deliver(({ type }) => type === 'Heartbeat' || type === 'HeartbeatResponse');
    cluster.pass(200);
    const [read] = cluster.get(3).reads;
    assert.deepEqual(read, { context: 7, index: leader.commitIndex });
    assert.ok(raft.appliedIndex >= leader.commitIndex);
  });

  it('a follower whose leader changes asks again', () => {
    const { cluster } = led();
    cluster.cut.add('3>1');
    assert.equal(cluster.raft(3).readIndex(7, cluster.nowMs), true);
    cluster.settle();
    cluster.heal();
    cluster.lead(2);
    assert.deepEqual(cluster.get(3).failedReads, [7]);
    assert.deepEqual(cluster.get(3).reads, []);
  });
});

describe('6.4.1 clocks to reduce messages: leases', () => {
  it('a lease lets the leader answer at once, and sends nothing', () => {
    const { cluster, leader } = led();
    cluster.sent.length = 0;
    assert.equal(leader.leaseReadIndex(cluster.nowMs), leader.commitIndex);
    assert.deepEqual(leader.takeEffects().messages, []);
  });

  it('it lasts an election timeout from the sending of the round, less the clocks’ drift', () => {
    for (const drift of [0, 0.05]) {
      const { cluster, leader } = led(drift);
      cluster.pass(100);
      const lastsMs = (electionTimeoutMs * (1 - drift)) / (1 + drift);
      assert.ok(Math.abs(leader.leaseUntilMs - cluster.nowMs - lastsMs) < 1e-6);
    }
  });

  it('it is over before any other server can be elected', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const cluster = new Cluster(5, { maxClockDrift: 0 }, seed);
      const leader = cluster.lead(1);
      cluster.pass(300);
      cluster.partition([1], [2, 3, 4, 5]);
      for (let ms = 0; ms < 4 * electionTimeoutMs; ms += 10) {
        cluster.pass(10, 10);
        const others = cluster.leaders().filter(({ nodeId }) => nodeId !== 1);
        const holds = leader.leaseReadIndex(cluster.nowMs) !== null;
        assert.ok(!(holds && others.length > 0), `seed ${seed}`);
        if (others.length > 0) break;
      }
    }
  });

  it('a leader that hands over gives up its lease first', () => {
    const { cluster, leader } = led();
    leader.transferLeadership(2, cluster.nowMs);
    assert.ok(leader.leaseReadIndex(cluster.nowMs) !== null, 'nothing has left yet');
    const { messages } = leader.takeEffects();
    assert.ok(messages.some(({ type }) => type === 'TimeoutNow'));
    assert.equal(leader.leaseReadIndex(cluster.nowMs), null);
  });

  it('without a bound on the drift of clocks there is none', () => {
    const { cluster, leader } = led(null);
    assert.equal(leader.leaseReadIndex(cluster.nowMs), null);
    leader.readIndex(1, cluster.nowMs);
    cluster.settle();
    assert.equal(cluster.get(1).reads.length, 1);
  });
});

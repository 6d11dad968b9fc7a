import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeContacts, Raft } from '../src/index.ts';
import { Cluster, electionTimeoutMs, heartbeatIntervalMs } from './support/cluster.ts';
import { append, configurationOf, entries, heartbeat, requestVote } from './support/messages.ts';

const contacts: NodeContacts = { heardMs: () => 0, supportedAtMs: () => 0 };

/** Node 2, which follows node 1 in term 3. */
function follower(maxClockDrift: number | null = 0.01): { cluster: Cluster; raft: Raft } {
  const cluster = new Cluster(3, { maxClockDrift });
  cluster.settle();
  cluster.raft(2).step(heartbeat(1, 2, 3), 0);
  cluster.turn(2);
  cluster.turn(2);
  return { cluster, raft: cluster.raft(2) };
}

describe('a replica', () => {
  it('takes no notice of what is meant for another', () => {
    const { raft } = follower();
    raft.step(heartbeat(1, 3, 9), 0);
    assert.equal(raft.currentTerm, 3);
  });

  it('does not let time go back', () => {
    const { raft } = follower();
    raft.tick(500);
    raft.step(heartbeat(1, 2, 3), 100);
    assert.ok(raft.deadlineMs >= 500 + electionTimeoutMs);
  });

  it('hands nothing over twice', () => {
    const { raft } = follower();
    raft.readIndex(1, 0);
    raft.step(heartbeat(3, 2, 4), 0);
    const first = raft.takeEffects();
    assert.ok(first.write !== null && first.leadership.length === 1);
    assert.deepEqual(first.failedReads, [1]);
    const second = raft.takeEffects();
    assert.equal(second.write, null);
    for (const [name, gathered] of Object.entries(second)) {
      if (Array.isArray(gathered)) assert.deepEqual(gathered, [], name);
    }
  });

  it('does not forget what it applied by an earlier report', () => {
    const cluster = new Cluster(1);
    const leader = cluster.elect();
    cluster.settle();
    const { appliedIndex } = leader;
    leader.applied(appliedIndex - 1);
    assert.equal(leader.appliedIndex, appliedIndex);
    assert.throws(() => leader.applied(appliedIndex + 1), /handed out/);
  });

  it('takes proposals of at least one command', () => {
    const cluster = new Cluster(1);
    const leader = cluster.elect();
    assert.throws(() => leader.propose([], cluster.nowMs, 1), /at least one command/);
  });
});

describe('what is asked of one that does not know a leader', () => {
  it('is refused, to be asked again', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const { raft } = cluster.get(2);
    assert.equal(raft.readIndex(1, 0), false);
    assert.equal(raft.awaitDurability(1, 1, { depth: 1, domains: 1 }, 0), false);
    const { messages, failedReads, failedDurability } = raft.takeEffects();
    assert.deepEqual([messages, failedReads, failedDurability], [[], [], []]);
  });
});

describe('what is asked of a follower', () => {
  it('is asked of its leader', () => {
    const { cluster, raft } = follower();
    assert.equal(raft.readIndex(7, 0), true);
    const durability = { depth: 2, domains: 3 };
    assert.equal(raft.awaitDurability(8, 5, durability, 0), true);
    const between = { from: 2, to: 1, term: 3 };
    assert.deepEqual(cluster.turn(2).messages, [
      { ...between, type: 'ReadIndex', context: 7 },
      { ...between, type: 'AwaitDurability', context: 8, index: 5, durability },
    ]);
  });

  it('and given up is not answered any more', () => {
    const { raft } = follower();
    raft.readIndex(7, 0);
    raft.forgetRead(7);
    raft.step({ type: 'ReadIndexResponse', from: 1, to: 2, term: 3, context: 7, index: 1 }, 0);
    assert.deepEqual(raft.takeEffects().reads, []);
  });

  it('of durability and given up is not answered any more', () => {
    const { raft } = follower();
    const between = { from: 1, to: 2, term: 3 };
    for (const context of [7, 8]) raft.awaitDurability(context, 1, { depth: 1, domains: 2 }, 0);
    raft.forgetDurability(7);
    for (const context of [7, 8]) {
      raft.step({ ...between, type: 'DurabilityReached', context, reached: true }, 0);
    }
    assert.deepEqual(raft.takeEffects().durability, [{ context: 8, reached: true }]);
  });

  it('of durability and given up at the leader itself is not answered either', () => {
    const cluster = new Cluster(3);
    const raft = cluster.lead(1);
    for (const context of [7, 8]) {
      raft.awaitDurability(context, 1, { depth: 1, domains: 2 }, cluster.nowMs);
    }
    raft.forgetDurability(7);
    // These members are in no domain, so the class is out of reach.
    assert.deepEqual(raft.takeEffects().durability, [{ context: 8, reached: false }]);
  });

  it('and only a leader can do, is refused with its name', () => {
    const { raft } = follower();
    const refused = { outcome: 'notLeader', leader: 1 };
    assert.deepEqual(raft.propose([new Uint8Array(1)], 0, 1), refused);
    assert.deepEqual(raft.proposeMembership({ steps: [] }, 0), refused);
    assert.deepEqual(raft.leaveJoint(0), refused);
    assert.equal(raft.transferLeadership(3, 0), 'notLeader');
    assert.equal(raft.leaseReadIndex(0), null);
    assert.equal(raft.sleep(contacts, 0), false);
  });
});

describe('a leader that is known to be gone', () => {
  it('is forgotten, and votes are given at once', () => {
    const { cluster, raft } = follower(null);
    cluster.nowMs = 5000;
    raft.step(heartbeat(1, 2, 3), 5000);
    assert.equal(raft.forgetLeader(5000), true);
    assert.equal(raft.leaderId, 0);
    assert.equal(raft.currentTerm, 3);
    raft.step(requestVote(3, 2, 4), 5000);
    assert.equal(raft.votedFor, 3);
  });

  it('is owed its answer until it is heard of again', () => {
    const { cluster, raft } = follower(null);
    const way = { from: 1, to: 2, term: 3 };
    raft.step(append(way, [0, 0], entries(1, 1, 3)), 0);
    const { write } = raft.takeEffects();
    raft.forgetLeader(0);
    raft.persisted(write?.id ?? assert.fail('the entry is written'), 0);
    assert.deepEqual(cluster.turn(2).messages, []);
    raft.step(append(way, [1, 3], []), 0);
    const [answer] = cluster.turn(2).messages;
    assert.ok(answer?.type === 'AppendEntriesResponse' && answer.to === 1);
    assert.equal(answer.matchIndex, 1);
  });

  it('is not forgotten where leases rest on the wait', () => {
    const { raft } = follower();
    assert.equal(raft.forgetLeader(0), false);
    assert.equal(raft.leaderId, 1);
  });

  it('is nothing to a node that follows nobody', () => {
    const cluster = new Cluster(3, { maxClockDrift: null });
    const leader = cluster.lead(1);
    assert.equal(leader.forgetLeader(cluster.nowMs), false);
    assert.equal(leader.role, 'leader');
    const { raft } = follower(null);
    raft.forgetLeader(0);
    assert.equal(raft.forgetLeader(0), false);
  });
});

describe('a peer that says it is another than before (bug 20)', () => {
  it('has nothing of what was acknowledged, and its support does not begin anew', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    leader.peerIncarnation(2, 10, cluster.nowMs);
    cluster.settle();
    cluster.pass(heartbeatIntervalMs);
    const peer = () => leader.peers.find(({ id }) => id === 2);
    assert.deepEqual([peer()?.state, peer()?.matchIndex], ['replicate', leader.lastIndex]);
    leader.peerIncarnation(2, 10, cluster.nowMs);
    assert.deepEqual([peer()?.state, peer()?.matchIndex], ['replicate', leader.lastIndex]);
    cluster.partition([1], [2, 3]);
    cluster.nowMs += electionTimeoutMs - 1;
    leader.peerIncarnation(2, 11, cluster.nowMs);
    assert.deepEqual([peer()?.state, peer()?.matchIndex], ['probe', 0]);
    assert.equal(peer()?.impostor, true);
    cluster.nowMs += 200;
    leader.tick(cluster.nowMs);
    assert.equal(leader.role, 'follower', 'nobody supports it');
  });

  it('is let go of when it is departing anyway', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    leader.peerIncarnation(3, 10, cluster.nowMs);
    cluster.settle();
    leader.proposeMembership({ steps: [{ kind: 'remove', id: 3 }] }, cluster.nowMs);
    leader.peerIncarnation(3, 11, cluster.nowMs);
    assert.deepEqual(
      leader.peers.map(({ id }) => id),
      [2],
    );
  });

  it('is no news of a stranger', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    const { peers } = leader;
    for (const incarnation of [10, 11]) leader.peerIncarnation(9, incarnation, cluster.nowMs);
    assert.deepEqual(leader.peers, peers);
  });
});

describe('a member that is removed', () => {
  it('is shown as departing until it knows', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    leader.proposeMembership({ steps: [{ kind: 'remove', id: 3 }] }, cluster.nowMs);
    const departing = (): [number, boolean][] => leader.peers.map((p) => [p.id, p.departing]);
    assert.deepEqual(departing(), [
      [2, false],
      [3, true],
    ]);
    cluster.settle();
    assert.deepEqual(departing(), [[2, false]]);
  });
});

describe('a link that breaks', () => {
  it('makes the leader ask again where the log agrees', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    const states = (): string[] => leader.peers.map(({ state }) => state);
    assert.deepEqual(states(), ['replicate', 'replicate']);
    leader.unreachable(3);
    assert.deepEqual(states(), ['replicate', 'probe']);
    leader.unreachable(9);
    assert.deepEqual(states(), ['replicate', 'probe']);
    cluster.raft(2).unreachable(1);
    assert.equal(cluster.raft(2).leaderId, 1);
  });

  it('ends the waits of its peer, which asks anew', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    const wait = { type: 'AwaitDurability', index: 1, to: 1, term: leader.currentTerm } as const;
    const durability = { depth: 1, domains: 9 };
    for (const from of [2, 3]) {
      leader.step({ ...wait, from, context: from, durability }, cluster.nowMs);
    }
    leader.unreachable(2);
    const told = cluster.turn(1).messages.filter(({ type }) => type === 'DurabilityReached');
    assert.deepEqual(
      told.map(({ to }) => to),
      [3],
    );
  });
});

describe('a leader that sleeps', () => {
  const asleep = (): { cluster: Cluster; leader: Raft } => {
    const cluster = new Cluster(3, { maxClockDrift: 0 });
    const leader = cluster.lead(1);
    cluster.pass(300);
    assert.ok(leader.leaseReadIndex(cluster.nowMs) !== null);
    assert.ok(leader.sleep(contacts, cluster.nowMs));
    return { cluster, leader };
  };

  it('is not woken by answers to what it sent before', () => {
    const { cluster, leader } = asleep();
    const { currentTerm: term } = leader;
    const echo = { type: 'HeartbeatResponse', from: 2, to: 1, term, round: 1, life: 1 } as const;
    leader.step(echo, cluster.nowMs);
    assert.equal(leader.asleep, true);
    leader.step({ ...echo, term: term + 1 }, cluster.nowMs);
    assert.equal(leader.asleep, false);
  });

  it('has no lease, however short it has slept (rule 11)', () => {
    const { cluster, leader } = asleep();
    assert.equal(leader.leaseReadIndex(cluster.nowMs), null);
  });

  it('is woken to record who a member is, and by nothing else that one says of itself', () => {
    const { cluster, leader } = asleep();
    leader.peerIncarnation(9, 99, cluster.nowMs);
    leader.peerIncarnation(2, 0, cluster.nowMs);
    assert.equal(leader.asleep, true);
    leader.peerIncarnation(2, 22, cluster.nowMs);
    assert.equal(leader.asleep, false);
  });
});

describe('a replica whose time has passed', () => {
  it('does not campaign before, nor without a vote', () => {
    const { raft } = follower();
    raft.tick(raft.deadlineMs - 1);
    assert.equal(raft.role, 'follower');
    raft.tick(raft.deadlineMs);
    assert.equal(raft.role, 'preCandidate');
    const learners = new Cluster({ ...configurationOf([1, 3]), learners: [2] });
    learners.settle();
    learners.raft(2).tick(10 * electionTimeoutMs);
    assert.equal(learners.raft(2).role, 'learner');
  });

  it('does not campaign on a disk that stands still (bug 15)', () => {
    const { cluster, raft } = follower();
    cluster.get(2).autoPersist = false;
    raft.step(append({ from: 1, to: 2, term: 3 }, [0, 0], entries(1, 2, 2)), 0);
    cluster.turn(2);
    const { deadlineMs } = raft;
    raft.tick(deadlineMs);
    assert.equal(raft.role, 'follower');
    assert.ok(raft.deadlineMs >= deadlineMs + electionTimeoutMs);
  });

  it('steps down where its disk stands still, and not before (bug 15)', () => {
    const cluster = new Cluster(1);
    const leader = cluster.elect();
    cluster.settle();
    cluster.get(1).autoPersist = false;
    cluster.propose(1, 'x');
    cluster.turn(1);
    const since = cluster.nowMs;
    leader.tick(since + electionTimeoutMs - 1);
    assert.equal(leader.role, 'leader');
    leader.tick(since + electionTimeoutMs);
    assert.equal(leader.role, 'follower');
  });
});

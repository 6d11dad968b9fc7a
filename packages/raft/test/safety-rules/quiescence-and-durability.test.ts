import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Configuration } from '@quorate/schema';
import { majorityConfiguration } from '@quorate/schema';
import type { NodeContacts, Raft } from '../../src/index.ts';
import { Cluster, electionTimeoutMs } from '../support/cluster.ts';
import { requestVote } from '../support/messages.ts';

/** A group of three that sleeps; its nodes hear each other at `heardMs`. */
function asleep(): { cluster: Cluster; leader: Raft; contacts: { heardMs: number } } {
  const cluster = new Cluster(3, { maxClockDrift: 0 });
  const leader = cluster.lead(1);
  cluster.pass(300);
  const contacts = { heardMs: cluster.nowMs };
  const asked: NodeContacts = {
    heardMs: () => contacts.heardMs,
    supportedAtMs: () => contacts.heardMs,
  };
  assert.ok(leader.sleep(asked, cluster.nowMs));
  const { currentTerm, lastIndex } = leader;
  for (const id of [2, 3]) {
    assert.ok(cluster.raft(id).sleepUnder(1, currentTerm, lastIndex, asked, cluster.nowMs));
  }
  return { cluster, leader, contacts };
}

/** Three voters in two regions, and the leader's region has two of them. */
const regions: Configuration = {
  ...majorityConfiguration([1, 2, 3]),
  members: ['eu', 'eu', 'us'].map((locality, at) => ({
    id: at + 1,
    locality,
    incarnation: 0,
    address: '',
    priority: 0,
    witness: false,
    promote: false,
  })),
};

describe('safety rules: quiescence', () => {
  it('rule 11: a sleeping group stays as it is for as long as its nodes hear each other', () => {
    const { cluster, leader, contacts } = asleep();
    cluster.sent.length = 0;
    for (let time = 0; time < 50; time++) {
      cluster.nowMs += 500;
      contacts.heardMs = cluster.nowMs;
      for (const id of [1, 2, 3]) cluster.raft(id).tick(cluster.nowMs);
      cluster.settle();
    }
    assert.deepEqual(cluster.sent, []);
    assert.equal(leader.deadlineMs, Number.POSITIVE_INFINITY);
    assert.equal(leader.role, 'leader');
  });

  it('rule 11: the loyalty of a sleeper is that of its node, awake or not', () => {
    const { cluster, contacts } = asleep();
    const { raft } = cluster.get(2);
    cluster.nowMs += 10_000;
    contacts.heardMs = cluster.nowMs - electionTimeoutMs + 1;
    raft.step(requestVote(3, 2, 9, [9, 9]), cluster.nowMs);
    assert.notEqual(raft.votedFor, 3);
    raft.step(requestVote(3, 2, 9, [9, 9]), cluster.nowMs + 1);
    assert.equal(raft.votedFor, 3);
  });

  it('rule 11: a woken follower can elect with others that have heard nothing', () => {
    const { cluster } = asleep();
    cluster.partition([1], [2, 3]);
    cluster.nowMs += 3 * electionTimeoutMs;
    const { raft } = cluster.get(2);
    raft.wake(cluster.nowMs);
    cluster.nowMs += 2 * electionTimeoutMs;
    raft.tick(cluster.nowMs);
    cluster.settle();
    assert.equal(raft.role, 'leader', 'node 3 slept until it was asked');
  });

  it('rule 11: a leader that is woken when its node is cut off finds it has no support', () => {
    const { cluster, leader } = asleep();
    cluster.nowMs += electionTimeoutMs;
    leader.wake(cluster.nowMs);
    leader.tick(cluster.nowMs);
    assert.notEqual(leader.role, 'leader');
  });

  it('rule 11: no lease is read from sleep without a round of the group’s own', () => {
    const { cluster, leader, contacts } = asleep();
    cluster.nowMs += 5000;
    contacts.heardMs = cluster.nowMs;
    assert.equal(leader.leaseReadIndex(cluster.nowMs), null);
    leader.wake(cluster.nowMs);
    assert.equal(leader.role, 'leader');
    assert.equal(leader.leaseReadIndex(cluster.nowMs), null);
    leader.readIndex(1, cluster.nowMs);
    cluster.turn(1);
    assert.deepEqual(cluster.get(1).reads, []);
    cluster.settle();
    assert.equal(cluster.get(1).reads.length, 1);
    assert.ok(leader.leaseReadIndex(cluster.nowMs) !== null);
  });

  it('rule 11: it does not sleep while anything is under way, and any of it wakes it', () => {
    const contacts: NodeContacts = { heardMs: () => 0, supportedAtMs: () => 0 };
    const wakes: ((raft: Raft, cluster: Cluster) => void)[] = [
      (_, cluster) => cluster.propose(1, 'x'),
      (raft, cluster) => raft.readIndex(1, cluster.nowMs),
      (raft, cluster) => raft.transferLeadership(2, cluster.nowMs),
      (raft, cluster) => raft.step(requestVote(2, 1, 9, [9, 9]), cluster.nowMs),
      (raft, cluster) => raft.awaitDurability(1, 1, { depth: 1, domains: 2 }, cluster.nowMs),
      (raft, cluster) =>
        raft.proposeMembership({ steps: [{ kind: 'addLearner', id: 9 }] }, cluster.nowMs),
      (raft) => raft.unreachable(2),
    ];
    for (const wakeBy of wakes) {
      const { cluster, leader } = asleep();
      wakeBy(leader, cluster);
      assert.ok(!leader.asleep, String(wakeBy));
    }
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.pass(300);
    cluster.get(3).autoPersist = false;
    cluster.propose(1, 'x');
    cluster.settle();
    assert.ok(!leader.sleep(contacts, cluster.nowMs), 'node 3 has not acknowledged it');
    const { raft } = cluster.get(3);
    assert.ok(!raft.sleepUnder(1, leader.currentTerm, leader.lastIndex, contacts, cluster.nowMs));
    const other = cluster.raft(2);
    assert.ok(!other.sleepUnder(3, leader.currentTerm, other.lastIndex, contacts, cluster.nowMs));
    assert.ok(other.sleepUnder(1, leader.currentTerm, other.lastIndex, contacts, cluster.nowMs));
  });
});

describe('safety rules: durability classes', () => {
  it('rule 12: a class gates the answer and never the commit index', () => {
    const cluster = new Cluster(regions);
    const leader = cluster.lead(1);
    cluster.get(3).autoPersist = false;
    cluster.propose(1, 'a');
    cluster.settle();
    assert.equal(leader.commitIndex, leader.lastIndex);
    const answers: unknown[] = [];
    cluster.onEffects = (_, { durability }) => answers.push(...durability);
    const two = { depth: 1, domains: 2 };
    leader.awaitDurability(5, leader.commitIndex, two, cluster.nowMs);
    leader.awaitDurability(6, leader.commitIndex, { depth: 1, domains: 1 }, cluster.nowMs);
    cluster.settle();
    assert.deepEqual(answers, [{ context: 6, reached: true }]);
    cluster.get(3).autoPersist = true;
    cluster.settle();
    assert.deepEqual(answers.at(-1), { context: 5, reached: true });
  });

  it('rule 12: what cannot be met now is said, and can be asked for again', () => {
    const cluster = new Cluster(regions);
    const leader = cluster.lead(1);
    const three = { depth: 1, domains: 3 };
    leader.awaitDurability(1, leader.commitIndex, three, cluster.nowMs);
    assert.deepEqual(leader.takeEffects().durability, [{ context: 1, reached: false }]);
    cluster.spare(4);
    const step = { kind: 'addLearner', id: 4, member: { locality: 'ap' } } as const;
    leader.proposeMembership({ steps: [step] }, cluster.nowMs);
    cluster.pass(300);
    leader.awaitDurability(1, leader.commitIndex, three, cluster.nowMs);
    assert.deepEqual(leader.takeEffects().durability, [{ context: 1, reached: true }]);
  });

  it('rule 12: after failover the next leader is asked, and gates as the first did', () => {
    const cluster = new Cluster(regions);
    cluster.lead(1);
    cluster.partition([3], [1, 2]);
    cluster.propose(1, 'a');
    cluster.settle();
    const { raft } = cluster.get(2);
    const index = raft.commitIndex;
    const class2 = { depth: 1, domains: 2 };
    assert.ok(raft.awaitDurability(9, index, class2, cluster.nowMs));
    cluster.settle();
    const failed: number[] = [];
    const answers: unknown[] = [];
    cluster.onEffects = (_, effects) => {
      failed.push(...effects.failedDurability);
      answers.push(...effects.durability);
    };
    cluster.lead(2);
    assert.deepEqual(failed, [9], 'whom it asked leads no more');
    assert.ok(raft.awaitDurability(9, index, class2, cluster.nowMs));
    cluster.settle();
    assert.deepEqual(answers, [], 'only one region has it');
    cluster.heal();
    cluster.pass(300);
    assert.deepEqual(answers, [{ context: 9, reached: true }]);
  });

  it('rule 12: the last holder of a domain stays until another has the data', () => {
    const cluster = new Cluster(regions);
    const leader = cluster.lead(1);
    cluster.pass(200);
    const promise = { steps: [], durability: { depth: 1, domains: 2 } };
    assert.equal(leader.proposeMembership(promise, cluster.nowMs).outcome, 'appended');
    cluster.pass(200);
    const remove = { steps: [{ kind: 'remove', id: 3 }] } as const;
    const refused = leader.proposeMembership(remove, cluster.nowMs);
    assert.equal(refused.outcome === 'refused' && refused.refusal.reason, 'durabilityAtRisk');
    cluster.spare(4);
    cluster.get(4).autoPersist = false;
    const add = { kind: 'addLearner', id: 4, member: { locality: 'us' } } as const;
    assert.equal(leader.proposeMembership({ steps: [add] }, cluster.nowMs).outcome, 'appended');
    cluster.pass(200);
    const early = leader.proposeMembership(remove, cluster.nowMs);
    assert.equal(early.outcome === 'refused' && early.refusal.reason, 'durabilityAtRisk');
    cluster.get(4).autoPersist = true;
    cluster.pass(300);
    assert.equal(leader.proposeMembership(remove, cluster.nowMs).outcome, 'appended');
  });
});

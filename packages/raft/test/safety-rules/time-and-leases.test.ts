import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RaftMessage } from '@quorate/schema';
import type { Raft } from '../../src/index.ts';
import { Cluster, electionTimeoutMs } from '../support/cluster.ts';
import { heartbeat, requestVote } from '../support/messages.ts';

/** Node 1 leads and has just been answered. */
function leased(maxClockDrift: number): { cluster: Cluster; leader: Raft } {
  const cluster = new Cluster(3, { maxClockDrift });
  const leader = cluster.lead(1);
  cluster.pass(300);
  return { cluster, leader };
}

describe('safety rules: time and leases', () => {
  it('rule 1: after a stop a late tick finds the lease gone, and nothing is caught up', () => {
    const { cluster, leader } = leased(0.01);
    cluster.nowMs += 60_000;
    assert.equal(leader.leaseReadIndex(cluster.nowMs), null, 'before the tick too');
    leader.tick(cluster.nowMs);
    assert.equal(leader.role, 'follower');
    const { messages } = leader.takeEffects();
    assert.deepEqual(messages, [], 'none of the 600 heartbeats that were missed');
    // A follower that was stopped campaigns once, not for each timeout it slept through.
    const sleeper = cluster.raft(2);
    sleeper.tick(cluster.nowMs);
    const asked = sleeper.takeEffects().messages.filter(({ type }) => type === 'PreVote');
    assert.equal(asked.length, 2);
    assert.ok(sleeper.deadlineMs >= cluster.nowMs + electionTimeoutMs);
  });

  it('rule 1: time that is read in the wrong order does not go back', () => {
    const { cluster, leader } = leased(0.01);
    const until = leader.leaseUntilMs;
    leader.applied(leader.appliedIndex);
    assert.equal(leader.leaseReadIndex(until + 1), null);
    assert.equal(leader.leaseReadIndex(cluster.nowMs), null);
  });

  for (const drift of [0, 0.01, 0.1]) {
    it(`rule 2: a lease at a drift of ${drift} counts from when the round was sent`, () => {
      const { cluster, leader } = leased(drift);
      cluster.nowMs += 100;
      leader.tick(cluster.nowMs);
      const sentMs = cluster.nowMs;
      cluster.turn(1);
      cluster.deliver();
      for (const id of [2, 3]) cluster.turn(id);
      const answers = cluster.network;
      cluster.network = [];
      cluster.nowMs += 400;
      for (const message of answers) leader.step(message, cluster.nowMs);
      const lastsMs = (electionTimeoutMs * (1 - drift)) / (1 + drift);
      assert.equal(leader.leaseUntilMs, sentMs + lastsMs);
    });
  }

  it('rule 2: the set that confirms a lease meets every quorum that elects', () => {
    const cluster = new Cluster(5, { maxClockDrift: 0 });
    const leader = cluster.lead(1);
    cluster.pass(300);
    cluster.partition([1, 2], [3, 4, 5]);
    cluster.pass(electionTimeoutMs);
    assert.equal(leader.leaseReadIndex(cluster.nowMs), null, 'one of four answers');

    const flexible = new Cluster(5, { maxClockDrift: 0 });
    const two = flexible.lead(1);
    const sizes = { commit: 2, election: 4 };
    two.proposeMembership({ steps: [], quorum: sizes }, flexible.nowMs);
    flexible.pass(300);
    assert.deepEqual(two.configuration.quorum, sizes);
    flexible.partition([1, 2], [3, 4, 5]);
    flexible.pass(3 * electionTimeoutMs);
    assert.ok(two.leaseReadIndex(flexible.nowMs) !== null, 'and here it is enough');
    assert.deepEqual(flexible.leaders(), [two]);
  });

  it('rule 2: no lease by what a term before has answered', () => {
    const lonely = new Cluster(3, { maxClockDrift: 0 });
    lonely.settle();
    lonely.nowMs += 2 * electionTimeoutMs;
    lonely.raft(1).tick(lonely.nowMs);
    for (let exchange = 0; exchange < 12; exchange++) {
      for (const id of [1, 2, 3]) lonely.turn(id);
      lonely.deliver(({ type }) => type !== 'HeartbeatResponse');
    }
    assert.equal(lonely.raft(1).commitIndex, 1);
    assert.equal(lonely.raft(1).leaseReadIndex(lonely.nowMs), null);
  });

  it('rule 2: a voter is loyal for an election timeout after it heard the leader', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const { raft } = cluster.get(2);
    const answers = (message: RaftMessage, nowMs: number): readonly RaftMessage[] => {
      raft.step(message, nowMs);
      return [...cluster.turn(2).messages, ...cluster.turn(2).messages];
    };
    answers(heartbeat(1, 2, 1), 5000);
    const early = 5000 + electionTimeoutMs - 1;
    assert.deepEqual(answers(requestVote(3, 2, 9, [9, 9]), early), []);
    const preVote = { type: 'PreVote', from: 3, to: 2, term: 9, lastLogIndex: 9, lastLogTerm: 9 };
    const [refused] = answers(preVote as RaftMessage, early);
    assert.ok(refused?.type === 'PreVoteResponse' && !refused.granted);
    const [granted] = answers(requestVote(3, 2, 9, [9, 9]), early + 1);
    assert.ok(granted?.type === 'RequestVoteResponse' && granted.granted);
  });

  it('rule 2: and for as long after its own start', () => {
    const cluster = new Cluster(3);
    cluster.lead(1);
    const { raft } = cluster.restart(2);
    const startedMs = cluster.nowMs;
    const request = requestVote(3, 2, 9, [9, 9]);
    raft.step(request, startedMs + electionTimeoutMs - 1);
    assert.equal(raft.currentTerm, 1, 'it does not even listen');
    raft.step(request, startedMs + electionTimeoutMs);
    assert.equal(raft.votedFor, 3);
  });

  it('rule 2: no leader is forgotten where there are leases', () => {
    for (const maxClockDrift of [0.01, null]) {
      const cluster = new Cluster(3, { maxClockDrift });
      cluster.lead(1);
      const { raft } = cluster.get(2);
      assert.equal(raft.forgetLeader(cluster.nowMs), maxClockDrift === null);
      raft.step(requestVote(3, 2, 9, [9, 9]), cluster.nowMs + 1);
      assert.equal(raft.currentTerm, maxClockDrift === null ? 9 : 1);
    }
  });

  it('rule 3: no lease until the target has answered that the TimeoutNow is void', () => {
    const { cluster, leader } = leased(0);
    leader.transferLeadership(2, cluster.nowMs);
    cluster.turn(1);
    const [late] = cluster.network.filter(({ type }) => type === 'TimeoutNow');
    assert.ok(late !== undefined);
    cluster.network = [];
    // Node 2 answers nothing from here on; node 3 goes on to support the leader.
    cluster.cut.add('2>1');
    cluster.pass(electionTimeoutMs + 200);
    assert.equal(cluster.propose(1, 'again').outcome, 'appended', 'it was given up');
    assert.equal(leader.leaseReadIndex(cluster.nowMs), null);
    cluster.pass(5 * electionTimeoutMs, 100);
    assert.equal(leader.leaseReadIndex(cluster.nowMs), null, 'however long that takes');
    cluster.heal();
    cluster.pass(200);
    assert.ok(leader.leaseReadIndex(cluster.nowMs) !== null);
    // And it is void: what comes this late makes no second leader.
    cluster.raft(2).step(late, cluster.nowMs);
    cluster.settle();
    assert.equal(cluster.raft(2).role, 'follower');
  });

  it('rule 3: an answer to a heartbeat of before the transfer was given up is not enough', () => {
    const { cluster, leader } = leased(0);
    leader.transferLeadership(2, cluster.nowMs);
    cluster.turn(1);
    cluster.network = [];
    const notCancelling: RaftMessage[] = [];
    for (let round = 0; round < 9; round++) {
      cluster.nowMs += 100;
      leader.tick(cluster.nowMs);
      cluster.turn(1);
      cluster.deliver();
      for (const id of [2, 3]) cluster.turn(id);
      notCancelling.push(...cluster.network.filter(({ from }) => from === 2));
      cluster.network = cluster.network.filter(({ from }) => from === 3);
      cluster.deliver();
    }
    assert.ok(notCancelling.length > 0);
    cluster.nowMs += 200;
    leader.tick(cluster.nowMs);
    assert.equal(leader.role, 'leader');
    cluster.turn(1);
    cluster.network = [];
    for (const message of notCancelling) leader.step(message, cluster.nowMs);
    assert.ok(!leader.transferring);
    assert.equal(leader.leaseReadIndex(cluster.nowMs), null);
  });

  it('rule 3: a TimeoutNow is for the life of the process that it was meant for', () => {
    const { cluster, leader } = leased(0);
    leader.transferLeadership(2, cluster.nowMs);
    cluster.turn(1);
    const [late] = cluster.network.filter(({ type }) => type === 'TimeoutNow');
    assert.ok(late !== undefined);
    cluster.network = [];
    cluster.pass(electionTimeoutMs + 200);
    assert.ok(leader.leaseReadIndex(cluster.nowMs) !== null, 'node 2 knows that it is void');
    // Then its process starts anew, and has forgotten that it was told.
    const { raft } = cluster.start(2, cluster.get(2).disk, { prng: cluster.prngOf(4242) });
    raft.step(heartbeat(1, 2, leader.currentTerm), cluster.nowMs);
    raft.step(late, cluster.nowMs);
    assert.equal(raft.role, 'follower');
  });
});

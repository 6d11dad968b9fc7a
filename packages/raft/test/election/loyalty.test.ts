import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RaftMessage } from '@quorate/schema';
import { Cluster, electionTimeoutMs } from '../support/cluster.ts';
import { append, entries, heartbeat, requestVote } from '../support/messages.ts';

function quietCluster(): Cluster {
  const cluster = new Cluster(3);
  cluster.settle();
  return cluster;
}

/** What node 2 answers to a message at a time. */
function answers(cluster: Cluster, message: RaftMessage, nowMs: number): RaftMessage[] {
  const before = cluster.sent.length;
  cluster.nowMs = nowMs;
  cluster.raft(2).step(message, nowMs);
  cluster.turn(2);
  cluster.turn(2);
  return cluster.sent.slice(before);
}

const preVote = (term: number): RaftMessage => ({
  type: 'PreVote',
  from: 3,
  to: 2,
  term,
  lastLogIndex: 9,
  lastLogTerm: 9,
});

describe('a voter that has just started', () => {
  it('gives no vote for an election timeout: it may have answered a leader before (rule 2)', () => {
    const cluster = quietCluster();
    const early = answers(cluster, requestVote(3, 2, 5), electionTimeoutMs - 1);
    assert.deepEqual(early, []);
    assert.equal(cluster.raft(2).currentTerm, 0);
    const [late] = answers(cluster, requestVote(3, 2, 5), electionTimeoutMs);
    assert.equal(late?.type === 'RequestVoteResponse' && late.granted, true);
  });

  it('after a restart too', () => {
    const cluster = quietCluster();
    cluster.nowMs = 10_000;
    cluster.restart(2);
    assert.deepEqual(answers(cluster, requestVote(3, 2, 5), 10_000 + electionTimeoutMs - 1), []);
  });
});

describe('a voter that hears a leader', () => {
  it('does not even learn of a higher term from a candidate', () => {
    const cluster = quietCluster();
    cluster.raft(2).step(heartbeat(1, 2, 1), 5000);
    cluster.turn(2);
    cluster.turn(2);
    assert.deepEqual(answers(cluster, requestVote(3, 2, 9), 5500), []);
    assert.equal(cluster.raft(2).currentTerm, 1);
    assert.equal(cluster.raft(2).leaderId, 1);
  });

  it('refuses pre-votes, and stops doing so when it hears the leader no more', () => {
    const cluster = quietCluster();
    cluster.raft(2).step(heartbeat(1, 2, 1), 5000);
    cluster.turn(2);
    cluster.turn(2);
    const granted = (nowMs: number): boolean => {
      const [answer] = answers(cluster, preVote(2), nowMs);
      return answer?.type === 'PreVoteResponse' && answer.granted;
    };
    assert.equal(granted(5000 + electionTimeoutMs - 1), false);
    assert.equal(granted(5000 + electionTimeoutMs), true);
    assert.equal(cluster.raft(2).currentTerm, 1, 'a pre-vote changes nothing');
  });

  it('gives its vote all the same when that leader hands over', () => {
    const cluster = quietCluster();
    cluster.raft(2).step(heartbeat(1, 2, 1), 5000);
    cluster.turn(2);
    cluster.turn(2);
    const [answer] = answers(cluster, requestVote(3, 2, 2, [9, 1], true), 5001);
    assert.equal(answer?.type === 'RequestVoteResponse' && answer.granted, true);
  });
});

describe('a leader', () => {
  it('is not deposed by a candidate it does not need', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect();
    const term = leader.currentTerm;
    const stranger = leader.nodeId === 3 ? 2 : 3;
    const request = requestVote(stranger, leader.nodeId, term + 7, [99, term + 6]);
    leader.step(request, cluster.nowMs);
    assert.equal(leader.role, 'leader');
    assert.equal(leader.currentTerm, term);
  });

  it('gives way to a higher term that a follower has reached', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect();
    const from = leader.nodeId === 3 ? 2 : 3;
    const term = leader.currentTerm + 3;
    const message = {
      type: 'HeartbeatResponse',
      from,
      to: leader.nodeId,
      term,
      round: 1,
      life: 1,
    } as const;
    leader.step(message, cluster.nowMs);
    assert.equal(leader.role, 'follower');
    assert.equal(leader.currentTerm, term);
    assert.equal(leader.leaderId, 0);
  });
});

describe('a vote', () => {
  it('is refused to a shorter log and to an older one', () => {
    const cluster = quietCluster();
    cluster.raft(2).step(append({ from: 1, to: 2, term: 3 }, [0, 0], entries(1, 4, 3)), 0);
    cluster.settle();
    const granted = (term: number, log: [number, number]): boolean => {
      const [answer] = answers(cluster, requestVote(3, 2, term, log), 5000);
      return answer?.type === 'RequestVoteResponse' && answer.granted;
    };
    assert.equal(granted(4, [3, 3]), false);
    assert.equal(granted(5, [99, 2]), false);
    assert.equal(granted(6, [4, 3]), true);
  });

  it('is not given in a term whose leader is known', () => {
    const cluster = quietCluster();
    cluster.raft(2).step(heartbeat(1, 2, 4), 0);
    cluster.turn(2);
    cluster.turn(2);
    const [answer] = answers(cluster, requestVote(3, 2, 4, [99, 9]), 5000);
    assert.equal(answer?.type === 'RequestVoteResponse' && answer.granted, false);
  });

  it('is given by a node that does not know that it is a voter (bug 17)', () => {
    const cluster = quietCluster();
    const { disk } = cluster.get(2);
    const configuration = { ...disk.snapshot.configuration, voters: [1, 3], learners: [2] };
    cluster.get(2).disk = { ...disk, snapshot: { ...disk.snapshot, configuration } };
    cluster.restart(2);
    assert.equal(cluster.raft(2).role, 'learner');
    const [answer] = answers(cluster, requestVote(3, 2, 4), 5000);
    assert.equal(answer?.type === 'RequestVoteResponse' && answer.granted, true);
  });

  it('counts once however often it comes', () => {
    const cluster = new Cluster(5);
    cluster.settle();
    const { raft } = cluster.get(1);
    raft.tick(5000);
    cluster.turn(1);
    const answer = { type: 'PreVoteResponse', from: 2, to: 1, term: 1, granted: true } as const;
    for (let i = 0; i < 4; i++) raft.step(answer, 5000);
    assert.equal(raft.role, 'preCandidate');
    raft.step({ ...answer, from: 3 }, 5000);
    assert.equal(raft.role, 'candidate');
  });

  it('of an earlier campaign does not count in the next (bug 12)', () => {
    const cluster = quietCluster();
    const { raft } = cluster.get(1);
    raft.tick(5000);
    raft.step({ type: 'PreVoteResponse', from: 2, to: 1, term: 1, granted: true }, 5000);
    assert.equal(raft.role, 'candidate');
    assert.equal(raft.currentTerm, 1);
    raft.tick(9000);
    assert.equal(raft.role, 'preCandidate');
    raft.step({ type: 'PreVoteResponse', from: 2, to: 1, term: 1, granted: true }, 9000);
    assert.equal(raft.role, 'preCandidate', 'that was asked for term 1, this asks for term 2');
  });
});

describe('a learner', () => {
  it('never campaigns', () => {
    const cluster = quietCluster();
    const { disk } = cluster.get(2);
    const configuration = { ...disk.snapshot.configuration, voters: [1, 3], learners: [2] };
    cluster.get(2).disk = { ...disk, snapshot: { ...disk.snapshot, configuration } };
    const { raft } = cluster.restart(2);
    assert.equal(raft.deadlineMs, Number.POSITIVE_INFINITY);
    raft.tick(1e6);
    assert.equal(raft.role, 'learner');
    raft.step({ type: 'TimeoutNow', from: 1, to: 2, term: 0, round: 1, life: 1 }, 1e6);
    assert.equal(raft.role, 'learner');
  });
});

describe('time', () => {
  it('that seems to go back changes nothing', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect();
    leader.tick(0);
    assert.equal(leader.propose([new Uint8Array(1)], 0, 1).outcome, 'appended');
    assert.equal(leader.role, 'leader');
  });

  it('that jumps far ahead causes one campaign, not one for each timeout missed', () => {
    const cluster = quietCluster();
    const { raft } = cluster.get(1);
    raft.tick(1e9);
    const asked = raft.takeEffects().messages.filter(({ type }) => type === 'PreVote');
    assert.equal(asked.length, 2);
    assert.ok(raft.deadlineMs >= 1e9 + electionTimeoutMs);
    assert.ok(raft.deadlineMs < 1e9 + 2 * electionTimeoutMs);
  });
});

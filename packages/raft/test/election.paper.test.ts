import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cluster, electionTimeoutMs } from './support/cluster.ts';

describe('3.4 leader election', () => {
  it('elects exactly one leader', () => {
    const cluster = new Cluster(3);
    cluster.elect();
    cluster.pass(5000);
    assert.equal(cluster.leaders().length, 1);
  });

  it('elects the only node of a cluster of one, once its vote is durable', () => {
    const cluster = new Cluster(1);
    const member = cluster.get(1);
    cluster.settle();
    member.autoPersist = false;
    cluster.pass(2 * electionTimeoutMs);
    assert.equal(member.raft.role, 'candidate');
    member.autoPersist = true;
    cluster.settle();
    assert.equal(member.raft.role, 'leader');
  });

  it('elects nobody without a majority, and raises no term either', () => {
    const cluster = new Cluster(5);
    const term = cluster.elect().currentTerm;
    const leader = cluster.leaders()[0]?.nodeId ?? 0;
    const others = [1, 2, 3, 4, 5].filter((id) => id !== leader);
    cluster.partition([leader, others[0] as number], others.slice(1, 2));
    cluster.partition([leader, others[0] as number], others.slice(2));
    cluster.partition(others.slice(1, 2), others.slice(2));
    cluster.pass(20 * electionTimeoutMs);
    assert.equal(cluster.leaders().length, 0);
    for (const id of [1, 2, 3, 4, 5]) assert.equal(cluster.raft(id).currentTerm, term);
  });

  it('a vote and its term are durable before the answer leaves (bugs 2, 3)', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    cluster.nowMs = 3000;
    const voter = cluster.get(2);
    voter.autoPersist = false;
    voter.raft.step(
      {
        type: 'RequestVote',
        from: 1,
        to: 2,
        term: 5,
        lastLogIndex: 0,
        lastLogTerm: 0,
        leadershipTransfer: false,
      },
      cluster.nowMs,
    );
    assert.deepEqual(cluster.turn(2).messages, []);
    assert.deepEqual(voter.writes[0]?.hardState, { term: 5, votedFor: 1, commitIndex: 0 });
    voter.persistNext(cluster.nowMs);
    const [answer] = cluster.turn(2).messages;
    assert.equal(answer?.type === 'RequestVoteResponse' && answer.granted, true);
  });

  it('gives one vote a term, also after a restart', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const ask = (from: number): boolean => {
      const request = {
        type: 'RequestVote',
        from,
        to: 3,
        term: 7,
        lastLogIndex: 9,
        lastLogTerm: 6,
        leadershipTransfer: false,
      } as const;
      cluster.raft(3).step(request, cluster.nowMs);
      cluster.turn(3);
      const answer = cluster.turn(3).messages.at(-1) ?? cluster.sent.at(-1);
      return answer?.type === 'RequestVoteResponse' && answer.granted;
    };
    cluster.nowMs = 3000;
    assert.equal(ask(1), true);
    assert.equal(ask(2), false);
    cluster.restart(3);
    cluster.nowMs = 6000;
    assert.equal(ask(2), false);
    assert.equal(ask(1), true, 'the same candidate may ask again');
  });
});

describe('3.6.1 election restriction', () => {
  it('refuses a candidate whose log is behind', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect().nodeId;
    const behind = leader === 1 ? 2 : 1;
    const other = 6 - leader - behind;
    cluster.partition([behind], [leader, other]);
    cluster.propose(leader, 'a');
    cluster.settle();
    cluster.heal();
    cluster.partition([leader], [behind, other]);
    cluster.pass(4 * electionTimeoutMs);
    assert.deepEqual(
      cluster
        .leaders()
        .map((raft) => raft.nodeId)
        .filter((id) => id !== leader),
      [other],
    );
    assert.deepEqual(cluster.appliedTexts(behind), ['a']);
  });
});

describe('9.6 pre-vote and loyalty', () => {
  it('a node that was cut off does not disturb the leader when it returns', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect();
    const term = leader.currentTerm;
    const away = leader.nodeId === 1 ? 2 : 1;
    cluster.partition(
      [away],
      [1, 2, 3].filter((id) => id !== away),
    );
    cluster.pass(10 * electionTimeoutMs);
    cluster.heal();
    cluster.pass(2 * electionTimeoutMs);
    assert.equal(cluster.leaders()[0]?.nodeId, leader.nodeId);
    assert.equal(leader.currentTerm, term);
  });

  it('a link that is cut one way causes no election (bug 13)', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect();
    const term = leader.currentTerm;
    const deaf = leader.nodeId === 3 ? 2 : 3;
    cluster.cut.add(`${leader.nodeId}>${deaf}`);
    cluster.pass(10 * electionTimeoutMs);
    assert.equal(leader.role, 'leader');
    assert.equal(leader.currentTerm, term);
  });

  it('a low term with a long log and a high term with a short one still elect (bug 11)', () => {
    const cluster = new Cluster(2);
    const leader = cluster.elect().nodeId;
    const other = 3 - leader;
    cluster.partition([leader], [other]);
    cluster.propose(leader, 'long');
    cluster.settle();
    const disk = cluster.get(other).disk;
    cluster.get(other).disk = { ...disk, hardState: { ...disk.hardState, term: 50, votedFor: 0 } };
    cluster.restart(other);
    cluster.pass(2 * electionTimeoutMs);
    cluster.heal();
    assert.equal(cluster.elect().nodeId, leader);
  });
});

describe('6.2 a leader without a quorum steps down', () => {
  it('steps down within an election timeout of losing its followers', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect();
    cluster.partition(
      [leader.nodeId],
      [1, 2, 3].filter((id) => id !== leader.nodeId),
    );
    cluster.pass(electionTimeoutMs + 100);
    assert.equal(leader.role === 'leader', false);
    assert.equal(leader.leaderId, 0);
  });

  it('after a pause it learns that it is none before it does anything as leader', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect();
    cluster.nowMs += 10 * electionTimeoutMs;
    leader.tick(cluster.nowMs);
    assert.equal(leader.role, 'follower');
    assert.equal(cluster.propose(leader.nodeId, 'late').outcome, 'notLeader');
  });

  it('steps down when its own disk stands still, though its followers answer (bug 15)', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect();
    cluster.get(leader.nodeId).autoPersist = false;
    cluster.propose(leader.nodeId, 'stuck');
    cluster.pass(electionTimeoutMs + 100);
    assert.equal(leader.role === 'leader', false);
    cluster.pass(3 * electionTimeoutMs);
    assert.equal(cluster.leaders().length, 1);
    assert.notEqual(cluster.leaders()[0]?.nodeId, leader.nodeId);
  });
});

describe('3.10 leadership transfer', () => {
  it('the target leads at once, and nothing acknowledged is lost', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect();
    const target = leader.nodeId === 3 ? 1 : 3;
    cluster.propose(leader.nodeId, 'before');
    cluster.settle();
    assert.equal(leader.transferLeadership(target, cluster.nowMs), null);
    assert.equal(cluster.propose(leader.nodeId, 'during').outcome, 'overloaded');
    cluster.settle();
    assert.equal(cluster.raft(target).role, 'leader');
    assert.equal(leader.role, 'follower');
    assert.deepEqual(cluster.appliedTexts(target), ['before']);
  });

  it('is given up when the target stays silent, and writes resume (bug 38)', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect();
    const target = leader.nodeId === 3 ? 1 : 3;
    cluster.partition(
      [target],
      [1, 2, 3].filter((id) => id !== target),
    );
    leader.transferLeadership(target, cluster.nowMs);
    cluster.pass(electionTimeoutMs + 100);
    assert.equal(leader.role, 'leader');
    assert.equal(cluster.propose(leader.nodeId, 'after').outcome, 'appended');
  });
});

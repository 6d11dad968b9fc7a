import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cluster, electionTimeoutMs } from '../support/cluster.ts';
import { heartbeat, requestVote } from '../support/messages.ts';

describe('a voter that hears a leader', () => {
  it('rule 2: gives no vote in a term that something else than a candidate told it of', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const { raft } = cluster.get(2);
    raft.step(heartbeat(1, 2, 5), 5000);
    cluster.turn(2);
    // An old question of its own, asked before it heard node 1, is answered by a candidate.
    raft.step({ type: 'PreVoteResponse', from: 3, to: 2, term: 6, granted: false }, 5010);
    assert.equal(raft.currentTerm, 6);
    cluster.turn(2);
    cluster.sent.length = 0;
    // Node 1 counts on this vote staying away until an election timeout after the heartbeat.
    raft.step(requestVote(3, 2, 6, [9, 5]), 5020);
    cluster.turn(2);
    cluster.turn(2);
    assert.equal(raft.votedFor, 0);
    const granted = cluster.sent.filter(
      (message) => message.type === 'RequestVoteResponse' && message.granted,
    );
    assert.deepEqual(granted, []);
  });

  it('rule 2: so that no leader is elected while another holds a lease', () => {
    const cluster = new Cluster(3, { maxClockDrift: 0 });
    const old = cluster.lead(1);
    cluster.pass(200);
    // Nothing of node 1 arrives any more; its last round is on its way to node 2.
    cluster.cut.add('1>3');
    const silentSince = cluster.nowMs;
    cluster.nowMs = silentSince + electionTimeoutMs - 10;
    old.tick(cluster.nowMs);
    cluster.turn(1);
    const delayed = cluster.network.filter(({ type, to }) => type === 'Heartbeat' && to === 2);
    cluster.network = [];
    assert.equal(delayed.length, 1);
    // Node 3 campaigns with the pre-vote of node 2; its request for the vote is slow.
    cluster.nowMs = Math.max(cluster.raft(2).deadlineMs, cluster.raft(3).deadlineMs);
    cluster.raft(3).tick(cluster.nowMs);
    cluster.turn(3);
    cluster.deliver(({ to }) => to === 2);
    cluster.turn(2);
    cluster.deliver(({ to }) => to === 3);
    cluster.turn(3);
    cluster.turn(3);
    const asked = cluster.network.filter(({ type, to }) => type === 'RequestVote' && to === 2);
    cluster.network = [];
    assert.equal(asked.length, 1);
    // Node 2 asks for itself, is told of the term, and between the two hears node 1.
    cluster.raft(2).tick(cluster.nowMs);
    cluster.turn(2);
    cluster.deliver(({ to }) => to === 3);
    cluster.turn(3);
    const refusal = cluster.network.filter(({ type }) => type === 'PreVoteResponse');
    cluster.network = [];
    for (const message of delayed) cluster.raft(2).step(message, cluster.nowMs);
    cluster.turn(2);
    const answer = cluster.network.filter(({ type }) => type === 'HeartbeatResponse');
    cluster.network = [];
    // The process of node 1 stood still, and reads its socket first.
    for (const message of answer) old.step(message, cluster.nowMs);
    for (const message of [...refusal, ...asked]) cluster.raft(2).step(message, cluster.nowMs);
    cluster.turn(2);
    cluster.turn(2);
    cluster.deliver(({ to }) => to === 3);
    cluster.turn(3);
    const leads = cluster.raft(3).role === 'leader';
    const lease = old.leaseReadIndex(cluster.nowMs);
    assert.ok(!(leads && lease !== null), 'node 3 leads and node 1 holds a lease');
  });
});

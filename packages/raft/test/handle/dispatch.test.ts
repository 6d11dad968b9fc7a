import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RaftMessage } from '@quorate/schema';
import type { Raft } from '../../src/index.ts';
import { Cluster, electionTimeoutMs } from '../support/cluster.ts';
import {
  append,
  heartbeat,
  installSnapshot,
  requestVote,
  snapshotOf,
} from '../support/messages.ts';

function quietCluster(): Cluster {
  const cluster = new Cluster(3);
  cluster.settle();
  return cluster;
}

/** What node 2 says to a message, once what it promises is durable. */
function answers(cluster: Cluster, message: RaftMessage): RaftMessage[] {
  const before = cluster.sent.length;
  cluster.raft(2).step(message, cluster.nowMs);
  cluster.turn(2);
  cluster.turn(2);
  return cluster.sent.slice(before);
}

const stale = { from: 1, to: 2, term: 4 };
const back = { from: 2, to: 1, term: 5 };
const refusedAppend = {
  ...back,
  type: 'AppendEntriesResponse',
  success: false,
  matchIndex: 0,
  repairing: false,
  rejectedIndex: 0,
  hintIndex: 0,
  hintTerm: 0,
};

describe('a message of an earlier term', () => {
  const table: [RaftMessage, object][] = [
    [
      { ...stale, type: 'PreVote', lastLogIndex: 9, lastLogTerm: 9 },
      { ...back, type: 'PreVoteResponse', granted: false },
    ],
    [requestVote(1, 2, 4, [9, 4]), { ...back, type: 'RequestVoteResponse', granted: false }],
    [append(stale, [0, 0], []), refusedAppend],
    [installSnapshot(1, 2, 4, snapshotOf(5, 4, [1, 2, 3])), refusedAppend],
    [heartbeat(1, 2, 4, 0, 17), { ...back, type: 'HeartbeatResponse', round: 17 }],
  ];
  for (const [message, expected] of table) {
    it(`tells its sender of this one when it is ${message.type}`, () => {
      const cluster = quietCluster();
      answers(cluster, heartbeat(3, 2, 5));
      const [answer, ...others] = answers(cluster, message);
      assert.deepEqual(others, []);
      assert.partialDeepStrictEqual(answer, expected);
      assert.equal(cluster.raft(2).leaderId, 3, 'it changes nothing');
      assert.equal(cluster.raft(2).snapshot.index, 0);
    });
  }

  it('is not answered when its sender waits for nothing', () => {
    const cluster = quietCluster();
    answers(cluster, heartbeat(3, 2, 5));
    const silent: RaftMessage[] = [
      { ...stale, type: 'CommitNotice', commitIndex: 1 },
      { ...stale, type: 'TimeoutNow', round: 9, life: 9 },
      { ...stale, type: 'ReadIndex', context: 1 },
      { ...stale, type: 'ReadIndexResponse', context: 1, index: 1 },
      { ...stale, type: 'RequestVoteResponse', granted: true },
      { ...stale, type: 'HeartbeatResponse', round: 1, life: 1 },
    ];
    for (const message of silent) assert.deepEqual(answers(cluster, message), [], message.type);
  });
});

describe('a message of a later term', () => {
  const later = { from: 3, to: 2, term: 7 };
  const fromLeader: RaftMessage[] = [
    append(later, [0, 0], []),
    heartbeat(3, 2, 7),
    { ...later, type: 'CommitNotice', commitIndex: 0 },
    installSnapshot(3, 2, 7, snapshotOf(5, 4, [1, 2, 3])),
  ];
  for (const message of fromLeader) {
    it(`names the leader of its term at once when it is ${message.type}`, () => {
      const cluster = quietCluster();
      const { raft } = cluster.get(2);
      raft.step(message, 0);
      const { leadership } = raft.takeEffects();
      assert.deepEqual(leadership, [{ term: 7, role: 'follower', leader: 3 }]);
    });
  }

  it('ends a campaign, also when it seems to grant a vote', () => {
    const cluster = quietCluster();
    const { raft } = cluster.get(2);
    campaign(cluster, raft);
    const { currentTerm } = raft;
    assert.equal(raft.role, 'candidate');
    const term = currentTerm + 3;
    raft.step({ type: 'RequestVoteResponse', from: 3, to: 2, term, granted: true }, cluster.nowMs);
    assert.equal(raft.role, 'follower');
    assert.equal(raft.currentTerm, term);
  });
});

/** Makes a candidate of a node whose pre-vote node 3 grants. */
function campaign(cluster: Cluster, raft: Raft): void {
  cluster.nowMs += 2 * electionTimeoutMs;
  raft.tick(cluster.nowMs);
  assert.equal(raft.role, 'preCandidate');
  const term = raft.currentTerm + 1;
  const to = raft.nodeId;
  raft.step({ type: 'PreVoteResponse', from: 3, to, term, granted: true }, cluster.nowMs);
  cluster.turn(to);
}

/** Node 2 is not who it was, as node 1 knows. */
function withImpostor(): { cluster: Cluster; raft: Raft } {
  const cluster = quietCluster();
  const { raft } = cluster.get(1);
  raft.peerIncarnation(2, 10, 0);
  raft.peerIncarnation(2, 99, 0);
  assert.ok(raft.isImpostor(2));
  return { cluster, raft };
}

function leaderWithImpostor(): { cluster: Cluster; raft: Raft } {
  const { cluster, raft } = withImpostor();
  cluster.partition([2], [1, 3]);
  cluster.lead(1);
  cluster.heal();
  cluster.network = [];
  return { cluster, raft };
}

describe('what a node promises that has lost its data (bug 20)', () => {
  it('does not help a campaign', () => {
    const { cluster, raft } = withImpostor();
    cluster.nowMs += 2 * electionTimeoutMs;
    raft.tick(cluster.nowMs);
    const term = raft.currentTerm + 1;
    const grant = { to: 1, term, granted: true };
    raft.step({ ...grant, type: 'PreVoteResponse', from: 2 }, cluster.nowMs);
    assert.equal(raft.role, 'preCandidate');
    raft.step({ ...grant, type: 'PreVoteResponse', from: 3 }, cluster.nowMs);
    cluster.turn(1);
    assert.equal(raft.role, 'candidate');
    raft.step({ ...grant, type: 'RequestVoteResponse', from: 2 }, cluster.nowMs);
    assert.equal(raft.role, 'candidate');
    raft.step({ ...grant, type: 'RequestVoteResponse', from: 3 }, cluster.nowMs);
    assert.equal(raft.role, 'leader');
  });

  it('acknowledges no entries', () => {
    const { cluster, raft } = leaderWithImpostor();
    const { currentTerm: term, lastIndex: matchIndex } = raft;
    const message: RaftMessage = {
      type: 'AppendEntriesResponse',
      from: 2,
      to: 1,
      term,
      success: true,
      matchIndex,
      repairing: false,
      rejectedIndex: 0,
      hintIndex: 0,
      hintTerm: 0,
      life: 0,
    };
    raft.step(message, cluster.nowMs);
    assert.equal(raft.peers.find(({ id }) => id === 2)?.matchIndex, 0);
  });

  it('confirms no read', () => {
    const { cluster, raft } = leaderWithImpostor();
    raft.readIndex(1, cluster.nowMs);
    const beat = cluster.turn(1).messages.find(({ type }) => type === 'Heartbeat');
    assert.ok(beat?.type === 'Heartbeat');
    const { term, round } = beat;
    for (const [from, confirmed] of [
      [2, 0],
      [3, 1],
    ] as const) {
      raft.step({ type: 'HeartbeatResponse', from, to: 1, term, round, life: 5 }, cluster.nowMs);
      cluster.turn(1);
      assert.equal(cluster.get(1).reads.length, confirmed, `after node ${from}`);
    }
  });

  it('is all that is not heard: its requests are', () => {
    const { cluster, raft } = withImpostor();
    raft.step(heartbeat(2, 1, 3), cluster.nowMs);
    assert.equal(raft.leaderId, 2);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RaftMessage } from '@quorate/schema';
import { majorityConfiguration } from '@quorate/schema';
import type { Raft } from '../../src/index.ts';
import { Cluster } from '../support/cluster.ts';
import { heartbeat } from '../support/messages.ts';

/** Node 2 follows node 1 in term 3. */
function follower(): { cluster: Cluster; raft: Raft } {
  const cluster = new Cluster(3);
  cluster.settle();
  const { raft } = cluster.get(2);
  raft.step(heartbeat(1, 2, 3), 0);
  cluster.turn(2);
  cluster.turn(2);
  return { cluster, raft };
}

const acknowledgement = {
  type: 'AppendEntriesResponse',
  success: true,
  matchIndex: 1,
  repairing: false,
  rejectedIndex: 0,
  hintIndex: 0,
  hintTerm: 0,
  life: 0,
} as const;

describe('what only a leader can answer', () => {
  const between = { from: 3, to: 2, term: 3 };
  const messages: RaftMessage[] = [
    { ...between, type: 'ReadIndex', context: 1 },
    {
      ...between,
      type: 'AwaitDurability',
      context: 1,
      index: 1,
      durability: { depth: 1, domains: 1 },
    },
    { ...between, type: 'HeartbeatResponse', round: 1, life: 1 },
    { ...between, ...acknowledgement },
    { ...between, type: 'RequestVoteResponse', granted: true },
    { ...between, type: 'PreVoteResponse', granted: true },
  ];
  for (const message of messages) {
    it(`is ignored by a follower when it is ${message.type}`, () => {
      const { cluster, raft } = follower();
      raft.step(message, 0);
      assert.deepEqual(cluster.turn(2).messages, []);
      assert.equal(raft.role, 'follower');
    });
  }
});

describe('what a leader hears of a stranger', () => {
  it('is ignored', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    const { currentTerm: term, peers } = leader;
    const between = { from: 9, to: 1, term };
    leader.step({ ...between, type: 'HeartbeatResponse', round: 1, life: 1 }, cluster.nowMs);
    leader.step({ ...between, ...acknowledgement }, cluster.nowMs);
    assert.deepEqual(leader.peers, peers);
  });
});

describe('an answer to what was never asked', () => {
  it('about durability is not passed on', () => {
    const { raft } = follower();
    raft.awaitDurability(5, 1, { depth: 1, domains: 1 }, 0);
    const answer = { type: 'DurabilityReached', from: 1, to: 2, term: 3, reached: true } as const;
    raft.step({ ...answer, context: 6 }, 0);
    assert.deepEqual(raft.takeEffects().durability, []);
    raft.step({ ...answer, context: 5 }, 0);
    raft.step({ ...answer, context: 5 }, 0);
    assert.deepEqual(raft.takeEffects().durability, [{ context: 5, reached: true }]);
  });

  it('about a read is not passed on', () => {
    const { raft } = follower();
    raft.readIndex(5, 0);
    const answer = { type: 'ReadIndexResponse', from: 1, to: 2, term: 3, index: 8 } as const;
    raft.step({ ...answer, context: 6 }, 0);
    assert.deepEqual(raft.takeEffects().reads, []);
    raft.step({ ...answer, context: 5 }, 0);
    raft.step({ ...answer, context: 5 }, 0);
    assert.deepEqual(raft.takeEffects().reads, [{ context: 5, index: 8 }]);
  });
});

describe('a lead that is offered', () => {
  it('is not taken by a learner', () => {
    const cluster = new Cluster({ ...majorityConfiguration([1, 3]), learners: [2] });
    cluster.settle();
    const { raft } = cluster.get(2);
    raft.step(heartbeat(1, 2, 3, 0, 1), 0);
    const answer = cluster.turn(2).messages.concat(cluster.turn(2).messages)[0];
    assert.ok(answer?.type === 'HeartbeatResponse');
    const { life } = answer;
    raft.step({ type: 'TimeoutNow', from: 1, to: 2, term: 3, round: 1, life }, 0);
    assert.equal(raft.role, 'learner');
    assert.equal(raft.currentTerm, 3);
  });
});

describe('a follower that repairs its log', () => {
  it('is known as such from an acknowledgement too, and then no longer (rule 14)', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.propose(1, 'a');
    cluster.settle();
    const { currentTerm: term, lastIndex } = leader;
    const peer = (): { matchIndex: number; repairing: boolean } => {
      const view = leader.peers.find(({ id }) => id === 2);
      assert.ok(view !== undefined);
      return { matchIndex: view.matchIndex, repairing: view.repairing };
    };
    const between = { from: 2, to: 1, term, ...acknowledgement };
    const now = cluster.nowMs;
    assert.deepEqual(peer(), { matchIndex: lastIndex, repairing: false });
    leader.step({ ...between, matchIndex: 1, repairing: true }, now);
    assert.deepEqual(peer(), { matchIndex: 1, repairing: true });
    leader.step({ ...between, matchIndex: 2, repairing: true }, now);
    assert.deepEqual(peer(), { matchIndex: 2, repairing: true });
    leader.step({ ...between, matchIndex: 2 }, now);
    assert.deepEqual(peer(), { matchIndex: 2, repairing: false });
  });
});

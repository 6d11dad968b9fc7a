import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Raft } from '../../src/index.ts';
import { Cluster, electionTimeoutMs } from '../support/cluster.ts';
import { append, entries, heartbeat } from '../support/messages.ts';

/** Node 2 follows node 1 in term 3; leases are off, so that it may be told that node 1 is gone. */
function follower(): { cluster: Cluster; raft: Raft } {
  const cluster = new Cluster(3, { maxClockDrift: null });
  cluster.settle();
  const { raft } = cluster.get(2);
  raft.step(heartbeat(1, 2, 3), 0);
  cluster.turn(2);
  cluster.turn(2);
  return { cluster, raft };
}

describe('a campaign that is lost', () => {
  it('ends before its time, at the refusal that decides it', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const { raft } = cluster.get(1);
    raft.tick(2 * electionTimeoutMs);
    const refusal = { type: 'PreVoteResponse', to: 1, term: 0, granted: false } as const;
    raft.step({ ...refusal, from: 2 }, 2 * electionTimeoutMs);
    assert.equal(raft.role, 'preCandidate');
    raft.step({ ...refusal, from: 3 }, 2 * electionTimeoutMs);
    assert.equal(raft.role, 'follower');
    assert.equal(raft.currentTerm, 0);
  });
});

describe('what a follower has asked of its leader', () => {
  const ends: Record<string, (raft: Raft) => void> = {
    'another leads': (raft) => raft.step(heartbeat(3, 2, 4), 0),
    'the same leads in a later term': (raft) => raft.step(heartbeat(1, 2, 4), 0),
    'the leader is gone': (raft) => assert.equal(raft.forgetLeader(0), true),
    'it campaigns itself': (raft) => raft.tick(2 * electionTimeoutMs),
  };
  for (const [what, end] of Object.entries(ends)) {
    it(`fails when ${what}`, () => {
      const { raft } = follower();
      raft.readIndex(7, 0);
      raft.awaitDurability(8, 1, { depth: 1, domains: 1 }, 0);
      end(raft);
      const { failedReads, failedDurability } = raft.takeEffects();
      assert.deepEqual([failedReads, failedDurability], [[7], [8]]);
      raft.step(heartbeat(3, 2, 9), 0);
      assert.deepEqual(raft.takeEffects().failedReads, [], 'once');
    });
  }

  it('does not fail while it is led', () => {
    const { raft } = follower();
    raft.readIndex(7, 0);
    raft.step(heartbeat(1, 2, 3), 0);
    assert.deepEqual(raft.takeEffects().failedReads, []);
  });
});

describe('a follower that forgets its leader and hears it again', () => {
  it('still acknowledges what it was sent before', () => {
    const { cluster, raft } = follower();
    const member = cluster.get(2);
    member.autoPersist = false;
    raft.step(append({ from: 1, to: 2, term: 3 }, [0, 0], entries(1, 4, 3)), 0);
    cluster.turn(2);
    raft.forgetLeader(0);
    raft.step(heartbeat(1, 2, 3), 0);
    cluster.turn(2);
    member.persistNext(0);
    const [answer] = cluster.turn(2).messages;
    assert.ok(answer?.type === 'AppendEntriesResponse');
    assert.deepEqual([answer.to, answer.matchIndex], [1, 4]);
  });
});

describe('a leader that loses the lead', () => {
  it('fails its own reads and waits, and leaves those of others to them', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    const { currentTerm: term } = leader;
    leader.readIndex(7, cluster.nowMs);
    leader.step({ type: 'ReadIndex', from: 2, to: 1, term, context: 70 }, cluster.nowMs);
    const durability = { depth: 1, domains: 9 };
    leader.awaitDurability(8, 99, durability, cluster.nowMs);
    const wait = { type: 'AwaitDurability', index: 99, durability } as const;
    leader.step({ ...wait, from: 2, to: 1, term, context: 80 }, cluster.nowMs);
    leader.step(heartbeat(2, 1, term + 1), cluster.nowMs);
    const { failedReads, failedDurability } = leader.takeEffects();
    assert.deepEqual([failedReads, failedDurability], [[7], [8]]);
  });
});

describe('the first entry of a term', () => {
  it('has a time after that of the entry before it', () => {
    const cluster = new Cluster(3);
    cluster.lead(1);
    cluster.propose(1, 'a');
    cluster.settle();
    cluster.nowMs += electionTimeoutMs;
    const leader = cluster.lead(2);
    const { lastIndex } = leader;
    const [before, first] = [lastIndex - 1, lastIndex].map((index) => leader.entryAt(index));
    assert.equal(first?.kind, 1);
    assert.equal(first.timestampMicros, (before?.timestampMicros ?? 0) + 1);
  });
});

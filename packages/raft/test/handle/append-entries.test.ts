import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RaftMessage } from '@quorate/schema';
import { Cluster, type Member } from '../support/cluster.ts';
import { append, entries, heartbeat, installSnapshot, snapshotOf } from '../support/messages.ts';

const leaderOne = { from: 1, to: 2, term: 1 };

/** Node 2, which has durably entries 1 to 4 of term 1. */
function follower(): { cluster: Cluster; member: Member } {
  const cluster = new Cluster(3);
  cluster.settle();
  const member = cluster.get(2);
  member.raft.step(append(leaderOne, [0, 0], entries(1, 4, 1)), 0);
  cluster.turn(2);
  cluster.turn(2);
  return { cluster, member };
}

/** Up to where the follower acknowledges in its next turn; a refusal is -1. */
function acknowledged(cluster: Cluster): number[] {
  return cluster
    .turn(2)
    .messages.filter((message) => message.type === 'AppendEntriesResponse')
    .map(({ success, matchIndex }) => (success ? matchIndex : -1));
}

function terms(member: Member): (number | null)[] {
  const { lastIndex } = member.raft;
  return Array.from({ length: lastIndex }, (_, at) => member.raft.termAt(at + 1));
}

describe('entries that reach a follower', () => {
  it('are added behind those of them that it has already', () => {
    const { cluster, member } = follower();
    member.raft.step(append(leaderOne, [1, 1], entries(2, 6, 1)), 0);
    assert.deepEqual(terms(member), [1, 1, 1, 1, 1, 1]);
    assert.deepEqual(cluster.turn(2).write?.entries, entries(5, 6, 1));
    assert.deepEqual(acknowledged(cluster), [6]);
  });

  it('replace those that differ, and no others', () => {
    const { cluster, member } = follower();
    const sent = [...entries(2, 2, 1), ...entries(3, 4, 2)];
    member.raft.step(append({ ...leaderOne, term: 2 }, [1, 1], sent), 0);
    assert.deepEqual(terms(member), [1, 1, 2, 2]);
    const { write } = cluster.turn(2);
    assert.equal(write?.truncateAfter, 2);
    assert.deepEqual(write.entries, entries(3, 4, 2));
    assert.deepEqual(acknowledged(cluster), [4]);
  });

  it('are acknowledged when they come again, though the log was cut behind them', () => {
    const { cluster, member } = follower();
    member.raft.step(heartbeat(1, 2, 1, 4), 0);
    cluster.turn(2);
    cluster.turn(2);
    member.raft.compact(member.raft.snapshotMeta(3), 0);
    member.raft.step(append(leaderOne, [1, 1], entries(2, 2, 1)), 0);
    assert.deepEqual(acknowledged(cluster), [4]);
  });

  it('are acknowledged once, and not again by later writes', () => {
    const { cluster, member } = follower();
    member.autoPersist = false;
    member.raft.step(append(leaderOne, [4, 1], entries(5, 6, 1)), 0);
    assert.deepEqual(acknowledged(cluster), []);
    member.persistNext(0);
    assert.deepEqual(acknowledged(cluster), [6]);
    member.raft.compact(member.raft.snapshotMeta(0), 0);
    member.raft.step({ ...heartbeat(1, 2, 2) }, 0);
    cluster.turn(2);
    member.persistNext(0);
    assert.deepEqual(acknowledged(cluster), [], 'the write of term 2 has no entries');
  });

  it('are acknowledged in full, whatever a heartbeat says meanwhile', () => {
    const { cluster, member } = follower();
    member.autoPersist = false;
    member.raft.step(append(leaderOne, [4, 1], entries(5, 6, 1)), 0);
    cluster.turn(2);
    member.raft.step(heartbeat(1, 2, 1, 2), 0);
    member.persistNext(0);
    assert.deepEqual(acknowledged(cluster), [6]);
  });
});

describe('a snapshot that reaches a follower', () => {
  it('changes nothing when its log is cut further on already', () => {
    const { cluster, member } = follower();
    member.raft.step(heartbeat(1, 2, 1, 4), 0);
    cluster.turn(2);
    cluster.turn(2);
    member.raft.compact(member.raft.snapshotMeta(3), 0);
    cluster.turn(2);
    const late: RaftMessage = installSnapshot(1, 2, 1, snapshotOf(2, 1, [1, 2, 3]));
    member.raft.step(late, 0);
    assert.deepEqual(acknowledged(cluster), [4]);
    const { commitIndex, lastIndex, snapshot } = member.raft;
    assert.deepEqual([commitIndex, lastIndex, snapshot.index], [4, 4, 3]);
  });

  it('only commits, when the log has its last entry', () => {
    const { cluster, member } = follower();
    member.raft.step(installSnapshot(1, 2, 1, snapshotOf(3, 1, [1, 2, 3])), 0);
    assert.deepEqual(acknowledged(cluster), [4]);
    const { commitIndex, lastIndex, snapshot } = member.raft;
    assert.deepEqual([commitIndex, lastIndex, snapshot.index], [3, 4, 0]);
  });
});

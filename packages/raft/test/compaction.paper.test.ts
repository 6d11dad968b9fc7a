import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Raft } from '../src/index.ts';
import { Cluster, electionTimeoutMs } from './support/cluster.ts';
import { append, entries, entry, installSnapshot, snapshotOf } from './support/messages.ts';

// Ongaro's dissertation, chapter 5: log compaction.

/** Node 1 leads; node 3 lacks what is behind the snapshot that node 1 has taken. */
function compacted(): { cluster: Cluster; leader: Raft } {
  const cluster = new Cluster(3);
  const leader = cluster.lead(1);
  cluster.partition([3], [1, 2]);
  for (const text of ['a', 'b', 'c']) cluster.propose(1, text);
  cluster.settle();
  leader.compact(leader.snapshotMeta(leader.appliedIndex), 0);
  cluster.settle();
  return { cluster, leader };
}

describe('5.1 snapshotting memory-based state machines', () => {
  it('a snapshot carries the index and term it replaces, and the configuration there', () => {
    const { cluster, leader } = compacted();
    const { snapshot } = leader;
    assert.deepEqual([snapshot.index, snapshot.term], [leader.lastIndex, leader.currentTerm]);
    assert.deepEqual(snapshot.configuration.voters, [1, 2, 3]);
    assert.equal(leader.termAt(snapshot.index), snapshot.term, 'for the check of the next entry');
    assert.equal(leader.entryAt(snapshot.index), null);
    const { disk } = cluster.get(1);
    assert.deepEqual(disk.entries, []);
    assert.deepEqual(disk.logStart, { index: snapshot.index, term: snapshot.term });
  });

  it('servers take snapshots on their own, followers too, of what they have applied', () => {
    const cluster = new Cluster(3);
    cluster.lead(1);
    cluster.propose(1, 'a');
    cluster.settle();
    const { raft } = cluster.get(2);
    raft.compact(raft.snapshotMeta(raft.appliedIndex), 0);
    cluster.propose(1, 'b');
    cluster.settle();
    assert.deepEqual(cluster.appliedTexts(2), ['a', 'b']);
    assert.equal(cluster.raft(1).snapshot.index, 0);
    const again = cluster.restart(2).raft;
    assert.equal(again.appliedIndex, again.snapshot.index);
  });

  it('the leader sends its snapshot where the next entry is no longer in its log', () => {
    const { cluster, leader } = compacted();
    cluster.heal();
    cluster.pass(200);
    const [sending] = cluster.get(1).snapshotsToSend;
    assert.deepEqual(sending, { to: 3, snapshot: leader.snapshot });
    cluster.raft(3).step(installSnapshot(1, 3, leader.currentTerm, leader.snapshot), cluster.nowMs);
    cluster.settle();
    leader.snapshotSent(3);
    cluster.propose(1, 'd');
    cluster.settle();
    assert.equal(cluster.get(3).restored?.index, leader.snapshot.index);
    assert.deepEqual(cluster.appliedTexts(3), ['d']);
  });

  it('the receiver discards a log that conflicts or ends before, and keeps what follows', () => {
    const follower = (log: ReturnType<typeof entries>): Raft => {
      const cluster = new Cluster(3);
      cluster.settle();
      const { raft } = cluster.get(2);
      raft.step(append({ from: 1, to: 2, term: 1 }, [0, 0], log), 0);
      cluster.settle();
      raft.step(installSnapshot(3, 2, 4, snapshotOf(5, 1, [1, 2, 3])), 0);
      cluster.settle();
      return raft;
    };
    assert.equal(follower(entries(1, 3, 1)).lastIndex, 5, 'too short');
    const conflicting = follower([...entries(1, 4, 1), entry(5, 1), entry(6, 1)]);
    assert.equal(conflicting.lastIndex, 6, 'agrees at 5: what follows stays');
    assert.equal(conflicting.commitIndex, 5);
    const cluster = new Cluster(3);
    cluster.settle();
    const { raft } = cluster.get(2);
    raft.step(append({ from: 1, to: 2, term: 1 }, [0, 0], entries(1, 8, 1)), 0);
    cluster.settle();
    raft.step(installSnapshot(3, 2, 4, snapshotOf(5, 3, [1, 2, 3])), 0);
    cluster.settle();
    assert.equal(raft.lastIndex, 5, 'another term at 5: nothing stays');
  });

  it('a snapshot that is behind what is committed changes nothing', () => {
    const { cluster, leader } = compacted();
    cluster.heal();
    cluster.pass(200);
    const { raft } = cluster.get(2);
    const before = raft.lastIndex;
    const old = snapshotOf(1, 1, [1, 2, 3]);
    raft.step(installSnapshot(1, 2, leader.currentTerm, old), cluster.nowMs);
    cluster.settle();
    assert.equal(raft.lastIndex, before);
    assert.equal(cluster.get(2).restored, null);
  });
});

describe('5.1.1 snapshotting concurrently', () => {
  it('entries go on to be appended, committed and applied while one is taken', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.propose(1, 'a');
    cluster.settle();
    const meta = leader.snapshotMeta(leader.appliedIndex);
    for (const text of ['b', 'c']) cluster.propose(1, text);
    cluster.settle();
    leader.compact(meta, 0);
    cluster.settle();
    assert.equal(leader.snapshot.index, meta.index);
    assert.equal(leader.entryAt(meta.index + 1)?.index, meta.index + 1);
    const { raft } = cluster.restart(1);
    assert.equal(raft.lastIndex, meta.index + 2);
  });
});

describe('5.1.2 when to snapshot', () => {
  it('a tail of the log spares a follower that is a little late the snapshot', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.partition([3], [1, 2]);
    for (const text of ['a', 'b', 'c']) cluster.propose(1, text);
    cluster.settle();
    leader.compact(leader.snapshotMeta(leader.appliedIndex), 10);
    cluster.heal();
    cluster.pass(200);
    assert.deepEqual(cluster.get(1).snapshotsToSend, []);
    assert.deepEqual(cluster.appliedTexts(3), ['a', 'b', 'c']);
  });

  it('the log stays behind a snapshot that a follower is receiving', () => {
    const { cluster, leader } = compacted();
    cluster.heal();
    cluster.pass(200);
    const at = leader.snapshot.index;
    cluster.propose(1, 'd');
    cluster.settle();
    leader.compact(leader.snapshotMeta(leader.appliedIndex), 0);
    assert.notEqual(leader.entryAt(at + 1), null);
  });
});

describe('5.1.3 implementation concerns', () => {
  it('a restarted server begins from its snapshot and its log, and votes as before', () => {
    const { cluster, leader } = compacted();
    const { snapshot, currentTerm } = leader;
    const { raft } = cluster.restart(1);
    assert.deepEqual(raft.snapshot, snapshot);
    assert.deepEqual([raft.currentTerm, raft.votedFor], [currentTerm, 1]);
    cluster.pass(3 * electionTimeoutMs, 20);
    cluster.heal();
    cluster.elect();
    assert.ok(cluster.raft(1).commitIndex >= snapshot.index);
  });
});

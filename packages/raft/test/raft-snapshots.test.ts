import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Raft } from '../src/index.ts';
import { Cluster, heartbeatIntervalMs } from './support/cluster.ts';
import { append, entries, entry, heartbeat, snapshotOf } from './support/messages.ts';

/** Node 2, which follows node 1 in term 3. */
function follower(): { cluster: Cluster; raft: Raft } {
  const cluster = new Cluster(3);
  cluster.settle();
  cluster.raft(2).step(heartbeat(1, 2, 3), 0);
  cluster.turn(2);
  cluster.turn(2);
  return { cluster, raft: cluster.raft(2) };
}

/** Node 1 leads, and its log is cut behind what node 3, cut off, has. */
function behind(): { cluster: Cluster; leader: Raft } {
  const cluster = new Cluster(3);
  const leader = cluster.lead(1);
  cluster.partition([3], [1, 2]);
  for (let i = 0; i < 6; i++) cluster.propose(1, `x${i}`);
  cluster.settle();
  leader.compact(leader.snapshotMeta(5), 2);
  cluster.settle();
  cluster.heal();
  leader.unreachable(3);
  cluster.pass(heartbeatIntervalMs);
  return { cluster, leader };
}

describe('a snapshot that a follower is sent', () => {
  const third = (leader: Raft) => leader.peers.find(({ id }) => id === 3);

  it('is the newest, and is sent anew when sending it has failed', () => {
    const { cluster, leader } = behind();
    const { snapshotsToSend } = cluster.get(1);
    assert.deepEqual(snapshotsToSend, [{ to: 3, snapshot: leader.snapshot }]);
    assert.equal(third(leader)?.state, 'snapshot');
    leader.snapshotSent(2);
    leader.snapshotSent(9);
    cluster.raft(2).snapshotSent(3);
    assert.equal(third(leader)?.state, 'snapshot');
    leader.snapshotSent(3);
    assert.equal(third(leader)?.state, 'probe');
    cluster.pass(3 * heartbeatIntervalMs);
    assert.equal(snapshotsToSend.length, 2);
  });

  it('keeps what follows it in the leader’s log', () => {
    const { leader } = behind();
    leader.compact(leader.snapshotMeta(7), 0);
    assert.equal(leader.snapshot.index, 7);
    assert.equal(leader.entryAt(6)?.index, 6, 'node 3 will need it');
    assert.equal(leader.entryAt(5), null, 'and not this');
    leader.snapshotSent(3);
    leader.compact(leader.snapshotMeta(7), 0);
    assert.equal(leader.entryAt(6), null);
  });
});

describe('a snapshot of one’s own state', () => {
  const withEntries = (): { cluster: Cluster; raft: Raft } => {
    const cluster = new Cluster(1);
    const raft = cluster.elect();
    for (let i = 0; i < 6; i++) cluster.propose(1, `x${i}`);
    cluster.settle();
    return { cluster, raft };
  };

  it('says where it was taken, and by which configuration', () => {
    const { raft } = withEntries();
    const { term, timestampMicros } = raft.entryAt(4) ?? entry(0, 0);
    const { configuration } = raft;
    const expected = { index: 4, term, timestampMicros, configuration, withheld: false };
    assert.deepEqual(raft.snapshotMeta(4), expected);
    raft.compact(raft.snapshotMeta(4), 0);
    assert.equal(raft.snapshotMeta(4), raft.snapshot);
    assert.throws(() => raft.snapshotMeta(3), /holds index 3/);
  });

  it('leaves the tail that was asked for', () => {
    const { cluster, raft } = withEntries();
    raft.compact(raft.snapshotMeta(5), 2);
    assert.deepEqual([raft.entryAt(3), raft.entryAt(4)?.index], [null, 4]);
    const { write } = cluster.turn(1);
    assert.deepEqual([write?.snapshot?.index, write?.logStart?.index], [5, 3]);
    raft.compact(raft.snapshotMeta(5), 0);
    assert.deepEqual([raft.entryAt(5), raft.entryAt(6)?.index], [null, 6]);
  });

  it('does not replace a newer one', () => {
    const { raft } = withEntries();
    const older = raft.snapshotMeta(3);
    raft.compact(raft.snapshotMeta(5), 9);
    raft.compact(older, 0);
    assert.equal(raft.snapshot.index, 5);
    assert.equal(raft.entryAt(3)?.index, 3);
  });
});

describe('a snapshot that was received', () => {
  it('replaces the state once its write is durable, and once', () => {
    const { cluster, raft } = follower();
    const member = cluster.get(2);
    member.autoPersist = false;
    raft.step(append({ from: 1, to: 2, term: 3 }, [0, 0], entries(1, 2, 2), 2), 0);
    cluster.turn(2);
    const snapshot = snapshotOf(9, 3, [1, 2, 3]);
    raft.step({ type: 'InstallSnapshot', from: 1, to: 2, term: 3, snapshot }, 0);
    assert.equal(cluster.turn(2).restore, null);
    member.persistNext(0);
    const between = cluster.turn(2);
    assert.deepEqual([between.restore, between.committed], [null, []]);
    member.persistNext(0);
    assert.equal(cluster.turn(2).restore, snapshot);
    assert.equal(cluster.turn(2).restore, null);
    assert.deepEqual([raft.appliedIndex, raft.lastIndex, raft.durableIndex], [9, 9, 9]);
  });
});

describe('a snapshot that a witness received', () => {
  it('replaces no state, for it has none (rule 7)', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const { raft } = cluster.get(2);
    const snapshot = { ...snapshotOf(9, 3, [1, 2, 3]), withheld: true };
    raft.step({ type: 'InstallSnapshot', from: 1, to: 2, term: 3, snapshot }, 0);
    const restores = [1, 2, 3].map(() => cluster.turn(2).restore);
    assert.deepEqual(restores, [null, null, null]);
    assert.deepEqual([raft.appliedIndex, raft.snapshot], [9, snapshot]);
  });
});

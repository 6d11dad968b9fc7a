import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Raft } from '../src/index.ts';
import { Cluster } from './support/cluster.ts';
import { append, entries, installSnapshot, snapshotOf } from './support/messages.ts';
import { applyDurably } from './support/strict-disk.ts';

const leaderOne = { from: 1, to: 2, term: 1 };
const voters = [1, 2, 3];

/** A follower of node 1 in term 1 with `count` durable entries, `committed` of them committed. */
function follower(count: number, committed: number, maxApplyBytes?: number): Cluster {
  const cluster = new Cluster(3, maxApplyBytes === undefined ? {} : { maxApplyBytes });
  cluster.settle();
  cluster.raft(2).step(append(leaderOne, [0, 0], entries(1, count, 1), committed), 0);
  return cluster;
}

/** The leader of three nodes, one of them behind a log that was cut after `proposals`. */
function leaderAndLate(tailEntries = 0): { cluster: Cluster; leader: Raft; late: number } {
  const cluster = new Cluster(3);
  const leader = cluster.elect();
  const late = leader.nodeId === 1 ? 2 : 1;
  const others = voters.filter((id) => id !== late);
  cluster.partition([late], others);
  for (let i = 0; i < 5; i++) cluster.propose(leader.nodeId, `s${i}`);
  cluster.settle();
  leader.compact(leader.snapshotMeta(leader.commitIndex), tailEntries);
  cluster.settle();
  return { cluster, leader, late };
}

describe('installing a snapshot', () => {
  it('while committed entries wait to be applied hands out none that are gone', () => {
    // One entry is handed out at a time, so two of three still wait when the snapshot comes.
    const cluster = follower(3, 3, 1);
    const { raft } = cluster.get(2);
    cluster.turn(2);
    cluster.get(2).autoPersist = false;
    raft.step(installSnapshot(1, 2, 1, snapshotOf(20, 1, voters)), 0);
    assert.deepEqual(raft.takeEffects().committed, []);
  });

  it('with entries behind it in the same turn writes nothing that leaves a gap', () => {
    const cluster = follower(3, 0);
    cluster.turn(2);
    const member = cluster.get(2);
    member.autoPersist = false;
    member.raft.step(installSnapshot(1, 2, 1, snapshotOf(20, 1, voters)), 0);
    member.raft.step(append(leaderOne, [20, 1], entries(21, 23, 1), 22), 0);
    for (let turn = 0; turn < 3; turn++) {
      const { write } = member.raft.takeEffects();
      if (write === null) continue;
      member.disk = applyDurably(member.disk, write);
      member.raft.persisted(write.id, 0);
    }
    assert.equal(member.disk.snapshot.index, 20);
    assert.deepEqual(
      member.disk.entries.map(({ index }) => index),
      [21, 22, 23],
    );
    assert.equal(member.raft.durableIndex, 23);
  });

  it('keeps nothing of a log that conflicts with it (bug 26)', () => {
    const cluster = follower(25, 0);
    cluster.turn(2);
    const { raft } = cluster.get(2);
    raft.step(installSnapshot(3, 2, 2, snapshotOf(20, 2, voters)), 0);
    cluster.settle();
    assert.equal(raft.lastIndex, 20);
    assert.equal(raft.termAt(20), 2);
    assert.equal(raft.entryAt(20), null);
    assert.deepEqual(cluster.get(2).disk.entries, []);
  });

  it('supersedes the configurations of the log it replaces (bug 19)', () => {
    const cluster = follower(3, 0);
    cluster.turn(2);
    const snapshot = snapshotOf(9, 1, [1, 2, 3, 4, 5]);
    cluster.raft(2).step(installSnapshot(1, 2, 1, snapshot), 0);
    cluster.settle();
    assert.deepEqual(cluster.raft(2).configuration.voters, [1, 2, 3, 4, 5]);
  });

  it('ignores one that is not ahead of what is committed', () => {
    const cluster = follower(5, 5);
    cluster.turn(2);
    cluster.raft(2).step(installSnapshot(1, 2, 1, snapshotOf(4, 1, voters)), 0);
    cluster.settle();
    assert.equal(cluster.get(2).restored, null);
    assert.equal(cluster.raft(2).lastIndex, 5);
  });

  it('acknowledges it only once the log names it', () => {
    const cluster = follower(1, 0);
    cluster.turn(2);
    const member = cluster.get(2);
    member.autoPersist = false;
    member.raft.step(installSnapshot(1, 2, 1, snapshotOf(20, 1, voters)), 0);
    const before = cluster.turn(2).messages.filter(({ type }) => type === 'AppendEntriesResponse');
    assert.ok(before.every((message) => !('matchIndex' in message) || message.matchIndex <= 1));
    member.persistNext(0);
    const answers = cluster.turn(2).messages;
    assert.ok(answers.some((message) => 'matchIndex' in message && message.matchIndex === 20));
  });

  it('restores the state machine before anything behind the snapshot is applied', () => {
    const cluster = follower(1, 1);
    cluster.settle();
    const { raft } = cluster.get(2);
    raft.step(installSnapshot(1, 2, 1, snapshotOf(20, 1, voters)), 0);
    cluster.turn(2);
    raft.step(append(leaderOne, [20, 1], entries(21, 21, 1), 21), 0);
    cluster.settle();
    assert.equal(cluster.get(2).restored?.index, 20);
    assert.deepEqual(
      cluster.get(2).applied.map(({ index }) => index),
      [1, 21],
    );
  });
});

describe('sending a snapshot', () => {
  it('is asked for once, though the answer before durability says little (bug 26)', () => {
    const { cluster, leader, late } = leaderAndLate();
    cluster.heal();
    cluster.pass(200);
    const member = cluster.get(leader.nodeId);
    assert.equal(member.snapshotsToSend.length, 1);
    const snapshot = member.snapshotsToSend[0]?.snapshot ?? leader.snapshot;
    cluster.get(late).autoPersist = false;
    const message = installSnapshot(leader.nodeId, late, leader.currentTerm, snapshot);
    cluster.raft(late).step(message, cluster.nowMs);
    // The sender hears that all arrived before the receiver's log names it.
    leader.snapshotSent(late);
    cluster.settle();
    cluster.get(late).autoPersist = true;
    cluster.pass(500);
    assert.equal(member.snapshotsToSend.length, 1, 'it is sent once');
    assert.equal(cluster.raft(late).commitIndex, leader.commitIndex);
  });

  it('begins anew when it failed', () => {
    const { cluster, leader, late } = leaderAndLate();
    cluster.heal();
    cluster.pass(200);
    leader.snapshotSent(late);
    cluster.pass(200);
    assert.equal(cluster.get(leader.nodeId).snapshotsToSend.length, 2);
  });

  it('goes to a follower of whom the leader knows nothing and whose log is empty (bug 28)', () => {
    const { cluster, leader, late } = leaderAndLate();
    const { disk } = cluster.get(late);
    cluster.get(late).disk = { ...disk, entries: [], logStart: { index: 0, term: 0 } };
    cluster.restart(late);
    cluster.heal();
    cluster.pass(300);
    assert.equal(cluster.get(leader.nodeId).snapshotsToSend[0]?.to, late);
  });

  it('keeps what comes behind it in the log while it is under way', () => {
    const { cluster, leader, late } = leaderAndLate();
    cluster.heal();
    cluster.pass(200);
    const sending = cluster.get(leader.nodeId).snapshotsToSend[0]?.snapshot.index ?? 0;
    for (let i = 0; i < 5; i++) cluster.propose(leader.nodeId, `t${i}`);
    cluster.settle();
    leader.compact(leader.snapshotMeta(leader.commitIndex), 0);
    assert.equal(leader.termAt(sending), leader.currentTerm);
    assert.notEqual(leader.entryAt(sending + 1), null);
    assert.equal(cluster.get(late).restored, null);
  });
});

describe('cutting the log', () => {
  it('leaves a tail, and a follower within it needs no snapshot', () => {
    const { cluster, leader, late } = leaderAndLate(100);
    cluster.heal();
    cluster.pass(300);
    assert.deepEqual(cluster.get(leader.nodeId).snapshotsToSend, []);
    assert.equal(cluster.raft(late).commitIndex, leader.commitIndex);
  });

  it('again at the same snapshot with a shorter tail cuts the rest', () => {
    const { cluster, leader } = leaderAndLate(3);
    const { snapshot, nodeId } = leader;
    const before = cluster.get(nodeId).disk.logStart.index;
    assert.ok(before < snapshot.index);
    leader.compact(snapshot, 0);
    cluster.settle();
    assert.equal(cluster.get(nodeId).disk.logStart.index, snapshot.index);
    leader.compact(snapshot, 0);
    assert.equal(leader.takeEffects().write, null, 'and writes nothing when nothing is left');
  });

  it('never goes back to an older snapshot', () => {
    const { leader } = leaderAndLate();
    const { snapshot } = leader;
    leader.compact(snapshotOf(snapshot.index - 1, 1, voters), 0);
    assert.equal(leader.snapshot, snapshot);
  });

  it('of everything leaves the times of entries rising', () => {
    const { cluster, leader } = leaderAndLate();
    const { timestampMicros } = leader.snapshot;
    leader.propose([new Uint8Array(1)], cluster.nowMs, 1);
    assert.ok((leader.entryAt(leader.lastIndex)?.timestampMicros ?? 0) > timestampMicros);
  });

  it('survives a restart', () => {
    const { cluster, leader } = leaderAndLate();
    const { snapshot, lastIndex, nodeId } = leader;
    const again = cluster.restart(nodeId).raft;
    assert.deepEqual(again.snapshot, snapshot);
    assert.equal(again.lastIndex, lastIndex);
    assert.equal(again.commitIndex, snapshot.index);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AppendEntriesResponse } from '@quorate/schema';
import type { Raft } from '../../src/index.ts';
import { Progress } from '../../src/replication/progress.ts';
import { Cluster } from '../support/cluster.ts';
import { giveLog } from '../support/given-log.ts';
import { append, entries, entry, installSnapshot, snapshotOf } from '../support/messages.ts';

const voters = [1, 2, 3];

function acknowledgement(leader: Raft, from: number, matchIndex: number): AppendEntriesResponse {
  return {
    type: 'AppendEntriesResponse',
    from,
    to: leader.nodeId,
    term: leader.currentTerm,
    success: true,
    matchIndex,
    repairing: false,
    rejectedIndex: 0,
    hintIndex: 0,
    hintTerm: 0,
    life: 0,
  };
}

/** Node 1 leads, node 3 is cut off, and the log of node 1 is cut behind what node 3 lacks. */
function leaderAheadOfNode3(): { cluster: Cluster; leader: Raft } {
  const cluster = new Cluster(3);
  const leader = cluster.lead(1);
  cluster.partition([3], [1, 2]);
  for (let i = 0; i < 5; i++) cluster.propose(1, `s${i}`);
  cluster.settle();
  leader.compact(leader.snapshotMeta(leader.appliedIndex), 0);
  cluster.settle();
  return { cluster, leader };
}

describe('known bugs: replication and snapshots', () => {
  it('bug 23: nothing is committed without a quorum of voters', () => {
    const cluster = new Cluster(5);
    cluster.spare(6);
    cluster.spare(7);
    const leader = cluster.lead(1);
    const learners = [6, 7].map((id) => ({ kind: 'addLearner', id }) as const);
    assert.equal(leader.proposeMembership({ steps: learners }, cluster.nowMs).outcome, 'appended');
    cluster.pass(300);
    const { commitIndex } = leader;
    cluster.partition([1, 2, 6, 7], [3, 4, 5]);
    cluster.propose(1, 'a');
    cluster.settle();
    assert.equal(cluster.raft(6).durableIndex, leader.lastIndex, 'the learners have it');
    assert.equal(leader.commitIndex, commitIndex, 'and learners do not count');
    leader.step(acknowledgement(leader, 3, leader.lastIndex), cluster.nowMs);
    assert.equal(leader.commitIndex, leader.lastIndex);
  });

  it('bug 24: an acknowledgement from before the log went back counts for nothing', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    // Node 2 has acknowledged six entries of term 1 to node 3, and the answer is slow.
    const { raft } = cluster.get(2);
    raft.step(append({ from: 3, to: 2, term: 1 }, [0, 0], entries(1, 6, 1)), 0);
    cluster.settle();
    const late = cluster.sent.findLast(({ type }) => type === 'AppendEntriesResponse');
    assert.equal(late?.type === 'AppendEntriesResponse' && late.matchIndex, 6);
    // Node 1 leads term 2 with a shorter log. What node 2 has verified counts from there only.
    raft.step(append({ from: 1, to: 2, term: 2 }, [2, 1], [], 2), 0);
    const answers = cluster.turn(2).messages.concat(cluster.turn(2).messages);
    const acknowledged = answers.filter(({ type }) => type === 'AppendEntriesResponse');
    assert.ok(acknowledged.every((one) => 'matchIndex' in one && one.matchIndex === 2));

    const group = new Cluster(3);
    const leader = group.lead(1);
    const { commitIndex } = leader;
    group.partition([1], [2, 3]);
    group.propose(1, 'a');
    group.settle();
    leader.step({ ...acknowledgement(leader, 2, leader.lastIndex), term: 0 }, group.nowMs);
    assert.equal(leader.commitIndex, commitIndex, 'of another term');
    leader.step(acknowledgement(leader, 2, leader.lastIndex + 5), group.nowMs);
    assert.equal(leader.commitIndex, commitIndex, 'for more than this log has');
  });

  it('bug 25: a delayed AppendEntries removes nothing that a later one has brought', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const { raft } = cluster.get(2);
    const way = { from: 1, to: 2, term: 1 };
    raft.step(append(way, [0, 0], entries(1, 3, 1), 3), 0);
    cluster.settle();
    raft.step(append(way, [0, 0], [entry(1, 1)]), 0);
    raft.step(append(way, [1, 1], [entry(2, 1)]), 0);
    raft.step(append(way, [0, 0], []), 0);
    cluster.settle();
    assert.equal(raft.lastIndex, 3);
    assert.equal(cluster.get(2).disk.entries.length, 3);
    raft.step(append(way, [3, 1], entries(4, 6, 1)), 0);
    raft.step(append(way, [3, 1], [entry(4, 1)]), 0);
    cluster.settle();
    assert.equal(raft.lastIndex, 6, 'not committed yet, and kept all the same');
  });

  it('bug 26: a snapshot leaves no conflicting entry at its last index', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const { raft } = cluster.get(2);
    raft.step(append({ from: 1, to: 2, term: 1 }, [0, 0], entries(1, 25, 1)), 0);
    cluster.settle();
    raft.step(installSnapshot(3, 2, 2, snapshotOf(20, 2, voters)), 0);
    cluster.settle();
    assert.equal(raft.termAt(20), 2);
    assert.equal(raft.lastIndex, 20);
    assert.deepEqual(cluster.get(2).disk.entries, []);
    const answer = cluster.sent.findLast(({ type }) => type === 'AppendEntriesResponse');
    assert.equal(answer?.type === 'AppendEntriesResponse' && answer.matchIndex, 20);
    // So what follows it is taken, and the snapshot is not asked for again.
    raft.step(append({ from: 3, to: 2, term: 2 }, [20, 2], [entry(21, 2)]), 0);
    assert.equal(raft.lastIndex, 21);
  });

  it('bug 27: a second snapshot may come before the first is durable', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const member = cluster.get(2);
    member.autoPersist = false;
    for (const index of [10, 20]) {
      member.raft.step(installSnapshot(1, 2, 1, snapshotOf(index, 1, voters)), 0);
      cluster.turn(2);
    }
    member.persistNext(0);
    cluster.turn(2);
    assert.deepEqual(cluster.get(2).applied, []);
    member.persistNext(0);
    cluster.settle();
    assert.equal(member.restored?.index, 20);
    assert.equal(member.disk.snapshot.index, 20);
    assert.equal(member.raft.durableIndex, 20);
  });

  it('bug 28: a leader that has cut its whole log sends a snapshot to who has nothing', () => {
    const { cluster, leader } = leaderAheadOfNode3();
    const { disk } = cluster.get(3);
    cluster.get(3).disk = { ...disk, entries: [], logStart: { index: 0, term: 0 } };
    cluster.restart(3);
    // And it leads anew, so it knows nothing of what node 3 has ever acknowledged.
    cluster.lead(2);
    cluster.lead(1);
    cluster.get(1).snapshotsToSend.length = 0;
    cluster.heal();
    cluster.pass(300);
    assert.deepEqual(
      cluster.get(1).snapshotsToSend.map(({ to }) => to),
      [3],
    );
    assert.equal(leader.peers.find(({ id }) => id === 3)?.state, 'snapshot');
  });

  it('bug 29: nextIndex stays above matchIndex whatever is refused', () => {
    const limits = { maxInflightMessages: 4, maxInflightBytes: 1000 };
    for (const state of ['probe', 'replicate', 'snapshot', 'after a snapshot'] as const) {
      for (let rejected = 0; rejected <= 12; rejected++) {
        for (let agree = 0; agree <= 12; agree++) {
          const progress = new Progress(11, 0, limits);
          progress.acknowledged(7, 0);
          if (state === 'probe') progress.becomeProbe();
          if (state.endsWith('snapshot')) progress.becomeSnapshot(9);
          if (state === 'after a snapshot') progress.becomeProbe();
          progress.refused(rejected, agree);
          assert.ok(progress.nextIndex > progress.matchIndex, `${state} ${rejected} ${agree}`);
          progress.becomeProbe();
          assert.ok(progress.nextIndex > progress.matchIndex);
        }
      }
    }
  });

  it('bug 31: a follower that was paused while it probed is resumed', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.settle();
    leader.unreachable(2);
    cluster.propose(1, 'a');
    cluster.turn(1);
    assert.equal(leader.peers[0]?.state, 'probe');
    cluster.network = [];
    cluster.pass(500);
    assert.deepEqual(cluster.appliedTexts(2), ['a']);
  });

  it('bug 31: a message that was lost from a full pipeline is found out', () => {
    const cluster = new Cluster(3, { maxInflightMessages: 2 });
    const leader = cluster.lead(1);
    for (let i = 0; i < 10; i++) {
      cluster.propose(1, `x${i}`);
      cluster.turn(1);
    }
    cluster.deliver(({ type }) => type !== 'AppendEntries');
    cluster.pass(1000);
    for (const id of voters) assert.equal(cluster.appliedTexts(id).length, 10);
    assert.equal(leader.role, 'leader');
  });

  it('bug 31: a follower that is slow after the log was cut gets a snapshot', () => {
    const cluster = new Cluster(3, { maxInflightMessages: 1 });
    const leader = cluster.lead(1);
    cluster.partition([3], [1]);
    cluster.propose(1, 'lost on its way');
    cluster.settle();
    cluster.propose(1, 'not sent, for the pipeline is full');
    cluster.settle();
    leader.compact(leader.snapshotMeta(leader.appliedIndex), 0);
    cluster.heal();
    cluster.pass(500);
    assert.equal(cluster.get(1).snapshotsToSend.at(-1)?.to, 3);
  });

  it('bug 32: logs that differ are brought together a term at a time', () => {
    const cluster = new Cluster(2);
    cluster.settle();
    const log = (count: number, terms: readonly number[]) =>
      Array.from({ length: count * terms.length }, (_, i) =>
        entry(i + 1, terms[Math.floor(i / count)] as number),
      );
    giveLog(cluster, 1, log(300, [1, 2, 4, 6]), { term: 9 });
    giveLog(cluster, 2, log(300, [1, 3, 5, 7]), { term: 9 });
    cluster.settle();
    const leader = cluster.lead(2);
    cluster.pass(300);
    assert.equal(cluster.raft(1).lastIndex, leader.lastIndex);
    assert.equal(cluster.raft(1).termAt(1200), 7);
    const refusals = cluster.sent.filter((m) => m.type === 'AppendEntriesResponse' && !m.success);
    assert.ok(refusals.length <= 6, `${refusals.length} refusals for 900 entries`);
  });
});

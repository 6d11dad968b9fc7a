import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Configuration } from '@quorate/schema';
import { EntryKind, encodeConfiguration, majorityConfiguration } from '@quorate/schema';
import { bootstrapState, type MembershipStep, type Raft } from '../../src/index.ts';
import { Cluster, electionTimeoutMs } from '../support/cluster.ts';
import { giveLog } from '../support/given-log.ts';
import {
  append,
  entries,
  entry,
  installSnapshot,
  requestVote,
  snapshotOf,
} from '../support/messages.ts';

function refusedFor(raft: Raft, steps: readonly MembershipStep[], nowMs: number): string {
  const proposed = raft.proposeMembership({ steps }, nowMs);
  return proposed.outcome === 'refused' ? proposed.refusal.reason : proposed.outcome;
}

function configurationEntry(index: number, term: number, configuration: Configuration) {
  const data = encodeConfiguration(configuration);
  return { ...entry(index, term), kind: EntryKind.configuration, data };
}

describe('known bugs: membership', () => {
  it('bug 16: no change before the first commit of the term', () => {
    const cluster = new Cluster(4);
    cluster.spare(5);
    const leader = cluster.lead(1);
    // Node 1 adds node 5 and reaches nobody with it.
    cluster.partition([1, 5], [2, 3, 4]);
    assert.equal(refusedFor(leader, [{ kind: 'addVoter', id: 5 }], cluster.nowMs), 'appended');
    cluster.settle();
    // Node 2 is elected by 2, 3 and 4, and would remove node 1 before it has committed anything.
    const next = cluster.raft(2);
    cluster.nowMs += 2 * electionTimeoutMs;
    next.tick(cluster.nowMs);
    for (let exchange = 0; exchange < 6 && next.role !== 'leader'; exchange++) {
      for (const id of [2, 3, 4]) cluster.turn(id);
      cluster.deliver();
    }
    assert.equal(next.role, 'leader');
    const remove = [{ kind: 'remove', id: 1 }] as const;
    assert.equal(refusedFor(next, remove, cluster.nowMs), 'tooEarly');
    // Once it has committed, the change of node 1 can no longer be.
    cluster.settle();
    assert.equal(refusedFor(next, remove, cluster.nowMs), 'appended');
    cluster.settle();
    assert.deepEqual(next.configuration.voters, [2, 3, 4]);
    cluster.heal();
    cluster.pass(500);
    assert.deepEqual(leader.configuration.voters, [2, 3, 4], 'its own change is gone');
  });

  it('bug 17: a learner that was promoted and does not know it gives its vote', () => {
    const cluster = new Cluster(3);
    cluster.spare(4);
    const leader = cluster.lead(1);
    const learns = [{ kind: 'addLearner', id: 4 }] as const;
    assert.equal(refusedFor(leader, learns, cluster.nowMs), 'appended');
    cluster.pass(300);
    assert.equal(cluster.raft(4).role, 'learner');
    // It becomes a voter, and nobody can tell it.
    cluster.partition([4], [1, 2, 3]);
    assert.equal(refusedFor(leader, [{ kind: 'addVoter', id: 4 }], cluster.nowMs), 'appended');
    cluster.pass(300);
    assert.equal(leader.configuration.voters.length, 4);
    assert.equal(cluster.raft(4).role, 'learner');
    // Nodes 1 and 2 are gone: without node 4's vote nobody could lead. Now it takes three of four.
    cluster.heal();
    cluster.partition([1], [2, 3, 4]);
    cluster.cut.add('2>4').add('4>2');
    const { raft } = cluster.get(3);
    cluster.nowMs += 2 * electionTimeoutMs;
    raft.tick(cluster.nowMs);
    cluster.settle();
    assert.equal(raft.role, 'leader');
  });

  it('bug 18: who campaigns and who leads goes by a configuration that is not committed', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const joint = { ...majorityConfiguration([1, 4, 5]), votersOutgoing: [1, 2, 3] };
    const log = [...entries(1, 2, 1), configurationEntry(3, 1, joint)];
    giveLog(cluster, 1, log);
    for (const id of [2, 3]) giveLog(cluster, id, entries(1, 2, 1));
    cluster.settle();
    cluster.nowMs += 2 * electionTimeoutMs;
    const { raft } = cluster.get(1);
    raft.tick(cluster.nowMs);
    const asked = raft.takeEffects().messages.map(({ to }) => to);
    assert.deepEqual(asked, [2, 3, 4, 5]);
    // All of the old half would elect it, which is not enough.
    for (const from of [2, 3]) {
      const answer = { type: 'PreVoteResponse', from, to: 1, term: 2, granted: true } as const;
      raft.step(answer, cluster.nowMs);
    }
    assert.equal(raft.role, 'preCandidate');
    const answer = { type: 'PreVoteResponse', from: 5, to: 1, term: 2, granted: true } as const;
    raft.step(answer, cluster.nowMs);
    assert.equal(raft.role, 'candidate');
  });

  it('bug 18: a configuration that is truncated is in force no more', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.spare(4);
    cluster.partition([1], [2, 3, 4]);
    assert.equal(refusedFor(leader, [{ kind: 'addVoter', id: 4 }], cluster.nowMs), 'appended');
    cluster.settle();
    assert.deepEqual(leader.configuration.voters, [1, 2, 3, 4]);
    cluster.lead(2);
    cluster.heal();
    cluster.pass(300);
    assert.deepEqual(leader.configuration.voters, [1, 2, 3]);
    assert.equal(leader.configurationIndex, 0);
  });

  it('bug 19: a snapshot supersedes a configuration that was not committed', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const { raft } = cluster.get(2);
    const phantom = configurationEntry(2, 1, majorityConfiguration([2, 7, 8, 9]));
    raft.step(append({ from: 1, to: 2, term: 1 }, [0, 0], [entry(1, 1), phantom]), 0);
    cluster.settle();
    assert.deepEqual(raft.configuration.voters, [2, 7, 8, 9]);
    raft.step(installSnapshot(3, 2, 2, snapshotOf(9, 2, [1, 2, 3])), 0);
    cluster.settle();
    assert.deepEqual(raft.configuration.voters, [1, 2, 3]);
    const again = cluster.restart(2);
    assert.deepEqual(again.raft.configuration.voters, [1, 2, 3]);
  });

  it('bug 20: what a node grants and acknowledges that came back without its data is void', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    for (const peer of [2, 3]) leader.peerIncarnation(peer, 10 + peer, cluster.nowMs);
    cluster.pass(300);
    assert.equal(leader.configuration.members.length, 2, 'recorded through the log');
    cluster.spare(2, { incarnation: 99 });
    for (const id of [1, 3]) cluster.raft(id).peerIncarnation(2, 99, cluster.nowMs);
    assert.ok(leader.isImpostor(2));
    const voters = [1, 2, 3];
    cluster.start(2, bootstrapState(majorityConfiguration(voters)), { incarnation: 99 });
    // It is sent nothing, so it never looks as if it had a log.
    cluster.partition([3], [1, 2]);
    const { commitIndex } = leader;
    const from = cluster.sent.length;
    const sentToNode2 = (): boolean =>
      cluster.sent.slice(from).some(({ type, to }) => type === 'AppendEntries' && to === 2);
    cluster.propose(1, 'a');
    cluster.pass(200);
    const lies = {
      type: 'AppendEntriesResponse',
      from: 2,
      to: 1,
      term: leader.currentTerm,
      success: true,
      matchIndex: leader.lastIndex,
      repairing: false,
      rejectedIndex: 0,
      hintIndex: 0,
      hintTerm: 0,
      life: 0,
    } as const;
    leader.step(lies, cluster.nowMs);
    cluster.settle();
    assert.equal(leader.commitIndex, commitIndex, 'node 2 has forgotten what it had');
    assert.equal(cluster.raft(2).lastIndex, 0);
    assert.ok(!sentToNode2());
    // Nor does its vote elect.
    cluster.heal();
    cluster.partition([1], [2, 3]);
    cluster.nowMs += 2 * electionTimeoutMs;
    const { raft } = cluster.get(3);
    raft.tick(cluster.nowMs);
    cluster.settle();
    assert.notEqual(raft.role, 'leader');
  });

  it('bug 20: a node that reads its own log knows that it is not the one meant', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    leader.peerIncarnation(2, 12, cluster.nowMs);
    cluster.pass(300);
    // Its directory was restored from a copy: the log is there, the incarnation is another.
    const { disk } = cluster.get(2);
    const { raft } = cluster.start(2, disk, { incarnation: 98 });
    assert.equal(raft.deadlineMs, Number.POSITIVE_INFINITY, 'it does not campaign');
    cluster.nowMs += 2 * electionTimeoutMs;
    raft.step(requestVote(3, 2, 9, [99, 8]), cluster.nowMs);
    cluster.turn(2);
    assert.equal(raft.votedFor, 0);
  });

  it('bug 21: a snapshot has the configuration of its index, the newest included', () => {
    const cluster = new Cluster(3);
    cluster.spare(4);
    const leader = cluster.lead(1);
    cluster.propose(1, 'before');
    cluster.settle();
    const before = leader.lastIndex;
    assert.equal(refusedFor(leader, [{ kind: 'addVoter', id: 4 }], cluster.nowMs), 'appended');
    const at = leader.lastIndex;
    cluster.settle();
    assert.deepEqual(leader.snapshotMeta(at).configuration.voters, [1, 2, 3, 4]);
    assert.deepEqual(leader.snapshotMeta(before).configuration.voters, [1, 2, 3]);
    leader.compact(leader.snapshotMeta(at), 0);
    cluster.settle();
    const { raft } = cluster.restart(1);
    assert.deepEqual(raft.configuration.voters, [1, 2, 3, 4]);
  });

  it('bug 22: a partition, kills and a removal together lose nothing acknowledged', () => {
    const cluster = new Cluster(5);
    const leader = cluster.lead(1);
    cluster.propose(1, 'a');
    cluster.settle();
    cluster.partition([4, 5], [1, 2, 3]);
    cluster.propose(1, 'b');
    cluster.settle();
    assert.deepEqual(cluster.appliedTexts(1), ['a', 'b']);
    cluster.pass(2 * electionTimeoutMs);
    // Four voters would need three that answer, and 1, 2 and 3 do; but 3 is killed meanwhile.
    assert.equal(refusedFor(leader, [{ kind: 'remove', id: 5 }], cluster.nowMs), 'appended');
    cluster.settle();
    cluster.restart(3);
    cluster.partition([1], [2, 3]);
    cluster.propose(1, 'never acknowledged');
    cluster.pass(2 * electionTimeoutMs);
    assert.deepEqual(cluster.leaders(), []);
    cluster.restart(1);
    cluster.heal();
    cluster.elect();
    cluster.pass(500);
    for (const id of [1, 2, 3, 4]) {
      assert.deepEqual(cluster.appliedTexts(id).slice(0, 2), ['a', 'b'], `node ${id}`);
    }
  });

  it('bug 22: a voter that loses its vote with the power elects nobody twice', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const campaign = (id: number): void => {
      cluster.nowMs += 2 * electionTimeoutMs;
      cluster.raft(id).tick(cluster.nowMs);
      cluster.settle();
    };
    cluster.partition([2], [1, 3]);
    cluster.get(3).autoPersist = false;
    campaign(1);
    cluster.restart(3);
    cluster.heal();
    cluster.partition([1], [2, 3]);
    campaign(2);
    const terms = cluster.leaders().map(({ currentTerm }) => currentTerm);
    assert.deepEqual(terms, [1], 'one leader of term 1');
    assert.equal(cluster.raft(2).role, 'leader');
  });

  it('bug 22: a power cut that takes what was not durable makes no second leader of a term', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const cluster = new Cluster(3, {}, seed);
      const leaders = new Map<number, number>();
      const note = (): void => {
        for (const { currentTerm, nodeId } of cluster.leaders()) {
          const known = leaders.get(currentTerm) ?? nodeId;
          assert.equal(nodeId, known, `two leaders of term ${currentTerm}`);
          leaders.set(currentTerm, nodeId);
        }
      };
      cluster.elect();
      note();
      for (const id of [1, 2, 3]) cluster.get(id).autoPersist = id === seed % 3;
      cluster.pass(3 * electionTimeoutMs, 25);
      note();
      for (const id of [1, 2, 3]) cluster.restart(id);
      cluster.pass(electionTimeoutMs, 25);
      note();
      cluster.elect();
      note();
    }
  });

  it('bug 22: a change that could not be committed with who answers is refused', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.partition([3], [1, 2]);
    cluster.pass(2 * electionTimeoutMs);
    assert.equal(refusedFor(leader, [{ kind: 'remove', id: 2 }], cluster.nowMs), 'quorumAtRisk');
    assert.equal(refusedFor(leader, [{ kind: 'remove', id: 3 }], cluster.nowMs), 'appended');
  });

  it('bug 22: also where a voter was silent since before the leader was elected', () => {
    const cluster = new Cluster(3);
    cluster.partition([3], [1, 2]);
    const leader = cluster.lead(1);
    assert.equal(refusedFor(leader, [{ kind: 'remove', id: 2 }], cluster.nowMs), 'quorumAtRisk');
    assert.equal(refusedFor(leader, [{ kind: 'remove', id: 3 }], cluster.nowMs), 'appended');
  });
});

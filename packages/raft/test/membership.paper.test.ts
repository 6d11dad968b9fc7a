import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MembershipChange, Raft } from '../src/index.ts';
import { Cluster, electionTimeoutMs } from './support/cluster.ts';

// Ongaro's dissertation, chapter 4, section by section.

function change(cluster: Cluster, leader: Raft, wanted: MembershipChange): string {
  const proposed = leader.proposeMembership(wanted, cluster.nowMs);
  return proposed.outcome === 'refused' ? proposed.refusal.reason : proposed.outcome;
}

const add = (id: number): MembershipChange => ({ steps: [{ kind: 'addVoter', id }] });
const remove = (id: number): MembershipChange => ({ steps: [{ kind: 'remove', id }] });

describe('4.1 safety of single-server changes', () => {
  it('a server uses the newest configuration in its log, committed or not', () => {
    const cluster = new Cluster(3);
    cluster.spare(4);
    const leader = cluster.lead(1);
    assert.equal(change(cluster, leader, add(4)), 'appended');
    assert.deepEqual(leader.configuration.voters, [1, 2, 3, 4]);
    assert.ok(leader.configurationIndex > leader.commitIndex);
    cluster.turn(1);
    cluster.deliver();
    assert.deepEqual(cluster.raft(2).configuration.voters, [1, 2, 3, 4]);
  });

  it('and goes back to the one before when that entry is removed', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.partition([1], [2, 3]);
    change(cluster, leader, remove(3));
    assert.deepEqual(leader.configuration.voters, [1, 2]);
    cluster.lead(2);
    cluster.heal();
    cluster.pass(300);
    assert.deepEqual(leader.configuration.voters, [1, 2, 3]);
  });

  it('the next change begins only when the last is committed', () => {
    const cluster = new Cluster(3);
    for (const id of [4, 5]) cluster.spare(id);
    const leader = cluster.lead(1);
    assert.equal(change(cluster, leader, add(4)), 'appended');
    assert.equal(change(cluster, leader, add(5)), 'changePending');
    cluster.settle();
    assert.equal(change(cluster, leader, add(5)), 'appended');
  });

  it('not before the leader has committed an entry of its term (erratum of 2015)', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    cluster.nowMs += 2 * electionTimeoutMs;
    const { raft } = cluster.get(1);
    raft.tick(cluster.nowMs);
    for (let exchange = 0; exchange < 20 && raft.role !== 'leader'; exchange++) {
      for (const id of [1, 2, 3]) cluster.turn(id);
      cluster.deliver();
    }
    assert.equal(raft.role, 'leader');
    assert.equal(change(cluster, raft, remove(3)), 'tooEarly');
    cluster.settle();
    assert.equal(change(cluster, raft, remove(3)), 'appended');
  });

  it('a change of one server at a time passes from any size to the next and back', () => {
    const cluster = new Cluster(1);
    const ids = [2, 3, 4, 5];
    for (const id of ids) cluster.spare(id);
    const leader = cluster.lead(1);
    for (const id of ids) {
      assert.equal(change(cluster, leader, { ...add(id), mode: 'simple' }), 'appended');
      cluster.propose(1, `with ${id}`);
      cluster.pass(200);
      assert.deepEqual(cluster.appliedTexts(id).at(-1), `with ${id}`);
    }
    for (const id of ids) {
      assert.equal(change(cluster, leader, { ...remove(id), mode: 'simple' }), 'appended');
      cluster.pass(200);
      assert.equal(cluster.raft(id).role, 'removed');
    }
    cluster.propose(1, 'alone');
    cluster.settle();
    assert.equal(cluster.appliedTexts(1).at(-1), 'alone');
  });
});

describe('4.2.1 catching up new servers', () => {
  it('a new server is a learner until it has caught up, and holds nobody back', () => {
    const cluster = new Cluster(3);
    cluster.spare(4);
    const leader = cluster.lead(1);
    for (let i = 0; i < 20; i++) cluster.propose(1, `x${i}`);
    cluster.settle();
    cluster.get(4).autoPersist = false;
    const learner = { kind: 'addLearner', id: 4, member: { promote: true } } as const;
    assert.equal(change(cluster, leader, { steps: [learner] }), 'appended');
    cluster.partition([3], [1, 2]);
    cluster.pass(300);
    cluster.propose(1, 'goes on');
    cluster.pass(3 * electionTimeoutMs, 100);
    assert.deepEqual(leader.configuration.voters, [1, 2, 3]);
    assert.equal(cluster.appliedTexts(2).at(-1), 'goes on', 'with 1 and 2 of three');
    cluster.get(4).autoPersist = true;
    cluster.pass(500);
    assert.deepEqual(leader.configuration.voters, [1, 2, 3, 4]);
    assert.equal(cluster.raft(4).role, 'follower');
    assert.equal(cluster.appliedTexts(4).length, 21);
  });

  it('a learner neither votes in elections nor counts for commitment', () => {
    const cluster = new Cluster(2);
    cluster.spare(3);
    const leader = cluster.lead(1);
    const learner = { steps: [{ kind: 'addLearner', id: 3 }] } as const;
    assert.equal(change(cluster, leader, learner), 'appended');
    cluster.pass(200);
    cluster.partition([2], [1, 3]);
    const { commitIndex } = leader;
    cluster.propose(1, 'a');
    cluster.settle();
    assert.equal(cluster.raft(3).durableIndex, leader.lastIndex);
    assert.equal(leader.commitIndex, commitIndex);
    cluster.pass(10 * electionTimeoutMs, 100);
    assert.equal(cluster.raft(3).role, 'learner');
    assert.deepEqual(cluster.leaders(), []);
  });
});

describe('4.2.2 removing the current leader', () => {
  it('it leads without counting itself until the change is committed, then steps down', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.get(2).autoPersist = false;
    cluster.get(3).autoPersist = false;
    assert.equal(change(cluster, leader, remove(1)), 'appended');
    cluster.settle();
    cluster.get(2).persistNext(cluster.nowMs);
    cluster.settle();
    assert.equal(leader.role, 'leader', 'one of the two that are left has it');
    cluster.get(2).autoPersist = true;
    cluster.get(3).autoPersist = true;
    cluster.settle();
    assert.equal(leader.role, 'removed');
    // Nobody waits for an election timeout: the one that is most complete was told.
    const [next] = cluster.leaders();
    assert.ok(next !== undefined && next.nodeId !== 1);
    cluster.propose(next.nodeId, 'a');
    cluster.settle();
    assert.deepEqual(cluster.appliedTexts(next.nodeId), ['a']);
  });
});

describe('4.2.3 disruptive servers', () => {
  it('a server that was removed and was not told disturbs nobody', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.partition([3], [1, 2]);
    assert.equal(change(cluster, leader, remove(3)), 'appended');
    cluster.settle();
    const { currentTerm } = leader;
    cluster.pass(5 * electionTimeoutMs, 100);
    cluster.heal();
    cluster.pass(5 * electionTimeoutMs, 100);
    assert.equal(leader.role, 'leader');
    assert.equal(leader.currentTerm, currentTerm);
  });
});

describe('4.2.4 availability', () => {
  it('a change that replaces a failed server goes through, one that needs it does not', () => {
    const cluster = new Cluster(3);
    cluster.spare(4);
    const leader = cluster.lead(1);
    cluster.partition([3], [1, 2, 4]);
    cluster.pass(2 * electionTimeoutMs, 100);
    assert.equal(change(cluster, leader, remove(2)), 'quorumAtRisk');
    const replace = { steps: [...remove(3).steps, ...add(4).steps] };
    assert.equal(change(cluster, leader, replace), 'appended');
    cluster.pass(500);
    assert.deepEqual(leader.configuration.voters, [1, 2, 4]);
    cluster.propose(1, 'a');
    cluster.settle();
    assert.deepEqual(cluster.appliedTexts(4), ['a']);
  });
});

describe('4.3 arbitrary changes by joint consensus', () => {
  /** 1, 2 and 3 become 1, 4 and 5, and stay joint. */
  function joint(): { cluster: Cluster; leader: Raft } {
    const cluster = new Cluster(3);
    for (const id of [4, 5]) cluster.spare(id);
    const leader = cluster.lead(1);
    const steps = [2, 3].flatMap((id) => remove(id).steps).concat(add(4).steps, add(5).steps);
    assert.equal(change(cluster, leader, { steps, mode: 'joint' }), 'appended');
    cluster.pass(200);
    assert.deepEqual(leader.configuration.votersOutgoing, [1, 2, 3]);
    return { cluster, leader };
  }

  it('entries are committed by a majority of the old and one of the new', () => {
    for (const [alive, commits] of [
      [[1, 2, 4], true],
      [[1, 2, 3], false],
      [[1, 4, 5], false],
    ] as const) {
      const { cluster, leader } = joint();
      const gone = [1, 2, 3, 4, 5].filter((id) => !(alive as readonly number[]).includes(id));
      cluster.partition(alive, gone);
      const before = leader.commitIndex;
      cluster.propose(1, 'a');
      cluster.settle();
      assert.equal(leader.commitIndex > before, commits, alive.join(' '));
    }
  });

  it('elections take both majorities as well', () => {
    for (const [alive, elects] of [
      [[2, 3, 4, 5], true],
      [[2, 3, 4], false],
      [[3, 4, 5], false],
    ] as const) {
      const { cluster } = joint();
      const gone = [1, 2, 3, 4, 5].filter((id) => !(alive as readonly number[]).includes(id));
      cluster.partition(alive, gone);
      cluster.pass(10 * electionTimeoutMs, 50);
      const led = cluster.leaders().some(({ nodeId }) => nodeId !== 1);
      assert.equal(led, elects, alive.join(' '));
    }
  });

  it('a server of either half may lead, and the new half is alone once that is committed', () => {
    const { cluster, leader } = joint();
    assert.equal(leader.transferLeadership(2, cluster.nowMs), 'unfit', 'it is on its way out');
    assert.equal(leader.transferLeadership(4, cluster.nowMs), null);
    cluster.settle();
    const next = cluster.raft(4);
    assert.equal(next.role, 'leader');
    assert.equal(next.leaveJoint(cluster.nowMs).outcome, 'appended');
    cluster.pass(200);
    assert.deepEqual(next.configuration.voters, [1, 4, 5]);
    assert.deepEqual(
      [2, 3].map((id) => cluster.raft(id).role),
      ['removed', 'removed'],
    );
    cluster.partition([2, 3], [1, 4, 5]);
    cluster.propose(4, 'a');
    cluster.settle();
    assert.deepEqual(cluster.appliedTexts(1), ['a']);
  });
});

describe('4.4 system integration', () => {
  it('a voter that is demoted goes on as a learner', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    const demote = { steps: [{ kind: 'addLearner', id: 3 }] } as const;
    assert.equal(change(cluster, leader, demote), 'appended');
    cluster.pass(200);
    assert.equal(cluster.raft(3).role, 'learner');
    cluster.propose(1, 'a');
    cluster.settle();
    assert.deepEqual(cluster.appliedTexts(3), ['a']);
    // In a joint change it votes in the old half until that is left.
    const back = { steps: add(3).steps, mode: 'joint' } as const;
    assert.equal(change(cluster, leader, back), 'appended');
    cluster.pass(200);
    assert.equal(leader.leaveJoint(cluster.nowMs).outcome, 'appended');
    cluster.pass(200);
    assert.equal(change(cluster, leader, { ...demote, mode: 'joint' }), 'appended');
    assert.deepEqual(leader.configuration.learnersNext, [3]);
    assert.equal(cluster.raft(3).role, 'follower');
  });
});

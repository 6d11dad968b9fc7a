import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RuntimeError } from '../src/index.ts';
import { ProcessGroup, type VirtualProcess } from './support/process-group.ts';

type Change = Parameters<VirtualProcess['handle']['changeMembership']>[0];

interface Answer {
  calls: number;
  error: RuntimeError | null;
  index: number | null;
}

function change(process: VirtualProcess, asked: Change): Answer {
  const answer: Answer = { calls: 0, error: null, index: null };
  process.handle.changeMembership(asked, (error, index) => {
    answer.calls += 1;
    Object.assign(answer, { error, index });
  });
  return answer;
}

function leaveJoint(process: VirtualProcess): Answer {
  const answer: Answer = { calls: 0, error: null, index: null };
  process.handle.leaveJoint((error, index) => {
    answer.calls += 1;
    Object.assign(answer, { error, index });
  });
  return answer;
}

function handOver(process: VirtualProcess, to: number | null): Answer {
  const answer: Answer = { calls: 0, error: null, index: null };
  process.handle.transferLeadership(to, (error) => {
    answer.calls += 1;
    answer.error = error;
  });
  return answer;
}

describe('a change of membership', () => {
  it('is answered when it is committed, and the removed node knows', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [first] = processes.followers(leader);
    const answer = change(leader, { steps: [{ kind: 'remove', id: first.id }] });
    processes.run(500);
    assert.equal(answer.calls, 1);
    assert.equal(answer.error, null);
    assert.equal(leader.handle.status().configuration.voters.includes(first.id), false);
    assert.equal(first.handle.status().role, 'removed');
  });

  it('that is joint is answered when it is joint no more', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [first] = processes.followers(leader);
    const steps = [{ kind: 'addLearner', id: first.id }] as const;
    const answer = change(leader, { steps, mode: 'jointAutoLeave' });
    processes.run(500);
    assert.equal(answer.error, null);
    const { configuration } = leader.handle.status();
    assert.deepEqual(configuration.votersOutgoing, []);
    assert.deepEqual(configuration.learners, [first.id]);
    assert.equal(first.handle.status().role, 'learner');
  });

  it('is refused with its reason, and on a follower with who leads', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [first] = processes.followers(leader);
    const refused = change(leader, { steps: [{ kind: 'describe', id: 9, priority: 3 }] });
    const elsewhere = change(first, { steps: [{ kind: 'remove', id: first.id }] });
    processes.run(200);
    assert.equal(refused.error?.code, 'RUNTIME_CHANGE_REFUSED');
    assert.deepEqual(refused.error?.metadata, { reason: 'unknownNode' });
    assert.equal(elsewhere.error?.code, 'RUNTIME_NOT_LEADER');
    assert.deepEqual(elsewhere.error?.metadata, { leader: leader.id });
  });

  it('whose quorum does not answer is refused rather than begun', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [first, second] = processes.followers(leader);
    processes.kill(first.id);
    processes.run(2500);
    const refused = change(leader, { steps: [{ kind: 'remove', id: second.id }] });
    processes.run(200);
    assert.deepEqual(refused.error?.metadata, { reason: 'quorumAtRisk' });
    const mended = change(leader, { steps: [{ kind: 'remove', id: first.id }] });
    processes.run(500);
    assert.equal(mended.error, null);
  });

  it('that removes the leader hands the lead over', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const answer = change(leader, { steps: [{ kind: 'remove', id: leader.id }] });
    processes.run(1000);
    assert.equal(answer.error, null);
    assert.equal(leader.handle.status().role, 'removed');
    const [first, second] = processes.followers(leader);
    const roles = [first.handle.status().role, second.handle.status().role].sort();
    assert.deepEqual(roles, ['follower', 'leader']);
  });
});

describe('a change of membership that the leader lost', () => {
  it('has an unknown outcome when all that is left of the log is a snapshot', () => {
    const processes = new ProcessGroup(3, { requestTimeoutMs: 60_000, snapshotLogBytes: 500 });
    const leader = processes.elect();
    const [first, second] = processes.followers(leader);
    processes.board.cut(leader.id, first.id);
    processes.board.cut(leader.id, second.id);
    const answer = change(leader, { steps: [{ kind: 'remove', id: first.id }] });
    processes.run(4000);
    const next = [first, second].find(({ handle }) => handle.status().role === 'leader');
    assert.ok(next !== undefined);
    for (let count = 0; count < 40; count += 1) next.propose('some text'.repeat(10));
    processes.run(1000);
    assert.equal(answer.calls, 0);
    processes.board.heal();
    processes.run(2000);
    assert.deepEqual(leader.handle.status().configuration.voters, [1, 2, 3]);
    assert.equal(answer.calls, 1);
    assert.equal(answer.error?.code, 'RUNTIME_OUTCOME_UNKNOWN');
    assert.deepEqual(answer.error?.metadata, { reason: 'snapshot' });
  });

  it('is lost when the next one has committed another entry in its place', () => {
    const processes = new ProcessGroup(3, { requestTimeoutMs: 60_000 });
    const leader = processes.elect();
    const [first, second] = processes.followers(leader);
    processes.board.cut(leader.id, first.id);
    processes.board.cut(leader.id, second.id);
    const answer = change(leader, { steps: [{ kind: 'remove', id: first.id }] });
    processes.run(4000);
    processes.board.heal();
    processes.run(2000);
    assert.equal(answer.calls, 1);
    assert.equal(answer.error?.code, 'RUNTIME_PROPOSAL_LOST');
  });

  it('is answered when the node closes before it is decided', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [first, second] = processes.followers(leader);
    processes.board.cut(leader.id, first.id);
    processes.board.cut(leader.id, second.id);
    const answer = change(leader, { steps: [{ kind: 'remove', id: first.id }] });
    leader.runtime.stop(() => undefined);
    processes.run(2000);
    assert.equal(answer.calls, 1);
    assert.deepEqual(answer.error?.metadata, { reason: 'stopping' });
  });
});

describe('a joint configuration that is left by hand', () => {
  it('is answered when it is committed, and again when it has been left', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [first] = processes.followers(leader);
    const entered = change(leader, {
      steps: [{ kind: 'addLearner', id: first.id }],
      mode: 'joint',
    });
    processes.run(500);
    assert.equal(entered.error, null);
    const joint = leader.handle.status();
    assert.equal(entered.index, joint.configurationIndex);
    assert.deepEqual(joint.configuration.votersOutgoing, [1, 2, 3]);
    const refused = change(leader, { steps: [{ kind: 'addVoter', id: first.id }] });
    const elsewhere = leaveJoint(first);
    processes.run(5000);
    assert.equal(refused.error?.code, 'RUNTIME_CHANGE_REFUSED');
    assert.equal(elsewhere.error?.code, 'RUNTIME_NOT_LEADER');

    const left = leaveJoint(leader);
    processes.run(500);
    assert.equal(left.error, null);
    const { configuration, configurationIndex } = leader.handle.status();
    assert.equal(left.index, configurationIndex);
    assert.deepEqual(configuration.votersOutgoing, []);
    assert.deepEqual(configuration.learners, [first.id]);
    const again = leaveJoint(leader);
    processes.run(500);
    assert.deepEqual(again.error?.metadata, { reason: 'notJoint' });
  });
});

describe('a leader that is forgotten', () => {
  it('is known no more at once, and another one is elected', () => {
    const processes = new ProcessGroup(3, { maxClockDrift: null });
    const leader = processes.elect();
    const [first, second] = processes.followers(leader);
    assert.equal(leader.handle.forgetLeader(), false);
    processes.kill(leader.id);
    assert.equal(first.handle.forgetLeader(), true);
    assert.equal(first.handle.status().leader, 0);
    assert.equal(second.handle.forgetLeader(), true);
    processes.run(2500);
    const roles = [first.handle.status().role, second.handle.status().role].sort();
    assert.deepEqual(roles, ['follower', 'leader']);
  });

  it('is not, where leases rest on the wait', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [first] = processes.followers(leader);
    assert.equal(first.handle.forgetLeader(), false);
    assert.equal(first.handle.status().leader, leader.id);
  });
});

describe('handing the lead over', () => {
  it('is answered when the other leads', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [first] = processes.followers(leader);
    const answer = handOver(leader, first.id);
    processes.run(500);
    assert.equal(answer.calls, 1);
    assert.equal(answer.error, null);
    assert.equal(first.handle.status().role, 'leader');
  });

  it('to whoever is best needs no name', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const answer = handOver(leader, null);
    processes.run(500);
    assert.equal(answer.error, null);
    assert.notEqual(leader.handle.status().role, 'leader');
  });

  it('to one that is down fails, and writes go on', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [first] = processes.followers(leader);
    processes.kill(first.id);
    const answer = handOver(leader, first.id);
    processes.run(3000);
    assert.equal(answer.error?.code, 'RUNTIME_TRANSFER_FAILED');
    const outcome = leader.propose('x');
    processes.run(500);
    assert.equal(outcome.error, null);
  });
});

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

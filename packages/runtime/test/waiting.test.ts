import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codeOf, ProcessGroup } from './support/process-group.ts';

/** A node that is alone of three, and so without a leader. */
function alone(given: ConstructorParameters<typeof ProcessGroup>[1] = {}) {
  const processes = new ProcessGroup(3, given);
  for (const id of [2, 3]) processes.kill(id);
  return { processes, node: processes.get(1) };
}

describe('without a leader', () => {
  it('a proposal waits, and goes once there is one', () => {
    const processes = new ProcessGroup(3);
    const outcome = processes.get(2).propose('early');
    processes.run(3500);
    assert.equal(codeOf(outcome), null);
    assert.equal(outcome.calls, 1);
    for (const { machine } of processes.processes.values()) {
      assert.deepEqual(machine.commands, ['early']);
    }
  });

  it('and in vain it is told that nothing was appended', () => {
    const { processes, node } = alone();
    const outcome = node.propose('a');
    processes.run(processes.tuning.requestTimeoutMs - 100);
    assert.equal(outcome.calls, 0);
    processes.run(700);
    assert.equal(codeOf(outcome), 'RUNTIME_NO_LEADER');
    processes.start(2);
    processes.start(3);
    processes.run(6000);
    assert.equal(outcome.calls, 1);
    assert.deepEqual(processes.get(2).machine.commands, []);
  });

  it('a read waits, and in vain it is given up', () => {
    const { processes, node } = alone();
    const outcome = node.read();
    processes.run(processes.tuning.requestTimeoutMs - 100);
    assert.equal(outcome.calls, 0);
    processes.run(700);
    assert.equal(codeOf(outcome), 'RUNTIME_READ_TIMEOUT');
    assert.equal(outcome.calls, 1);
  });

  it('no more proposals wait than may be uncommitted; the others are refused at once', () => {
    const { processes, node } = alone({ maxUncommittedBytes: 10_000 });
    const outcomes = Array.from({ length: 100 }, () => node.propose('x'.repeat(1000)));
    processes.run(10);
    const refused = outcomes.filter((outcome) => codeOf(outcome) === 'RUNTIME_OVERLOADED');
    assert.ok(refused.length >= 80, `${refused.length} of 100 refused`);
    assert.ok(refused.length < 100, 'some wait');
    processes.run(6000);
    assert.ok(outcomes.every(({ calls }) => calls === 1));
  });

  it('very many small proposals do no harm, and each is answered once', () => {
    const processes = new ProcessGroup(3);
    const node = processes.get(2);
    let answers = 0;
    const count = 200_000;
    for (let i = 0; i < count; i++) node.handle.propose(new Uint8Array(0), () => answers++);
    processes.run(9000);
    assert.equal(answers, count);
  });

  it('very many reads do no harm when the leader goes, and each is answered once', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [follower] = processes.followers(leader);
    let answers = 0;
    const count = 105_000;
    processes.board.arrives = ({ message }) => message.type !== 'ReadIndexResponse';
    for (let i = 0; i < count; i++) follower.handle.readBarrier(() => answers++);
    processes.run(20);
    processes.kill(leader.id);
    processes.board.arrives = () => true;
    processes.run(9000);
    assert.equal(answers, count);
  });
});

describe('a leader that cannot commit', () => {
  it('leaves a proposal with an unknown outcome', () => {
    const processes = new ProcessGroup(3, { requestTimeoutMs: 800 });
    const leader = processes.elect();
    for (const follower of processes.followers(leader)) follower.log.held = true;
    const outcome = leader.propose('a');
    processes.run(1000);
    assert.equal(codeOf(outcome), 'RUNTIME_OUTCOME_UNKNOWN');
    for (const follower of processes.followers(leader)) follower.log.completeAll();
    processes.run(1000);
    assert.equal(outcome.calls, 1);
    assert.deepEqual(leader.machine.commands, ['a'], 'it did happen');
  });

  it('steps down when its own disk stalls, and another takes over (bug 15)', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    leader.log.held = true;
    leader.propose('a');
    processes.run(4000);
    const leaders = [...processes.processes.values()].filter(
      ({ handle }) => handle.status().role === 'leader',
    );
    assert.equal(leaders.length, 1);
    assert.notEqual(leaders[0]?.id, leader.id);
  });
});

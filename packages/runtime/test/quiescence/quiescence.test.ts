import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProcessGroup, type VirtualProcess } from '../support/process-group.ts';

const quiesceAfterMs = 300;

/** Three processes whose group has gone to sleep. */
function sleeping(): { processes: ProcessGroup; leader: VirtualProcess } {
  const processes = new ProcessGroup(3, { quiesceAfterMs });
  const leader = processes.elect();
  processes.run(3000);
  return { processes, leader };
}

function types(processes: ProcessGroup, from: number): Set<string> {
  return new Set(processes.board.passed.slice(from).map(({ message }) => message.type));
}

describe('a group in which nothing happens', () => {
  it('sends nothing of its own, and the nodes one heartbeat for all', () => {
    const { processes, leader } = sleeping();
    const before = processes.board.passed.length;
    processes.run(5000);
    assert.deepEqual(types(processes, before), new Set(['NodeHeartbeat', 'NodeHeartbeatResponse']));
    assert.equal(leader.handle.status().role, 'leader');
    const term = leader.handle.status().term;
    for (const process of processes.processes.values()) {
      assert.equal(process.handle.status().term, term);
      assert.equal(process.handle.status().leader, leader.id);
    }
  });

  it('wakes for a proposal, wherever it is made, and sleeps again', () => {
    const { processes, leader } = sleeping();
    for (const process of processes.processes.values()) {
      const outcome = process.propose(`from ${process.id}`);
      processes.run(200);
      assert.equal(outcome.error, null);
    }
    assert.equal(leader.machine.commands.length, 3);
    processes.run(3000);
    const before = processes.board.passed.length;
    processes.run(1000);
    assert.equal(types(processes, before).has('Heartbeat'), false);
  });

  it('wakes for a read on a follower', () => {
    const { processes, leader } = sleeping();
    const [follower] = processes.followers(leader);
    const outcome = follower.read();
    processes.run(200);
    assert.equal(outcome.calls, 1);
    assert.equal(outcome.error, null);
  });

  it('serves no lease read without a round of its own', () => {
    const { processes, leader } = sleeping();
    assert.equal(
      leader.handle.leaseRead(() => 1),
      null,
    );
    leader.read();
    processes.run(200);
    assert.notEqual(
      leader.handle.leaseRead(() => 1),
      null,
    );
  });

  it('elects when the node of its leader dies (bug 14)', () => {
    const { processes, leader } = sleeping();
    processes.kill(leader.id);
    processes.run(3500);
    const [first, second] = processes.followers(leader);
    const roles = [first.handle.status().role, second.handle.status().role].sort();
    assert.deepEqual(roles, ['follower', 'leader']);
  });

  it('elects when its leader is cut off, and the leader steps down (bug 14, rule 11)', () => {
    const { processes, leader } = sleeping();
    const [first, second] = processes.followers(leader);
    processes.board.cut(leader.id, first.id);
    processes.board.cut(leader.id, second.id);
    processes.run(3500);
    assert.notEqual(leader.handle.status().role, 'leader');
    const roles = [first.handle.status().role, second.handle.status().role].sort();
    assert.deepEqual(roles, ['follower', 'leader']);
  });

  it('goes on when one follower is cut off, and takes it back', () => {
    const { processes, leader } = sleeping();
    const [first] = processes.followers(leader);
    const { term } = leader.handle.status();
    processes.board.cut(leader.id, first.id);
    processes.run(5000);
    assert.equal(leader.handle.status().role, 'leader');
    processes.board.heal();
    processes.run(5000);
    assert.equal(leader.handle.status().term, term);
    assert.equal(first.handle.status().leader, leader.id);
  });

  it('elects when the process of its leader starts anew between two heartbeats', () => {
    const { processes, leader } = sleeping();
    processes.kill(leader.id);
    processes.start(leader.id);
    processes.run(4000);
    const leaders = [...processes.processes.values()].filter(
      ({ handle }) => handle.status().role === 'leader',
    );
    assert.equal(leaders.length, 1);
    const outcome = processes.get(leader.id).propose('x');
    processes.run(500);
    assert.equal(outcome.error, null);
  });

  it('wakes when a follower starts anew, and has it follow again', () => {
    const { processes, leader } = sleeping();
    const [first] = processes.followers(leader);
    processes.kill(first.id);
    const again = processes.start(first.id);
    processes.run(3000);
    assert.equal(leader.handle.status().role, 'leader');
    assert.equal(again.handle.status().leader, leader.id);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codeOf, ProcessGroup } from '../support/process-group.ts';

describe('known bugs: the state machine and those who wait for it', () => {
  it('bug 30: who waits for an entry that comes in a snapshot is answered', () => {
    const processes = new ProcessGroup(3, { snapshotLogBytes: 1, requestTimeoutMs: 60_000 });
    const leader = processes.elect();
    const [late, other] = processes.followers(leader);
    // The proposal reaches the leader; the entry does not come back as an entry.
    processes.board.arrives = ({ to, message }) =>
      !(to === late.id && message.type === 'AppendEntries');
    const outcome = late.propose('mine');
    processes.run(50);
    processes.board.cut(late.id, leader.id);
    processes.board.cut(late.id, other.id);
    for (const text of ['a', 'b']) {
      leader.propose(text);
      processes.run(20);
    }
    processes.board.arrives = () => true;
    processes.board.heal();
    processes.run(3000);
    assert.deepEqual(late.machine.commands, ['mine', 'a', 'b']);
    assert.equal(outcome.calls, 1);
    assert.equal(codeOf(outcome), 'RUNTIME_OUTCOME_UNKNOWN', 'its result is in no log it has');
  });

  it('bug 39: heartbeats go out while the state machine prepares', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const { term } = leader.handle.status();
    leader.machine.prefetching = [];
    const outcome = leader.propose('a');
    processes.run(10_000);
    assert.equal(outcome.result, null);
    const status = leader.handle.status();
    assert.deepEqual([status.role, status.term], ['leader', term]);
  });

  it('bug 40: an exception in apply halts the node and says so, once, to everyone', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    leader.machine.poison = 'poison';
    const outcomes = ['a', 'poison', 'b'].map((text) => leader.propose(text));
    processes.run(10_000);
    assert.equal(leader.halts.length, 1);
    for (const outcome of outcomes) {
      assert.equal(outcome.calls, 1);
      assert.equal(codeOf(outcome), 'RUNTIME_OUTCOME_UNKNOWN');
    }
    const after = leader.propose('after');
    processes.run(1000);
    assert.equal(after.calls, 1);
    assert.notEqual(after.error, null);
    // The others elect one of themselves; it is not silent and nothing waits for ever.
    const [one, another] = processes.followers(leader);
    const roles = [one, another].map(({ handle }) => handle.status().role);
    assert.ok(roles.includes('leader'), roles.join());
  });

  it('bug 43: a leader that loses the lead while it sends a snapshot waits for nothing', () => {
    const processes = new ProcessGroup(3, { snapshotLogBytes: 1 });
    const leader = processes.elect();
    const [late, other] = processes.followers(leader);
    processes.board.cut(late.id, leader.id);
    processes.board.cut(late.id, other.id);
    for (const text of ['a', 'b', 'c']) {
      leader.propose(text);
      processes.run(20);
    }
    // Chunks leave and are never answered.
    processes.board.arrives = ({ message }) => message.type !== 'SnapshotChunk';
    processes.board.heal();
    processes.run(300);
    assert.ok(processes.sent('SnapshotChunk') > 0);
    processes.board.cut(leader.id, late.id);
    processes.board.cut(leader.id, other.id);
    processes.run(3000);
    assert.notEqual(leader.handle.status().role, 'leader');
    processes.board.arrives = () => true;
    processes.board.heal();
    processes.run(6000);
    const next = processes.elect();
    const outcome = next.propose('d');
    processes.run(2000);
    assert.equal(outcome.calls, 1);
    for (const { machine } of processes.processes.values()) {
      assert.deepEqual(machine.commands, ['a', 'b', 'c', 'd']);
    }
  });
});

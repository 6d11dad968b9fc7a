import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PeerMessage } from '@quorate/schema';
import { codeOf, ProcessGroup } from './support/process-group.ts';

const carriesEntries = (message: PeerMessage): boolean =>
  message.type === 'AppendEntries' && message.entries.length > 0;

describe('a read', () => {
  it('at the leader sees what was acknowledged before it', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    leader.propose('a');
    processes.run(20);
    const outcome = leader.read();
    assert.equal(outcome.calls, 0, 'never from inside the call');
    processes.run(20);
    assert.deepEqual(outcome.result, ['a']);
    assert.equal(outcome.calls, 1);
  });

  it('at a follower waits until its own state machine has it', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [follower] = processes.followers(leader);
    processes.board.arrives = ({ to, message }) => !(to === follower.id && carriesEntries(message));
    leader.propose('a');
    processes.run(20);
    const outcome = follower.read();
    processes.run(50);
    assert.equal(outcome.calls, 0);
    processes.board.arrives = () => true;
    processes.run(400);
    assert.deepEqual(outcome.result, ['a']);
  });

  it('of the only node needs nobody', () => {
    const processes = new ProcessGroup(1);
    const node = processes.elect();
    const outcome = node.read();
    processes.run(1);
    assert.deepEqual(outcome.result, []);
  });

  it('shares one round with others of its turn', () => {
    const processes = new ProcessGroup(3);
    const [follower] = processes.followers(processes.elect());
    const outcomes = Array.from({ length: 30 }, () => follower.read());
    processes.run(20);
    assert.ok(outcomes.every(({ calls, error }) => calls === 1 && error === null));
    assert.equal(processes.sent('ReadIndex'), 1);
  });

  it('is asked again when its question or its answer is lost', () => {
    for (const lost of ['ReadIndex', 'ReadIndexResponse']) {
      const processes = new ProcessGroup(3);
      const [follower] = processes.followers(processes.elect());
      let dropped = 0;
      processes.board.arrives = ({ message }) => message.type !== lost || dropped++ > 0;
      const outcome = follower.read();
      processes.run(2500);
      assert.equal(outcome.calls, 1, lost);
      assert.equal(codeOf(outcome), null, lost);
    }
  });

  it('is asked of the next leader when the one asked is gone', () => {
    const processes = new ProcessGroup(3, { requestTimeoutMs: 10_000 });
    const leader = processes.elect();
    const [follower] = processes.followers(leader);
    processes.board.arrives = ({ message }) => message.type !== 'ReadIndex';
    const outcome = follower.read();
    processes.run(10);
    processes.kill(leader.id);
    processes.board.arrives = () => true;
    processes.run(5000);
    assert.equal(codeOf(outcome), null);
    assert.equal(outcome.calls, 1);
  });

  it('is never answered by a leader that has lost its quorum', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    for (const { id } of processes.followers(leader)) processes.board.cut(leader.id, id);
    const outcome = leader.read();
    processes.run(6000);
    assert.equal(codeOf(outcome), 'RUNTIME_READ_TIMEOUT');
    assert.equal(outcome.calls, 1);
  });

  it('waits for a state machine that is behind, and no longer than its time', () => {
    const processes = new ProcessGroup(1);
    const node = processes.elect();
    node.machine.prefetching = [];
    node.propose('a');
    processes.run(20);
    const outcome = node.read();
    processes.run(100);
    assert.equal(outcome.calls, 0);
    processes.run(5000);
    assert.equal(codeOf(outcome), 'RUNTIME_READ_TIMEOUT');
    for (const done of node.machine.prefetching) done(null);
    processes.run(100);
    assert.equal(outcome.calls, 1);
    assert.deepEqual(node.machine.commands, ['a']);
  });

  it('after a restart is not confirmed by an answer to the life before (bug 34)', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [{ id }] = processes.followers(leader);
    // The leader cannot confirm the first read, so that it still waits after the restart.
    const unheard = ({ message }: { message: PeerMessage }): boolean =>
      message.type !== 'HeartbeatResponse';
    processes.board.arrives = unheard;
    processes.get(id).read();
    processes.run(5);
    processes.kill(id);
    const again = processes.start(id);
    processes.run(150);
    // This node learns of nothing new, while a write is acknowledged.
    processes.board.arrives = (passing) =>
      unheard(passing) && !(passing.to === id && carriesEntries(passing.message));
    const write = leader.propose('new');
    processes.run(10);
    assert.equal(write.calls, 1);
    const outcome = again.read();
    processes.run(5);
    processes.board.arrives = ({ to, message }) => !(to === id && carriesEntries(message));
    processes.run(200);
    assert.deepEqual([outcome.calls, outcome.result], [0, null], 'it must see the write');
    processes.board.arrives = () => true;
    processes.run(500);
    assert.deepEqual(outcome.result, ['new']);
  });

  it('is served by a follower that restarted in an idle group (bug 31)', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [{ id }] = processes.followers(leader);
    for (const text of ['a', 'b']) {
      leader.propose(text);
      processes.run(300);
    }
    processes.kill(id);
    const again = processes.start(id);
    processes.run(300);
    const outcome = again.read();
    processes.run(300);
    assert.deepEqual(outcome.result, ['a', 'b']);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codeOf, ProcessGroup } from './support/process-group.ts';

const diskError = new Error('the disk is gone');

describe('a log that fails', () => {
  it('halts the node: nothing is acknowledged, and nothing happens any more', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    leader.log.held = true;
    const outcome = leader.propose('a');
    const read = leader.read();
    processes.run(1);
    leader.log.fail(diskError);
    assert.deepEqual(leader.halts, [diskError]);
    processes.run(10_000);
    assert.equal(codeOf(outcome), 'RUNTIME_OUTCOME_UNKNOWN');
    assert.equal(outcome.calls, 1);
    assert.equal(read.calls, 1);
    assert.equal(leader.halts.length, 1);
    assert.equal(leader.timersSet, 0);
    assert.equal(leader.log.submitted.length, leader.log.submitted.length);
  });

  it('tells what was only queued that nothing was appended', () => {
    const processes = new ProcessGroup(3);
    const [node] = [processes.get(1)];
    for (const id of [2, 3]) processes.kill(id);
    processes.run(5);
    node.log.held = true;
    const outcome = node.propose('a');
    processes.run(3000);
    node.log.fail(diskError);
    processes.run(3000);
    assert.equal(outcome.calls, 1);
    assert.ok(['RUNTIME_HALTED', 'RUNTIME_NO_LEADER'].includes(codeOf(outcome) ?? ''));
  });

  it('leaves the others with a leader', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    leader.log.held = true;
    leader.propose('a');
    processes.run(2);
    leader.log.fail(diskError);
    processes.run(4000);
    const others = processes.followers(leader);
    assert.ok(others.some(({ handle }) => handle.status().role === 'leader'));
  });

  it('and a node that is closed then closes what is left open', () => {
    const processes = new ProcessGroup(1);
    const node = processes.elect();
    node.log.held = true;
    node.propose('a');
    processes.run(1);
    node.log.fail(diskError);
    let stopped = 0;
    node.runtime.stop(() => stopped++);
    processes.run(2000);
    assert.equal(stopped, 1);
    assert.equal(node.log.closed, true);
  });
});

describe('a state machine that throws', () => {
  it('out of apply halts the node, and no proposal of the batch is answered as applied', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    leader.machine.poison = 'poison';
    const outcomes = ['a', 'poison', 'b'].map((text) => leader.propose(text));
    processes.run(10_000);
    assert.equal(leader.halts.length, 1);
    for (const outcome of outcomes) {
      assert.equal(codeOf(outcome), 'RUNTIME_OUTCOME_UNKNOWN');
      assert.equal(outcome.calls, 1);
    }
    assert.equal(leader.timersSet, 0);
  });

  it('out of prefetch, or saying that it failed, halts the node', () => {
    for (const how of ['throws', 'fails']) {
      const processes = new ProcessGroup(1);
      const node = processes.elect();
      if (how === 'throws') node.machine.breaks = 'prefetch';
      else node.machine.prefetching = [];
      const outcome = node.propose('a');
      processes.run(10);
      for (const done of node.machine.prefetching ?? []) done(new Error('unreadable'));
      processes.run(5000);
      assert.equal(node.halts.length, 1, how);
      assert.equal(codeOf(outcome), 'RUNTIME_OUTCOME_UNKNOWN', how);
    }
  });

  it('out of snapshot goes on without one, and takes the next', () => {
    for (const breaks of ['snapshot', 'chunk'] as const) {
      const processes = new ProcessGroup(1, { snapshotLogBytes: 200 });
      const node = processes.elect();
      node.machine.breaks = breaks;
      for (let i = 0; i < 10; i++) {
        node.propose('x'.repeat(100));
        processes.run(20);
      }
      assert.equal(node.snapshots.files.size, 0);
      node.machine.breaks = null;
      for (let i = 0; i < 10; i++) {
        node.propose('y'.repeat(100));
        processes.run(20);
      }
      assert.equal(node.machine.commands.length, 20);
      assert.deepEqual(node.halts, []);
      assert.ok(node.snapshots.files.size > 0, breaks);
      assert.equal(node.snapshots.openWriters, 0, breaks);
    }
  });

  it('out of restore halts the node', () => {
    for (const breaks of ['restore', 'finish'] as const) {
      const processes = new ProcessGroup(1, { snapshotLogBytes: 1 });
      const node = processes.elect();
      node.propose('a');
      processes.run(50);
      assert.ok(node.snapshots.files.size > 0);
      processes.kill(1);
      const again = processes.start(1);
      again.machine.breaks = breaks;
      processes.run(50);
      assert.equal(again.halts.length, 1, breaks);
      assert.equal(again.snapshots.openReaders, 0, breaks);
    }
  });
});

describe('a snapshot that cannot be read at the start', () => {
  it('halts the node', () => {
    for (const failing of ['open', 'read'] as const) {
      const processes = new ProcessGroup(1, { snapshotLogBytes: 1 });
      const node = processes.elect();
      node.propose('a');
      processes.run(50);
      processes.kill(1);
      node.snapshots.failing = failing;
      const again = processes.start(1);
      processes.run(5000);
      assert.equal(again.halts.length, 1, failing);
      assert.equal(again.snapshots.openReaders, 0, failing);
      assert.equal(again.timersSet, 0, failing);
    }
  });
});

describe('links that cannot start', () => {
  it('leave nothing running', () => {
    const processes = new ProcessGroup(1, { snapshotLogBytes: 1 });
    const node = processes.elect();
    node.propose('a');
    processes.run(50);
    processes.kill(1);
    const errors: (Error | null)[] = [];
    const inUse = new Error('the port is in use');
    const again = processes.start(1, inUse, (error) => errors.push(error));
    processes.run(10_000);
    assert.deepEqual(errors, [inUse]);
    assert.deepEqual(again.log.submitted, []);
    assert.equal(again.timersSet, 0);
    assert.equal(again.snapshots.openReaders, 0);
    assert.deepEqual(again.halts, []);
  });
});

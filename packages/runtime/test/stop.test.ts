import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codeOf, group, ProcessGroup } from './support/process-group.ts';

describe('a node that is stopped', () => {
  it('takes nothing new', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    leader.log.held = true;
    leader.propose('running');
    processes.run(2);
    leader.runtime.stop(() => undefined);
    const proposal = leader.propose('late');
    const read = leader.read();
    processes.run(5);
    assert.equal(codeOf(proposal), 'RUNTIME_STOPPING');
    assert.equal(codeOf(read), 'RUNTIME_STOPPING');
  });

  it('lets what is running finish', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const outcome = leader.propose('a');
    let stopped = false;
    leader.runtime.stop(() => {
      stopped = true;
    });
    processes.run(2000);
    assert.equal(codeOf(outcome), null);
    assert.equal(outcome.calls, 1);
    assert.equal(stopped, true);
    assert.equal(leader.log.closed, true);
    assert.equal(leader.timersSet, 0);
  });

  it('hands the lead over, so that the others need no election timeout', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    leader.runtime.stop(() => undefined);
    processes.run(200);
    const roles = processes.followers(leader).map(({ handle }) => handle.status().role);
    assert.ok(roles.includes('leader'), roles.join());
  });

  it('does not wait for ever for what cannot finish', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    for (const { id } of processes.followers(leader)) processes.kill(id);
    const outcome = leader.propose('a');
    let stoppedAtMs = 0;
    const beganMs = processes.nowMs;
    leader.runtime.stop(() => {
      stoppedAtMs = processes.nowMs;
    });
    processes.run(5000);
    assert.ok(stoppedAtMs > 0 && stoppedAtMs - beganMs < 1500);
    assert.equal(codeOf(outcome), 'RUNTIME_OUTCOME_UNKNOWN');
    assert.deepEqual(outcome.error?.metadata, { reason: 'stopping' });
  });

  it('that is alone is closed at once', () => {
    const processes = new ProcessGroup(1);
    const node = processes.elect();
    let stopped = false;
    node.runtime.stop(() => {
      stopped = true;
    });
    processes.run(100);
    assert.equal(stopped, true);
  });

  it('tells whoever asks again only once it is closed', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    leader.log.held = true;
    leader.propose('a');
    processes.run(2);
    const closed: boolean[] = [];
    leader.runtime.stop(() => closed.push(leader.log.closed));
    leader.runtime.stop(() => closed.push(leader.log.closed));
    processes.run(5000);
    assert.deepEqual(closed, [true, true]);
  });

  it('from inside an answer answers the others once each, and writes nothing more', () => {
    const processes = new ProcessGroup(1, { snapshotLogBytes: 1 });
    const node = processes.elect();
    let calls = 0;
    for (let i = 0; i < 3; i++) {
      node.handle.propose(new Uint8Array(1), () => {
        calls += 1;
        if (calls === 1) node.runtime.stop(() => undefined);
      });
    }
    const read = node.read();
    const { created } = node.snapshots;
    processes.run(3000);
    assert.equal(calls, 3);
    assert.equal(read.calls, 1);
    assert.equal(node.log.closed, true);
    assert.ok(node.snapshots.created <= created + 1);
    assert.equal(node.snapshots.openWriters, 0);
    assert.equal(node.timersSet, 0);
  });

  it('begins no snapshot after it has closed', () => {
    const processes = new ProcessGroup(1, { snapshotLogBytes: 1 });
    const node = processes.elect();
    processes.run(100);
    const { created } = node.snapshots;
    node.handle.propose(new Uint8Array(1), () => node.runtime.stop(() => undefined));
    processes.run(3000);
    assert.equal(node.log.closed, true);
    assert.equal(node.snapshots.created, created);
  });

  it('is heard of by nobody after that', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    leader.runtime.stop(() => undefined);
    processes.run(2000);
    const sent = (): number =>
      processes.board.passed.filter(({ from }) => from === leader.id).length;
    const before = sent();
    processes.board.inject({
      from: 2,
      to: leader.id,
      group,
      message: {
        type: 'Heartbeat',
        from: 2,
        to: leader.id,
        term: 99,
        round: 1,
        commitIndex: 0,
        cancelRound: 0,
      },
    });
    processes.run(5000);
    assert.equal(sent(), before);
  });
});

describe('a node that is told of nonsense', () => {
  it('ignores messages of groups it does not have', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const message = {
      type: 'TimeoutNow',
      from: 2,
      to: leader.id,
      term: 1,
      round: 1,
      life: 1,
    } as const;
    processes.board.inject({ from: 2, to: leader.id, group: 99, message });
    processes.run(100);
    assert.equal(leader.handle.status().role, 'leader');
  });

  it('tells listeners of every change of leadership, in order', () => {
    const processes = new ProcessGroup(3);
    const seen: string[] = [];
    processes.get(1).handle.onLeadership(({ term, role }) => seen.push(`${term} ${role}`));
    const leader = processes.elect();
    processes.kill(leader.id === 1 ? 2 : leader.id);
    processes.run(4000);
    assert.ok(seen.length > 0);
    const terms = seen.map((line) => Number(line.split(' ')[0]));
    assert.deepEqual(
      terms,
      [...terms].sort((a, b) => a - b),
    );
  });
});

describe('a leader whose disk is full', () => {
  it('hands the lead to another, so that writes go on', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    leader.log.writable = false;
    processes.run(3000);
    assert.notEqual(leader.handle.status().role, 'leader');
    const next = processes.elect();
    const outcome = next.propose('a');
    processes.run(500);
    assert.equal(codeOf(outcome), null);
    assert.equal(outcome.calls, 1);
  });
});

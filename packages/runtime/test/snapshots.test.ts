import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { group, ProcessGroup, type VirtualProcess } from './support/process-group.ts';

const firstChunks = (processes: ProcessGroup): number =>
  processes.board.passed.filter(
    ({ message }) => message.type === 'SnapshotChunk' && message.chunk === 0,
  ).length;

function proposeEach(processes: ProcessGroup, leader: VirtualProcess, texts: string[]): void {
  for (const text of texts) {
    leader.propose(text);
    processes.run(20);
  }
}

/** A follower that is cut off while the others go on and cut their logs behind snapshots. */
function lateFollower(given: ConstructorParameters<typeof ProcessGroup>[1] = {}) {
  const processes = new ProcessGroup(3, { snapshotLogBytes: 1, ...given });
  const leader = processes.elect();
  const [late, other] = processes.followers(leader);
  const cut = (): void => {
    processes.board.cut(late.id, leader.id);
    processes.board.cut(late.id, other.id);
  };
  cut();
  proposeEach(processes, leader, ['a', 'b', 'c']);
  return { processes, leader, late, cut };
}

describe('taking snapshots', () => {
  it('begins once enough log was applied, and cuts the log', () => {
    const processes = new ProcessGroup(1, { snapshotLogBytes: 1000 });
    const node = processes.elect();
    proposeEach(
      processes,
      node,
      Array.from({ length: 5 }, () => 'x'.repeat(100)),
    );
    assert.equal(node.snapshots.created, 0);
    proposeEach(
      processes,
      node,
      Array.from({ length: 5 }, () => 'x'.repeat(100)),
    );
    assert.equal(node.snapshots.created, 1);
    assert.ok((node.log.durable.get(group)?.entries.length ?? 99) < 6);
  });

  it('waits for as much log as the last snapshot had', () => {
    const processes = new ProcessGroup(1, { snapshotLogBytes: 500 });
    const node = processes.elect();
    proposeEach(
      processes,
      node,
      Array.from({ length: 80 }, () => 'x'.repeat(100)),
    );
    // Each at least doubles what is there: 0.5, 1, 2, 4, 8 kB, and no more.
    assert.ok(node.snapshots.created <= 6, `${node.snapshots.created} snapshots`);
    assert.ok(node.snapshots.created >= 3);
  });

  it('leaves the tail that was asked for', () => {
    const processes = new ProcessGroup(1, { snapshotLogBytes: 1000, snapshotTailEntries: 4 });
    const node = processes.elect();
    proposeEach(
      processes,
      node,
      Array.from({ length: 8 }, () => 'x'.repeat(100)),
    );
    const { snapshot, logStart } = node.log.durable.get(group) ?? {};
    assert.ok((snapshot?.index ?? 0) > 4);
    assert.equal(logStart?.index, (snapshot?.index ?? 0) - 4);
  });

  it('keeps one file, the one that the log names', () => {
    const processes = new ProcessGroup(1, { snapshotLogBytes: 1 });
    const node = processes.elect();
    proposeEach(processes, node, ['a', 'b', 'c', 'd', 'e', 'f']);
    processes.run(100);
    const { snapshot } = node.log.durable.get(group) ?? {};
    assert.deepEqual(
      [...node.snapshots.files.keys()],
      [`${group}-${snapshot?.index}-${snapshot?.term}`],
    );
  });

  it('that fails on the disk leaves the log whole, and the next succeeds', () => {
    for (const failing of ['create', 'write', 'commit'] as const) {
      const processes = new ProcessGroup(1, { snapshotLogBytes: 200 });
      const node = processes.elect();
      node.snapshots.failing = failing;
      const texts = Array.from({ length: 6 }, (_, i) => `${i}`.repeat(100));
      proposeEach(processes, node, texts);
      assert.equal(node.log.durable.get(group)?.logStart.index, 0, failing);
      node.snapshots.failing = null;
      proposeEach(processes, node, texts);
      assert.ok((node.log.durable.get(group)?.logStart.index ?? 0) > 0, failing);
      assert.equal(node.snapshots.openWriters, 0, failing);
      assert.deepEqual(node.halts, [], failing);
    }
  });

  it('is what a restarted node begins from', () => {
    const processes = new ProcessGroup(1, { snapshotLogBytes: 1 });
    proposeEach(processes, processes.elect(), ['a', 'b', 'c']);
    processes.run(50);
    processes.kill(1);
    const again = processes.start(1);
    processes.run(10);
    assert.deepEqual(again.machine.commands, ['a', 'b', 'c']);
    assert.equal(processes.elect().handle.status().role, 'leader');
    proposeEach(processes, again, ['d']);
    assert.deepEqual(again.machine.commands, ['a', 'b', 'c', 'd']);
  });

  it('of a group that pins old segments cuts its log whole', () => {
    const processes = new ProcessGroup(1, { snapshotLogBytes: 1000, snapshotTailEntries: 100 });
    const node = processes.elect();
    proposeEach(
      processes,
      node,
      Array.from({ length: 10 }, () => 'x'.repeat(100)),
    );
    assert.equal(node.log.durable.get(group)?.logStart.index, 0, 'all of it is tail');
    node.log.pinnedBy = group;
    node.log.diskBytes = 1e6;
    proposeEach(processes, node, ['one more']);
    processes.run(100);
    node.log.pinnedBy = null;
    const { snapshot, logStart } = node.log.durable.get(group) ?? {};
    assert.equal(logStart?.index, snapshot?.index);
  });
});

describe('a follower that is too far behind', () => {
  it('gets the snapshot, once, and goes on from there', () => {
    const { processes, leader, late } = lateFollower();
    processes.board.heal();
    processes.run(500);
    assert.deepEqual(late.machine.commands, ['a', 'b', 'c']);
    assert.equal(firstChunks(processes), 1);
    proposeEach(processes, leader, ['d']);
    assert.deepEqual(late.machine.commands, ['a', 'b', 'c', 'd']);
    for (const { snapshots } of processes.processes.values()) {
      assert.equal(snapshots.openReaders + snapshots.openWriters, 0);
    }
  });

  it('gets it although chunks and answers are lost on the way', () => {
    for (const type of ['SnapshotChunk', 'SnapshotChunkResponse']) {
      const { processes, late } = lateFollower({ requestTimeoutMs: 1000 });
      let count = 0;
      processes.board.arrives = ({ message }) => message.type !== type || count++ % 3 !== 1;
      processes.board.heal();
      processes.run(20_000);
      assert.deepEqual(late.machine.commands, ['a', 'b', 'c'], type);
    }
  });

  it('gets it although the link breaks on the way', () => {
    const { processes, late, cut } = lateFollower();
    let broken = false;
    processes.board.arrives = ({ message }) => {
      if (broken || message.type !== 'SnapshotChunk' || message.chunk !== 1) return true;
      broken = true;
      cut();
      return false;
    };
    processes.board.heal();
    processes.run(500);
    assert.equal(broken, true);
    processes.board.heal();
    processes.run(3000);
    assert.deepEqual(late.machine.commands, ['a', 'b', 'c']);
  });

  it('gets it although its disk had no room at first', () => {
    for (const failing of ['create', 'write', 'commit'] as const) {
      const { processes, late } = lateFollower();
      late.snapshots.failing = failing;
      processes.board.heal();
      processes.run(300);
      assert.deepEqual(late.machine.commands, [], failing);
      assert.deepEqual(late.halts, [], failing);
      late.snapshots.failing = null;
      processes.run(3000);
      assert.deepEqual(late.machine.commands, ['a', 'b', 'c'], failing);
      assert.equal(late.snapshots.openWriters, 0, failing);
    }
  });

  it('is not sent it again and again while it cannot take it', () => {
    const { processes, late } = lateFollower();
    late.snapshots.failing = 'create';
    processes.board.heal();
    processes.run(1000);
    assert.ok(firstChunks(processes) <= 20, `${firstChunks(processes)} times in a second`);
  });

  it('gets it from the next leader when the first goes', () => {
    const { processes, leader, late } = lateFollower();
    let gone = false;
    processes.board.arrives = ({ message }) => {
      if (gone || message.type !== 'SnapshotChunk' || message.chunk !== 1) return true;
      gone = true;
      processes.kill(leader.id);
      return false;
    };
    processes.board.heal();
    processes.run(8000);
    assert.equal(gone, true);
    assert.deepEqual(late.machine.commands, ['a', 'b', 'c']);
  });

  it('installs a second snapshot while it is still busy before the first (bug 27)', () => {
    const { processes, leader, late, cut } = lateFollower();
    processes.board.heal();
    processes.run(500);
    // Its state machine hangs in a prefetch; behind it, two snapshots wait to be restored.
    late.machine.prefetching = [];
    proposeEach(processes, leader, ['d']);
    for (const texts of [
      ['e', 'f'],
      ['g', 'h'],
    ]) {
      cut();
      proposeEach(processes, leader, texts);
      processes.board.heal();
      processes.run(500);
    }
    const hanging = late.machine.prefetching;
    late.machine.prefetching = null;
    for (const done of hanging) done(null);
    processes.run(500);
    assert.deepEqual(late.halts, []);
    assert.deepEqual(late.machine.commands, 'abcdefgh'.split(''));
  });

  it('answers what waited for the entries in it with an unknown outcome (bug 30)', () => {
    const processes = new ProcessGroup(3, { snapshotLogBytes: 1, requestTimeoutMs: 60_000 });
    const leader = processes.elect();
    const [late, other] = processes.followers(leader);
    processes.board.arrives = ({ to, message }) =>
      !(to === late.id && message.type === 'AppendEntries');
    const outcome = late.propose('mine');
    processes.run(50);
    processes.board.cut(late.id, leader.id);
    processes.board.cut(late.id, other.id);
    proposeEach(processes, leader, ['a', 'b']);
    processes.board.arrives = () => true;
    processes.board.heal();
    processes.run(3000);
    assert.deepEqual(late.machine.commands, ['mine', 'a', 'b']);
    assert.equal(outcome.calls, 1);
    assert.deepEqual(outcome.error?.metadata, { reason: 'snapshot' });
  });
});

describe('what a peer may not do', () => {
  it('is to name a snapshot that was never received', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [follower] = processes.followers(leader);
    const { configuration, term } = leader.handle.status();
    const snapshot = { index: 500, term, timestampMicros: 1, configuration, withheld: false };
    const way = { from: leader.id, to: follower.id };
    processes.board.inject({
      ...way,
      group,
      message: { type: 'InstallSnapshot', ...way, term, snapshot },
    });
    processes.run(500);
    assert.deepEqual(follower.halts, []);
    assert.notEqual(follower.log.durable.get(group)?.snapshot?.index, 500);
  });

  it('is to send chunks when it does not lead', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [follower, other] = processes.followers(leader);
    const { configuration, term } = leader.handle.status();
    const snapshot = { index: 500, term, timestampMicros: 1, configuration, withheld: false };
    const way = { from: other.id, to: follower.id };
    const chunk = { chunk: 0, last: false, data: new Uint8Array(3) };
    const message = { type: 'SnapshotChunk', ...way, term, snapshot, ...chunk } as const;
    processes.board.inject({ ...way, group, message });
    processes.run(50);
    assert.equal(follower.snapshots.created, 0);
  });
});

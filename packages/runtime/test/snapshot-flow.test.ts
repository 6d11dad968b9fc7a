import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Member, SnapshotChunk } from '@quorate/schema';
import { SendRate } from '../src/send-rate.ts';
import { group, ProcessGroup, type VirtualProcess } from './support/process-group.ts';

const text = 'x'.repeat(490);

function chunksSent(processes: ProcessGroup, to: number): SnapshotChunk[] {
  return processes.board.passed.flatMap(({ message }) =>
    message.type === 'SnapshotChunk' && message.to === to ? [message] : [],
  );
}

/**
 * A follower that was cut off while the others wrote `count` commands of some 500 bytes, each a
 * chunk of the snapshot behind which they have cut their logs.
 */
function lateFollower(
  count: number,
  given: ConstructorParameters<typeof ProcessGroup>[1] = {},
): {
  processes: ProcessGroup;
  leader: VirtualProcess;
  late: VirtualProcess;
  commands: string[];
  cut: () => void;
} {
  const processes = new ProcessGroup(3, { requestTimeoutMs: 1000, ...given });
  const leader = processes.elect();
  const [late, other] = processes.followers(leader);
  const cut = (): void => {
    processes.board.cut(late.id, leader.id);
    processes.board.cut(late.id, other.id);
  };
  cut();
  const commands = Array.from({ length: count }, (_, at) => `${at}${text}`);
  for (const command of commands) {
    leader.propose(command);
    processes.run(20);
  }
  // One snapshot, of everything, and nothing of the log before it.
  for (const process of [leader, other]) {
    process.log.pinnedBy = group;
    process.log.diskBytes = 1e9;
  }
  leader.propose('last');
  processes.run(300);
  for (const process of [leader, other]) process.log.pinnedBy = null;
  return { processes, leader, late, commands: [...commands, 'last'], cut };
}

describe('a snapshot on its way', () => {
  it('is a few chunks ahead of the answers', () => {
    const { processes, late, commands } = lateFollower(40);
    let unanswered = 0;
    let most = 0;
    const inFlight = new Set<number>();
    processes.board.arrives = ({ message }) => {
      if (message.type === 'SnapshotChunkResponse') {
        for (const chunk of inFlight) if (chunk < message.nextChunk) inFlight.delete(chunk);
      }
      if (message.type === 'SnapshotChunk') inFlight.add(message.chunk);
      unanswered = inFlight.size;
      most = Math.max(most, unanswered);
      return true;
    };
    processes.board.heal();
    processes.run(1000);
    assert.deepEqual(late.machine.commands, commands);
    assert.ok(most >= 2 && most <= 4, `${most} at a time`);
    // Each once, and nothing twice.
    const sent = chunksSent(processes, late.id).map(({ chunk }) => chunk);
    assert.deepEqual(sent, [...sent.keys()]);
  });

  it('goes on where it was when the link comes back', () => {
    const { processes, late, commands, cut } = lateFollower(40);
    let isBroken = false;
    processes.board.arrives = ({ message }) => {
      if (isBroken || message.type !== 'SnapshotChunk' || message.chunk !== 30) return true;
      isBroken = true;
      cut();
      return false;
    };
    processes.board.heal();
    processes.run(700);
    assert.ok(isBroken);
    const before = chunksSent(processes, late.id).length;
    processes.board.heal();
    processes.run(1500);
    assert.deepEqual(late.machine.commands, commands);
    const after = chunksSent(processes, late.id).slice(before);
    const [first, second] = after.map(({ chunk }) => chunk);
    assert.equal(first, 0, 'the follower is asked what it has');
    assert.ok(second !== undefined && second >= 26, `it went on with ${second}`);
    assert.equal(late.snapshots.openWriters, 0);
  });

  it('goes on where it was after a chunk was lost without a word', () => {
    const { processes, late, commands } = lateFollower(40);
    const lost = new Set([7, 20, 41]);
    processes.board.arrives = ({ message }) =>
      message.type !== 'SnapshotChunk' || !lost.delete(message.chunk);
    processes.board.heal();
    processes.run(3000);
    assert.deepEqual(late.machine.commands, commands);
    assert.equal(lost.size, 0);
    assert.ok(chunksSent(processes, late.id).length < 42 + 3 * 5);
  });

  it('is not mixed with that of another leader', () => {
    const { processes, leader, late, commands } = lateFollower(40);
    processes.board.arrives = ({ message }) => {
      if (!leader.alive || message.type !== 'SnapshotChunk' || message.chunk !== 10) return true;
      processes.kill(leader.id);
      return false;
    };
    processes.board.heal();
    processes.run(6000);
    assert.equal(leader.alive, false);
    assert.deepEqual(late.machine.commands, commands);
    const sent = chunksSent(processes, late.id).filter(({ from }) => from !== leader.id);
    assert.deepEqual(
      sent.map(({ chunk }) => chunk),
      [...sent.keys()],
      'all of it comes from the new one',
    );
  });

  it('of which nothing more comes is given up', () => {
    const { processes, late, cut } = lateFollower(40);
    processes.board.arrives = ({ message }) => {
      if (message.type !== 'SnapshotChunk' || message.chunk !== 10) return true;
      cut();
      return false;
    };
    processes.board.heal();
    processes.run(60_000);
    assert.equal(late.snapshots.openWriters, 1, 'kept for a while');
    processes.run(70_000);
    assert.equal(late.snapshots.openWriters, 0);
  });

  it('is not needed by one whose log reaches as far already', () => {
    const { processes, leader, late } = lateFollower(3);
    processes.board.heal();
    processes.run(1000);
    const { snapshot } = leader.log.durable.get(group) ?? assert.fail('the leader has a log');
    assert.ok(snapshot !== null);
    const created = late.snapshots.created;
    const { term } = leader.handle.status();
    const way = { from: leader.id, to: late.id, term, snapshot };
    const content = { chunk: 0, last: false, data: new Uint8Array(3) };
    const message = { type: 'SnapshotChunk', ...way, ...content } as const;
    processes.board.inject({ from: leader.id, to: late.id, group, message });
    processes.run(50);
    assert.equal(late.snapshots.created, created);
    const answer = processes.board.passed.findLast(
      ({ message: one }) => one.type === 'SnapshotChunkResponse',
    );
    assert.ok(answer?.message.type === 'SnapshotChunkResponse');
    assert.equal(answer.message.outcome, 'installed');
  });

  it('waits for a link that is down without asking the disk again and again', () => {
    const { processes, leader } = lateFollower(10);
    let opened = 0;
    const { snapshots } = leader;
    const open = snapshots.open.bind(snapshots);
    snapshots.open = (...rest) => {
      opened += 1;
      open(...rest);
    };
    processes.run(5000);
    assert.ok(opened <= 6, `${opened} times in 5 s`);
  });
});

describe('the rate of snapshots', () => {
  it('is kept, and heartbeats do not wait behind it', () => {
    const snapshotBytesPerSecond = 10_000;
    const { processes, leader, late, commands } = lateFollower(100, { snapshotBytesPerSecond });
    const begin = processes.nowMs;
    const { term } = leader.handle.status();
    processes.board.heal();
    processes.run(3000);
    const halfway = chunksSent(processes, late.id).reduce((sum, { data }) => sum + data.length, 0);
    assert.ok(halfway > 25_000 && halfway < 35_000, `${halfway} bytes in 3 s`);
    while (late.machine.commands.length === 0 && processes.nowMs < begin + 10_000) {
      processes.run(100);
    }
    assert.deepEqual(late.machine.commands, commands);
    assert.ok(processes.nowMs >= begin + 4000, `done in ${processes.nowMs - begin} ms`);
    // Nobody missed the leader meanwhile, and nothing was sent twice.
    assert.deepEqual([leader.handle.status().role, leader.handle.status().term], ['leader', term]);
    const sent = chunksSent(processes, late.id).map(({ chunk }) => chunk);
    assert.deepEqual(sent, [...sent.keys()]);
  });

  it('lets a chunk that is larger than what is saved up leave, and counts it', () => {
    let nowMs = 0;
    const rate = new SendRate({ monotonicMs: () => nowMs }, 1000);
    assert.equal(rate.waitMs, 0);
    rate.spend(3250);
    assert.equal(rate.waitMs, 3001);
    nowMs = 3001;
    assert.equal(rate.waitMs, 0);
    nowMs = 1e9;
    rate.spend(251);
    assert.equal(rate.waitMs, 2, 'what was not used long ago is not saved up for ever');
    const none = new SendRate({ monotonicMs: () => nowMs }, null);
    none.spend(1e9);
    assert.equal(none.waitMs, 0);
  });
});

describe('a witness', () => {
  const witness: Member = {
    id: 3,
    incarnation: 0,
    locality: '',
    address: '',
    priority: 0,
    witness: true,
    promote: false,
  };

  function withWitness(given: ConstructorParameters<typeof ProcessGroup>[1]): ProcessGroup {
    return new ProcessGroup(3, { requestTimeoutMs: 1000, ...given }, null, [witness]);
  }

  it('takes snapshots of nothing when its log grows, and restarts from one', () => {
    const processes = withWitness({ snapshotLogBytes: 2000 });
    const leader = processes.elect();
    for (let at = 0; at < 40; at++) {
      leader.propose(`${at}`);
      processes.run(20);
    }
    processes.run(1000);
    const durable = processes.get(3).log.durable.get(group) ?? assert.fail('it has a log');
    assert.ok(durable.snapshot !== null && durable.snapshot.index > 20);
    assert.equal(durable.snapshot.withheld, true);
    assert.ok(durable.entries.length < 20);
    const files = [...processes.get(3).snapshots.files.values()];
    assert.deepEqual(files, [[]]);
    processes.kill(3);
    const again = processes.start(3);
    processes.run(500);
    assert.deepEqual(again.halts, []);
    assert.deepEqual(again.machine.commands, []);
    leader.propose('more');
    processes.run(500);
    assert.equal(again.handle.status().role, 'witness');
    assert.equal(again.handle.status().lastIndex, leader.handle.status().lastIndex);
  });

  it('that is too far behind gets the end of a snapshot alone', () => {
    const processes = withWitness({ snapshotLogBytes: 1 });
    const leader = processes.elect();
    processes.board.cut(3, 1);
    processes.board.cut(3, 2);
    for (const command of ['a', 'b', 'c', 'd']) {
      leader.propose(command);
      processes.run(50);
    }
    processes.board.heal();
    processes.run(1000);
    const sent = chunksSent(processes, 3);
    assert.ok(sent.length > 0);
    for (const { last, data, snapshot } of sent) {
      assert.deepEqual([last, data.length, snapshot.withheld], [true, 0, true]);
    }
    const behind = processes.get(3);
    assert.equal(behind.handle.status().lastIndex, leader.handle.status().lastIndex);
    assert.deepEqual([behind.machine.commands, behind.halts], [[], []]);
  });
});

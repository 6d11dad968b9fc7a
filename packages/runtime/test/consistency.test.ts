import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RuntimeError } from '../src/index.ts';
import { ProcessGroup, type VirtualProcess } from './support/process-group.ts';

type Options = Parameters<VirtualProcess['handle']['readBarrier']>[1];

interface Answer {
  calls: number;
  error: RuntimeError | null;
  index: number;
}

function read(process: VirtualProcess, options?: Options): Answer {
  const answer: Answer = { calls: 0, error: null, index: 0 };
  process.handle.readBarrier((error, index) => {
    answer.calls += 1;
    Object.assign(answer, { error, index });
  }, options);
  return answer;
}

describe('a lease read', () => {
  it('asks nobody', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const outcome = leader.propose('a');
    processes.run(300);
    const before = processes.board.passed.length;
    const served = leader.handle.leaseRead(() => [...leader.machine.commands]);
    assert.deepEqual(served?.value, ['a']);
    assert.ok((served?.index ?? 0) >= outcome.index);
    assert.equal(processes.board.passed.length, before);
  });

  it('is not served on a follower, nor by a leader cut off for longer than the lease', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [first, second] = processes.followers(leader);
    assert.equal(
      first.handle.leaseRead(() => 1),
      null,
    );
    processes.board.cut(leader.id, first.id);
    processes.board.cut(leader.id, second.id);
    processes.run(990);
    assert.equal(
      leader.handle.leaseRead(() => 1),
      null,
    );
  });

  it('is not served while the lead is offered to another (bug 35)', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [first] = processes.followers(leader);
    processes.board.arrives = ({ message }) => message.type !== 'TimeoutNow';
    leader.handle.transferLeadership(first.id, () => undefined);
    processes.run(50);
    assert.equal(leader.handle.status().role, 'leader');
    assert.equal(
      leader.handle.leaseRead(() => 1),
      null,
    );
    processes.run(2000);
    assert.notEqual(
      leader.handle.leaseRead(() => 1),
      null,
    );
  });

  it('whose process stops while it reads is not served (bug 36, rule 1)', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [first, second] = processes.followers(leader);
    const served = leader.handle.leaseRead(() => {
      processes.board.cut(leader.id, first.id);
      processes.board.cut(leader.id, second.id);
      processes.run(5000);
      return 1;
    });
    assert.equal(served, null);
  });
});

describe('a read that may be stale', () => {
  it('shares what an earlier one has learned, as long as that is fresh enough', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [first] = processes.followers(leader);
    const linearizable = read(first);
    processes.run(100);
    assert.equal(linearizable.error, null);
    const asked = processes.sent('ReadIndex');
    const bounded = read(first, { maxStalenessMs: 500 });
    processes.run(50);
    assert.equal(bounded.calls, 1);
    assert.equal(processes.sent('ReadIndex'), asked);
    processes.run(600);
    const later = read(first, { maxStalenessMs: 500 });
    processes.run(100);
    assert.equal(later.error, null);
    assert.equal(processes.sent('ReadIndex'), asked + 1);
  });

  it('without a bound is answered by a node that is cut off', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [first, second] = processes.followers(leader);
    processes.board.cut(first.id, leader.id);
    processes.board.cut(first.id, second.id);
    processes.run(3000);
    const local = read(first, { maxStalenessMs: Number.POSITIVE_INFINITY });
    const bounded = read(first, { maxStalenessMs: 1000 });
    processes.run(5000);
    assert.equal(local.error, null);
    assert.equal(bounded.error?.code, 'RUNTIME_READ_TIMEOUT');
  });

  it('waits for what its reader has written', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [first] = processes.followers(leader);
    const written = leader.propose('mine');
    processes.run(100);
    processes.board.arrives = ({ to }) => to !== first.id;
    const next = leader.propose('and this');
    processes.run(100);
    const mine = read(first, { maxStalenessMs: Number.POSITIVE_INFINITY, minIndex: written.index });
    const both = read(first, { maxStalenessMs: Number.POSITIVE_INFINITY, minIndex: next.index });
    processes.run(200);
    assert.equal(mine.calls, 1);
    assert.equal(both.calls, 0);
    processes.board.arrives = () => true;
    processes.run(1000);
    assert.equal(both.error, null);
    assert.ok(both.index >= next.index);
  });
});

describe('a reply that waits for failure domains', () => {
  const everyZone = { depth: 2, domains: 3 };

  function zoned(): { processes: ProcessGroup; leader: VirtualProcess } {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const steps = [1, 2, 3].map(
      (id) => ({ kind: 'describe', id, locality: `eu/zone${id}/rack` }) as const,
    );
    leader.handle.changeMembership({ steps }, () => undefined);
    processes.run(500);
    return { processes, leader };
  }

  function propose(process: VirtualProcess, durability: typeof everyZone): Answer {
    const answer: Answer = { calls: 0, error: null, index: 0 };
    process.handle.propose(
      new TextEncoder().encode('x'),
      (error, applied) => {
        answer.calls += 1;
        Object.assign(answer, { error, index: applied?.index ?? 0 });
      },
      { durability },
    );
    return answer;
  }

  it('comes when the last of them has the entry, on a follower as well (rule 12)', () => {
    const { processes, leader } = zoned();
    const [first, second] = processes.followers(leader);
    processes.board.cut(leader.id, second.id);
    const here = propose(leader, everyZone);
    const there = propose(first, everyZone);
    processes.run(500);
    assert.equal(here.calls + there.calls, 0);
    assert.ok(first.machine.commands.length === 2, 'committed all the same');
    processes.board.heal();
    processes.run(1500);
    assert.equal(here.error, null);
    assert.equal(there.error, null);
    assert.equal(here.calls + there.calls, 2);
  });

  it('says that the command is committed when the domains are not to be had', () => {
    const { processes, leader } = zoned();
    const answer = propose(leader, { depth: 1, domains: 2 });
    processes.run(300);
    assert.equal(answer.error?.code, 'RUNTIME_DURABILITY_UNMET');
    assert.equal(leader.machine.commands.length, 1);
  });

  it('is asked of the next leader when the first one is gone', () => {
    const { processes, leader } = zoned();
    const [first, second] = processes.followers(leader);
    processes.board.cut(leader.id, second.id);
    const answer = propose(first, { depth: 2, domains: 3 });
    processes.run(300);
    assert.equal(answer.calls, 0);
    const two = propose(first, { depth: 2, domains: 2 });
    processes.run(300);
    assert.equal(two.error, null);
    processes.kill(leader.id);
    processes.run(6000);
    assert.equal(answer.error?.code, 'RUNTIME_DURABILITY_UNMET');
    const metadata = answer.error?.metadata as { reason: string; domains: number } | undefined;
    assert.deepEqual([metadata?.reason, metadata?.domains], ['timeout', 3]);
  });
});

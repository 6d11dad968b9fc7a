import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DurabilityClass } from '@quorate/schema';
import { OptionError } from '../src/index.ts';
import { codeOf, ProcessGroup } from './support/process-group.ts';

const ignored = (): void => undefined;

/** Runs, and gives what was thrown out of the event loop meanwhile. */
function uncaught(processes: ProcessGroup, ms: number): string[] {
  const thrown: string[] = [];
  const endMs = processes.nowMs + ms;
  while (processes.nowMs < endMs) {
    try {
      processes.run(endMs - processes.nowMs);
    } catch (error) {
      thrown.push(error instanceof Error ? error.message : String(error));
    }
  }
  return thrown;
}

function mine(): never {
  throw new Error('mine');
}

describe('a durability class that no peer could be told', () => {
  it('is refused at once, on leaders and followers, and nothing is appended', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [follower] = processes.followers(leader);
    const bad: unknown[] = [
      {},
      null,
      { depth: 1 },
      { depth: 0, domains: 2 },
      { depth: 1, domains: 1025 },
      { depth: 1.5, domains: 2 },
      { nix: 1 },
    ];
    const { lastIndex } = leader.handle.status();
    for (const durability of bad) {
      for (const { handle } of [leader, follower]) {
        assert.throws(
          () =>
            handle.propose(new Uint8Array(1), ignored, {
              durability: durability as DurabilityClass,
            }),
          OptionError,
        );
      }
    }
    processes.run(2000);
    assert.equal(leader.handle.status().lastIndex, lastIndex);
  });

  it('as are bounds of a read that are none', () => {
    const { handle } = new ProcessGroup(1).elect();
    for (const options of [{ maxStalenessMs: Number.NaN }, { minIndex: -1 }, { minIndex: 0.5 }]) {
      assert.throws(() => handle.readBarrier(ignored, options), OptionError);
    }
  });
});

describe('what a callback throws', () => {
  it('reaches the event loop, and leaves no turn half done', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const told: string[] = [];
    for (const node of [leader, ...processes.followers(leader)]) {
      node.handle.onLeadership(mine);
      node.handle.onLeadership(({ role }) => told.push(role));
      node.handle.onApplied({ applied: mine, restored: mine });
    }
    leader.handle.transferLeadership(null, mine);
    const thrown = uncaught(processes, 3000);
    assert.ok(thrown.length > 0);
    assert.deepEqual([...new Set(thrown)], ['mine']);
    assert.ok(told.includes('leader'), 'the listener after it is called');
    const next = processes.elect();
    next.handle.propose(new TextEncoder().encode('a'), mine);
    const [other] = processes.followers(next);
    const outcome = other.propose('b');
    uncaught(processes, 2000);
    next.handle.readBarrier(mine);
    const read = next.read();
    uncaught(processes, 2000);
    assert.equal(codeOf(outcome), null);
    assert.deepEqual(read.result, ['a', 'b']);
  });
});

describe('a leader that has halted', () => {
  it('has lost the lead, says so, and tells later callers why', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const told: string[] = [];
    leader.handle.onLeadership(({ role }) => told.push(role));
    leader.machine.poison = 'poison';
    leader.propose('poison');
    processes.run(50);
    assert.deepEqual(told, ['follower']);
    assert.equal(leader.handle.status().role, 'follower');
    assert.equal(leader.handle.status().leader, 0);
    const late = [leader.propose('a'), leader.read()];
    processes.run(50);
    for (const outcome of late) {
      assert.equal(codeOf(outcome), 'RUNTIME_HALTED');
      assert.equal(outcome.error?.cause, leader.halts[0]);
    }
  });
});

describe('what waits', () => {
  it('is 100,000 proposals at most, whatever their bytes', () => {
    const processes = new ProcessGroup(1, { maxUncommittedBytes: 2 ** 40 });
    const node = processes.get(1);
    let refused = 0;
    const done = (error: { readonly code: string } | null): void => {
      if (error?.code === 'RUNTIME_OVERLOADED') refused += 1;
    };
    for (let i = 0; i < 100_003; i++) node.handle.propose(new Uint8Array(0), done);
    processes.run(1);
    assert.equal(refused, 3);
  });

  it('is waited for at the end for as long as something moves', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [follower] = processes.followers(leader);
    follower.log.held = true;
    const outcome = follower.propose('a');
    let isStopped = false;
    follower.runtime.stop(() => {
      isStopped = true;
    });
    for (let at = 0; at < 6; at++) {
      processes.run(200);
      leader.propose(`${at}`);
    }
    assert.ok(!isStopped, 'it takes longer than a standstill may');
    follower.log.completeAll();
    processes.run(500);
    assert.ok(isStopped);
    assert.equal(codeOf(outcome), null);
    assert.equal(outcome.calls, 1);
  });
});
